"""The exception behind a bugcheck: its record, wherever it is, and what its parameters mean.

Sources: the Windows SDK (EXCEPTION_RECORD; parameters of access violations, in-page errors and fast fails).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.words.access import access_of_exception
from volplugins.bugcheck.words.fast_fail import fast_fail_name
from volplugins.bugcheck.words.parameters.parameter import Encoding, Parameter, Role, without_sign
from volplugins.bugcheck.words.status import status_name
from volplugins.dumpfile.exception_record import ExceptionRecord, decode_exception_record32, decode_exception_record64
from volplugins.memory.reader import ReadError
from volplugins.stack.candidates import read_stack

ACCESS_VIOLATION, IN_PAGE_ERROR, STACK_BUFFER_OVERRUN = 0xC0000005, 0xC0000006, 0xC0000409
ACCESSES = frozenset({ACCESS_VIOLATION, IN_PAGE_ERROR})
RECORD_SIZE = {64: 0x98, 32: 0x50}
# of exceptions that the processor raises: a flag or two, three parameters at most
_LARGEST_FLAGS, _MOST_PARAMETERS = 0xFF, 4


@dataclass(frozen=True, slots=True)
class FoundException:
    """The parameters of the exception.

    Attributes:
        code: of the exception.
        information: its parameters, 15 at most; of those that a bugcheck gives two.
        ip: the instruction that it was raised at.
        address: where its record lies in memory, or None.
        source: where they are from, in words.
    """

    code: int
    information: tuple[int, ...]
    ip: int
    address: int | None
    source: str


def read_record(scene: CrashScene, address: int) -> ExceptionRecord | None:
    """The record at ``address``, None where there is none; raises ReadError where it cannot be read."""
    return _decode(scene.memory.read(address, RECORD_SIZE[scene.bits]), scene.bits)


def _decode(data: bytes, bits: int) -> ExceptionRecord | None:
    return decode_exception_record64(data) if bits == 64 else decode_exception_record32(data)


def find_exception(
    scene: CrashScene, parameters: Sequence[tuple[Parameter, int]], record: int | None, stack: tuple[int, int]
) -> FoundException | None:
    """The exception's parameters: of the record named, of the header's where it is the same exception, of the
    bugcheck's own parameters, else of the one record on the stack with its code and address.

    Args:
        record: address of the record that a parameter names, or None.
        stack: first address to look at and first one above the stack.
    """
    if record is not None:
        try:
            found = read_record(scene, record)
        except ReadError:
            found = None
        if found is not None:
            return FoundException(found.code, found.information, found.address, record, f"exception record {record:#x}")
    code, ip = _value(parameters, Role.EXCEPTION_CODE), _value(parameters, Role.INSTRUCTION_POINTER)
    if code is None or ip is None or (code := without_sign(code)) >> 32:
        return None
    return _of_header(scene, code, ip) or _of_bugcheck(parameters, code, ip) or _on_stack(scene, code, ip, stack)


def _value(parameters: Sequence[tuple[Parameter, int]], role: Role) -> int | None:
    return next((value for parameter, value in parameters if parameter.role is role), None)


def _of_header(scene: CrashScene, code: int, ip: int) -> FoundException | None:
    """Header and small dumps hold a record, not always that of this exception."""
    triage = scene.target.triage
    for record in (scene.target.exception, triage.exception if triage else None):
        if record is not None and (record.code, record.address) == (code, ip) and record.information:
            return FoundException(code, record.information, ip, None, "exception record of the dump header")
    return None


def _of_bugcheck(parameters: Sequence[tuple[Parameter, int]], code: int, ip: int) -> FoundException | None:
    if not any(parameter.encoding is Encoding.EXCEPTION_ACCESS for parameter, _ in parameters):
        return None
    return FoundException(code, (parameters[2][1], parameters[3][1]), ip, None, "parameters 3 and 4 of the bugcheck")


def _on_stack(scene: CrashScene, code: int, ip: int, stack: tuple[int, int]) -> FoundException | None:
    """The dispatcher keeps the record on the stack; several that say different things are none."""
    sp, base = stack
    data = read_stack(scene.memory, sp, base) if 0 < sp < base else b""
    found = [(at, record) for at, record in _records(data, sp, scene.bits, code) if record.address == ip]
    if len({record.information for _, record in found}) != 1:
        return None
    address, record = found[0]
    return FoundException(code, record.information, ip, address, f"exception record {address:#x}, found on the stack")


def _records(data: bytes, base: int, bits: int, code: int) -> Iterator[tuple[int, ExceptionRecord]]:
    """Address and content of what reads as a record of an exception with ``code``, and is aligned as one."""
    wanted = code.to_bytes(4, "little")
    at = data.find(wanted)
    while at >= 0:
        record = _decode(data[at : at + RECORD_SIZE[bits]], bits) if (base + at) % (bits // 8) == 0 else None
        if record is not None and record.flags <= _LARGEST_FLAGS and 0 < len(record.information) <= _MOST_PARAMETERS:
            yield base + at, record
        at = data.find(wanted, at + 1)


def meaning(code: int, information: Sequence[int]) -> str:
    """What the parameters of an exception say; empty where nothing is known of them."""
    if code in ACCESSES:
        access = access_of_exception(information)
        if access is None:
            return "no kind of access that is known"
        why = f": {_status_text(information[2])}" if code == IN_PAGE_ERROR and len(information) > 2 else ""
        return f"{access.kind} of {access.address:#x}{why}"
    if code == STACK_BUFFER_OVERRUN and information:
        return fast_fail_name(information[0]) or "no fast-fail code that is known"
    return ""


def _status_text(value: int) -> str:
    code = without_sign(value)
    return status_name(code) or f"status {code:#x}"
