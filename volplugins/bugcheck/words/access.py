"""How memory was touched: one reader for every way in which bugchecks and exceptions number the kinds of access.

Sources: Microsoft's bug check code reference (pages 0xA, 0xD1, 0x50, 0x1E and others), the Windows SDK
(EXCEPTION_RECORD), and the Intel SDM 3A, 4.7, for the page fault error code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from volplugins.bugcheck.words.parameters.parameter import Encoding, Parameter, Role
from volplugins.dumpfile.context import ARM64

READ, WRITE, EXECUTE = "read", "write", "execute"

# Windows 10 1507 (TH1): from then on 0x50 gives the processor's page fault error code on x86 and x64; the numbers
# of before, which ARM keeps, are those of exceptions. Source: page of bug check 0x50.
FIRST_ERROR_CODE_BUILD = 10240

_PRESENT, _WRITE, _USER, _RESERVED_BITS, _FETCH = 1, 2, 4, 8, 0x10
_OTHER_CAUSES = {0x20: "protection key", 0x40: "shadow stack access", 0x80: "paging by the hypervisor", 0x8000: "SGX"}
# a general protection fault (an address that is not canonical) is raised as an access to this address
_ALL_ONES = (1 << 64) - 1
_UNKNOWN_ADDRESS = "all ones: an address that is not known, such as one that is not canonical"
_ERROR_CODE = 0x1F | sum(_OTHER_CAUSES)


@dataclass(frozen=True, slots=True)
class AccessCode:
    """A number that says how memory was touched, read.

    Attributes:
        kinds: ``read``, ``write`` or ``execute``; two where bits of both are set.
        facts: what else the number says, in words.
    """

    kinds: tuple[str, ...]
    facts: tuple[str, ...] = ()

    def text(self) -> str:
        """Such as ``write, page present: a protection violation``."""
        return ", ".join((*self.kinds, *self.facts))


@dataclass(frozen=True, slots=True)
class Access:
    """What was touched and how: ``kind`` is ``read``, ``write`` or ``execute``; ``facts`` are words beside it."""

    kind: str
    address: int
    facts: tuple[str, ...] = ()


def access_code(encoding: Encoding, value: int, machine: int, build: int) -> AccessCode | None:
    """Read ``value``; None where it says no kind of access in this encoding.

    Args:
        machine, build: MachineImageType and MinorVersion of the dump header.
    """
    if encoding is Encoding.READ_WRITE and value > 1:
        # the same fault as 0x50 with another code for where it happened; the pages name 0 and 1 only, 8 and 0x10 occur
        encoding = Encoding.FAULT_ERROR
    if encoding is Encoding.FAULT_ERROR and (machine == ARM64 or build < FIRST_ERROR_CODE_BUILD):
        encoding = Encoding.EXCEPTION_ACCESS
    read = _READERS.get(encoding)
    return read(value) if read else None


def _listed(kinds: Mapping[int, str]) -> Callable[[int], AccessCode | None]:
    def read(value: int) -> AccessCode | None:
        return AccessCode((kinds[value],)) if value in kinds else None

    return read


def _irql_access(value: int) -> AccessCode | None:
    """Bit 0 write, bit 3 execute; page 0xD1 has 2 alone for execute too. Other bits occur; nothing is known of them."""
    if value >> 32:
        return None
    if value == 2:
        return AccessCode((EXECUTE,))
    kinds = tuple(word for bit, word in ((8, EXECUTE), (1, WRITE)) if value & bit) or (READ,)
    others = value & ~9
    return AccessCode(kinds, (f"other bits {others:#x} of no known meaning",) if others else ())


def _fault_error(value: int) -> AccessCode | None:
    """The processor's page fault error code; without bit 0 there is no bit 3, as no entry is there to be wrong."""
    if value & ~_ERROR_CODE or (value & _RESERVED_BITS and not value & _PRESENT):
        return None
    kinds = tuple(word for bit, word in ((_FETCH, EXECUTE), (_WRITE, WRITE)) if value & bit) or (READ,)
    return AccessCode(kinds, tuple(_causes(value)))


