"""What the very value of a parameter says, in words: names of statuses, bits, kinds of access, levels."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from volplugins.bugcheck.words.access import access_code
from volplugins.bugcheck.words.fast_fail import fast_fail_name
from volplugins.bugcheck.words.parameters.parameter import Encoding, Parameter, Role, without_sign
from volplugins.bugcheck.words.status import status_name
from volplugins.dumpfile.context import I386

# wdm.h: levels above DISPATCH_LEVEL up to the clock's are those of devices
_LEVELS = {0: "PASSIVE_LEVEL", 1: "APC_LEVEL", 2: "DISPATCH_LEVEL"}
_HIGH_LEVELS = {13: "CLOCK_LEVEL", 14: "IPI_LEVEL", 15: "HIGH_LEVEL"}
_HIGH_LEVELS_X86 = {27: "PROFILE_LEVEL", 28: "CLOCK_LEVEL", 29: "IPI_LEVEL", 30: "POWER_LEVEL", 31: "HIGH_LEVEL"}


def describe(parameter: Parameter, value: int, machine: int = 0, build: int = 0) -> str:
    """The meaning, with that of the very value where it has one.

    Args:
        machine, build: MachineImageType and MinorVersion of the dump header, on which some numbers depend.
    """
    said = value_text(parameter, value, machine, build)
    return f"{parameter.meaning}: {said}" if said else parameter.meaning


def value_text(parameter: Parameter, value: int, machine: int = 0, build: int = 0) -> str:
    """What the value alone says; empty where nothing is known of it."""
    if parameter.role is Role.ACCESS_KIND:
        code = access_code(parameter.encoding, value, machine, build)
        return code.text() if code else "no kind of access that is known"
    if parameter.role is Role.FLAGS:
        return _flags(parameter, value)
    listed = next((text for number, text in parameter.values if number == without_sign(value)), "")
    if parameter.encoding is Encoding.FAST_FAIL:
        return " ".join(filter(None, (fast_fail_name(value), f"({listed})" if listed else "")))
    if listed:
        return listed
    if parameter.role in (Role.IRQL, Role.LEVEL):
        return (_LEVELS | (_HIGH_LEVELS_X86 if machine == I386 else _HIGH_LEVELS)).get(value, "")
    read = _BY_ROLE.get(parameter.role)
    return read(value) if read else ""


def _status(value: int) -> str:
    """A status by name; a value of more than 32 bits is none."""
    return (status_name(value) or "") if not without_sign(value) >> 32 else ""


def _flags(parameter: Parameter, value: int) -> str:
    words = [text for bit, text in parameter.values if bit and value & bit]
    others = value & ~sum(bit for bit, _ in parameter.values)
    if others and words:
        words.append(f"other bits {others:#x}")
    return ", ".join(words)


def _null(value: int) -> str:
    return "" if value else "none"


_BY_ROLE: Mapping[Role, Callable[[int], str]] = {
    Role.STATUS: _status,
    Role.EXCEPTION_CODE: _status,
    Role.TRAP_FRAME: _null,
    Role.CONTEXT_RECORD: _null,
    Role.EXCEPTION_RECORD: _null,
}
