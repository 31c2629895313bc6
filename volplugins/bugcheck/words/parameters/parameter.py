"""What a bugcheck parameter means, and what it can be used for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

_LOW, _SIGN = 0xFFFFFFFF, 0x80000000


class Role(str, Enum):
    """What a parameter is, for the analysis that follows it.

    INSTRUCTION_POINTER is the instruction that failed; CODE_ADDRESS any other place in code (a caller, a
    callback) of the driver that the bugcheck is about; CODE_CONCERNED one where it was merely noticed.
    IRQL is the level at the time; LEVEL another one (before, allowed, asked for). DEVICE_OBJECT, DRIVER_OBJECT and IRP
    belong to the driver that the bugcheck is about; those that are merely CONCERNED say nothing about their owner.
    """

    NONE = "none"
    ADDRESS_REFERENCED = "address-referenced"
    INSTRUCTION_POINTER = "instruction-pointer"
    CODE_ADDRESS = "code-address"
    CODE_CONCERNED = "code-concerned"
    TRAP_FRAME = "trap-frame"
    CONTEXT_RECORD = "context-record"
    EXCEPTION_RECORD = "exception-record"
    EXCEPTION_CODE = "exception-code"
    ACCESS_KIND = "access-kind"
    IRQL = "irql"
    LEVEL = "level"
    POOL_ADDRESS = "pool-address"
    DEVICE_OBJECT = "device-object"
    DRIVER_OBJECT = "driver-object"
    IRP = "irp"
    DEVICE_CONCERNED = "device-concerned"
    DRIVER_CONCERNED = "driver-concerned"
    IRP_CONCERNED = "irp-concerned"
    PROCESS = "process"
    THREAD = "thread"
    SUBCODE = "subcode"
    FLAGS = "flags"
    STATUS = "status"
    PFN = "pfn"
    PTE = "pte"
    COUNT = "count"
    CPU_INDEX = "cpu-index"


class Encoding(str, Enum):
    """How the number of a parameter is to be read, where its role alone does not say.

    The kinds of access are numbered in five ways (bugcheck/words/access.py reads them); WRITTEN and EXECUTED are said of an
    address whose bugcheck allows one kind only.
    """

    PLAIN = "plain"
    READ_WRITE = "read-write"
    IRQL_ACCESS = "irql-access"
    FAULT_ERROR = "fault-error"
    EXCEPTION_ACCESS = "exception-access"
    KASAN = "kasan"
    WRITTEN = "written"
    EXECUTED = "executed"
    FAST_FAIL = "fast-fail"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    Attributes:
        meaning: in a few words.
        role, encoding: what it is, and how its number is to be read.
        values: numbers that have a meaning of their own; for FLAGS single bits.
    """

    meaning: str
    role: Role = Role.NONE
    values: tuple[tuple[int, str], ...] = ()
    encoding: Encoding = Encoding.PLAIN


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
        chosen = without_sign(values[self.selector - 1])
        return next((four for value, four in self.variants if value == chosen), self.common)


def without_sign(value: int) -> int:
    """A 32-bit number that 64-bit Windows extended by its sign, as it was: 0xffffffffc0000005 is 0xc0000005."""
    return value & _LOW if value >> 32 == _LOW and value & _SIGN else value


RESERVED = Parameter("reserved")