def _kasan(value: int) -> AccessCode:
    """Bit 8 write; the low byte is the shadow code: how many of the cell's eight bytes are valid, or why none is."""
    shadow = value & 0xFF
    valid = f"{shadow} of 8 bytes are valid" if 0 < shadow < 8 else f"shadow code {shadow:#x}"
    return AccessCode((WRITE if value & 0x100 else READ,), (valid,))


def _causes(value: int) -> list[str]:
    if value & _RESERVED_BITS:
        found = ["reserved bits set in a page table entry"]
    elif value & _PRESENT:
        found = ["page present: a protection violation"]
    else:
        found = ["page not present"]
    if value & _USER:
        found.append("in user mode")
    return found + [word for bit, word in _OTHER_CAUSES.items() if value & bit]


_READERS: Mapping[Encoding, Callable[[int], AccessCode | None]] = {
    Encoding.READ_WRITE: _listed({0: READ, 1: WRITE}),
    Encoding.EXCEPTION_ACCESS: _listed({0: READ, 1: WRITE, 8: EXECUTE}),
    Encoding.IRQL_ACCESS: _irql_access,
    Encoding.FAULT_ERROR: _fault_error,
    Encoding.KASAN: _kasan,
}
_ALWAYS = {Encoding.WRITTEN: WRITE, Encoding.EXECUTED: EXECUTE}


def access_of_exception(information: Sequence[int], ip: int | None = None) -> Access | None:
    """The access that an access violation or in-page error names in its first two parameters.

    Args:
        ip: the instruction that it was raised at, or None.
    """
    if len(information) < 2:
        return None
    code = access_code(Encoding.EXCEPTION_ACCESS, information[0], 0, 0)
    return _settled(code, information[1], ip) if code else None


def access_of_parameters(
    parameters: Sequence[tuple[Parameter, int]], machine: int, build: int
) -> tuple[Access | None, str]:
    """The access that a bugcheck's parameters name, and a note where they name one of no known kind.

    Address 0 is an address like any other.
    """
    named = _first(parameters, Role.ADDRESS_REFERENCED)
    kind = _first(parameters, Role.ACCESS_KIND)
    if named is None:
        return None, ""
    address = named[1]
    if named[0].encoding in _ALWAYS:
        return Access(_ALWAYS[named[0].encoding], address), ""
    if kind is None:
        return None, ""
    code = access_code(kind[0].encoding, kind[1], machine, build)
    if code is None:
        return None, f"{address:#x} was accessed; {kind[1]:#x} names no kind of access that this bugcheck has"
    return _settled(code, address, _known_ip(parameters, kind[0].encoding)), ""


def _first(parameters: Sequence[tuple[Parameter, int]], role: Role) -> tuple[Parameter, int] | None:
    return next((pair for pair in parameters if pair[0].role is role), None)


def _known_ip(parameters: Sequence[tuple[Parameter, int]], encoding: Encoding) -> int | None:
    """The instruction; for 0x50 and its kin, whose pages say that it may not be known, 0 means that."""
    found = _first(parameters, Role.INSTRUCTION_POINTER)
    sure = encoding in (Encoding.IRQL_ACCESS, Encoding.EXCEPTION_ACCESS)
    return found[1] if found is not None and (found[1] or sure) else None


def _settled(code: AccessCode, address: int, ip: int | None) -> Access:
    """One kind: an instruction that failed at its own address was being fetched; one that failed elsewhere was not."""
    facts = (*code.facts, _UNKNOWN_ADDRESS) if address == _ALL_ONES else code.facts
    if ip == address and code.kinds == (READ,):
        # processors without no-execute pages report a fetch as a read
        return Access(EXECUTE, address, (*facts, "the instruction's own address: reported as a read"))
    if len(code.kinds) == 1:
        return Access(code.kinds[0], address, facts)
    kind = EXECUTE if ip is None or ip == address else WRITE
    return Access(kind, address, (*facts, f"bits of {' and '.join(code.kinds)} are set"))
