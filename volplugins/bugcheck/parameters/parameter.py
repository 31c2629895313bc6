"""What a bugcheck parameter means, and what it can be used for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Role(str, Enum):
    """What a parameter is, for the analysis that follows it."""

    NONE = "none"
    ADDRESS_REFERENCED = "address-referenced"
    INSTRUCTION_POINTER = "instruction-pointer"
    TRAP_FRAME = "trap-frame"
    CONTEXT_RECORD = "context-record"
    EXCEPTION_RECORD = "exception-record"
    EXCEPTION_CODE = "exception-code"
    ACCESS_KIND = "access-kind"
    IRQL = "irql"
    POOL_ADDRESS = "pool-address"
    DEVICE_OBJECT = "device-object"
    DRIVER_OBJECT = "driver-object"
    IRP = "irp"
    PROCESS = "process"
    THREAD = "thread"
    SUBCODE = "subcode"
    STATUS = "status"
    PFN = "pfn"
    PTE = "pte"
    COUNT = "count"
    CPU_INDEX = "cpu-index"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its meaning in a few words, its role, and the values that have a meaning of their own."""

    meaning: str
    role: Role = Role.NONE
    values: tuple[tuple[int, str], ...] = ()


Four = tuple[Parameter, Parameter, Parameter, Parameter]


@dataclass(frozen=True, slots=True)
class BugcheckParameters:
    """The parameters of one bugcheck.

    Attributes:
        code: the bugcheck, without the small-dump mark.
        common: what they mean where no variant applies.
        selector: which parameter (1 to 4) chooses the variant.
        variants: value of the selector and the meanings that go with it.
    """

    code: int
    common: Four
    selector: int = 1
    variants: tuple[tuple[int, Four], ...] = ()

    def choose(self, values: tuple[int, int, int, int]) -> Four:
        """The meanings for these values."""
        chosen = values[self.selector - 1]
        return next((four for value, four in self.variants if value == chosen), self.common)


RESERVED = Parameter("reserved")
