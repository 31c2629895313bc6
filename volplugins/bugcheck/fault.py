"""What the processor was doing when it went wrong: the fault, put together from registers, parameters and records.

Where the registers are from, best first (bugcheck/fault_search.py): a record that the bugcheck's parameters name; what
the unbroken chain of frames from the dump header's context leads to; what is found on the stack, or on the stack that
was interrupted; else the header's context, which is usually the kernel's own call that stopped the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from volplugins.bugcheck.crash_walk import header_context
from volplugins.bugcheck.fault_search import find_moment
from volplugins.bugcheck.moment import Moment, of_context
from volplugins.bugcheck.named import named_instruction, parameters_of, value_of
from volplugins.bugcheck.parameters import Parameter, Role
from volplugins.bugcheck.scene import CrashScene
from volplugins.dumpfile.exception_record import ExceptionRecord, decode_exception_record32, decode_exception_record64
from volplugins.memory.reader import ReadError
from volplugins.stack.frame import Stack, Trust

ACCESS_VIOLATION, IN_PAGE_ERROR = 0xC0000005, 0xC0000006
_RECORD_SIZE = {64: 0x98, 32: 0x50}


@dataclass(slots=True)
class Fault:
    """The fault, as far as it is known.

    Attributes:
        ip: where it happened; None where not even the header has a context. Zero is an address: a call through a null
            pointer.
        sp, fp: stack and frame pointer to start from.
        trust: where they are from.
        ip_sources: what names this instruction pointer, independent of one another.
        registers: all registers known, by name; ``missing``: those that the record used has no room for.
        context, trap_frame, exception_record: addresses of the records used, or None.
        exception_code: of the exception, or None.
        access: (``read``, ``write`` or ``execute``; address), or None.
        irql: as a parameter gives it, or None.
        is_fault: whether ``ip`` is an instruction that failed, and not just the call that stopped the machine.
        located: whether registers of that instruction were found.
        proved: whether something besides its own looks leads to the record that the registers are from.
        notes: records that were named and could not be read.
    """

    ip: int | None = None
    sp: int = 0
    fp: int = 0
    trust: Trust = Trust.CONTEXT
    ip_sources: list[str] = field(default_factory=list)
    registers: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    context: int | None = None
    trap_frame: int | None = None
    exception_record: int | None = None
    exception_code: int | None = None
    access: tuple[str, int] | None = None
    irql: int | None = None
    is_fault: bool = False
    located: bool = False
    proved: bool = True
    notes: list[str] = field(default_factory=list)


def find_fault(scene: CrashScene, crash_stack: Stack) -> Fault:
    """Follow the bugcheck to the fault; never raises.

    Args:
        crash_stack: the frames from the header's context on.
    """
    fault = Fault()
    parameters = parameters_of(scene)
    context = header_context(scene)
    if context is not None:
        _take(fault, of_context(context, ""))
    named = named_instruction(scene)
    moment = find_moment(scene, crash_stack, parameters, named, fault.notes)
    if moment is not None:
        _take(fault, moment)
        fault.is_fault = fault.located = True
        fault.ip_sources.append(moment.source)
    _named(fault, named)
    _exception(scene, fault, parameters)
    _access(fault, parameters)
    fault.irql = value_of(parameters, Role.IRQL)
    return fault


def _take(fault: Fault, moment: Moment) -> None:
    fault.ip, fault.sp, fault.fp, fault.trust = moment.ip, moment.sp, moment.fp, moment.trust
    fault.registers, fault.missing, fault.proved = moment.registers, moment.missing, moment.proved
    fault.context, fault.trap_frame = moment.context, moment.trap_frame


def _named(fault: Fault, named: int | None) -> None:
    if named is None:
        return
    if not fault.is_fault:
        # no record of the registers there: the stack goes on from the header's context
        fault.ip, fault.is_fault = named, True
    if fault.ip == named:
        fault.ip_sources.append("the bugcheck's parameter")
    else:
        fault.notes.append(f"the bugcheck's parameter names {named:#x}, the registers {fault.ip:#x}")


def _exception(scene: CrashScene, fault: Fault, parameters: tuple[tuple[Parameter, int], ...]) -> None:
    record = _exception_record(scene, fault, parameters)
    code = value_of(parameters, Role.EXCEPTION_CODE)
    if code is not None:
        fault.exception_code = code & 0xFFFFFFFF
    if record is None:
        return
    if fault.exception_code is None:
        fault.exception_code = record.code
    if record.address == fault.ip and fault.is_fault:
        fault.ip_sources.append("the exception record")
    if record.code in (ACCESS_VIOLATION, IN_PAGE_ERROR) and len(record.information) >= 2:
        kind = {0: "read", 1: "write", 8: "execute"}.get(record.information[0])
        if kind:
            fault.access = (kind, record.information[1])


def _exception_record(
    scene: CrashScene, fault: Fault, parameters: tuple[tuple[Parameter, int], ...]
) -> ExceptionRecord | None:
    address = value_of(parameters, Role.EXCEPTION_RECORD)
    if address is None:
        return None
    try:
        data = scene.memory.read(address, _RECORD_SIZE[scene.bits])
    except ReadError as error:
        fault.notes.append(f"exception record {address:#x} cannot be read: {error.reason}")
        return None
    decode = decode_exception_record64 if scene.bits == 64 else decode_exception_record32
    record = decode(data)
    if record is not None:
        fault.exception_record = address
    return record


def _access(fault: Fault, parameters: tuple[tuple[Parameter, int], ...]) -> None:
    """Address and kind of access from the parameters (0xA, 0xD1 and 0x50 number the kinds differently)."""
    if fault.access is not None:
        return
    address = next((value for parameter, value in parameters if parameter.role is Role.ADDRESS_REFERENCED), None)
    kind = next((value for parameter, value in parameters if parameter.role is Role.ACCESS_KIND), None)
    if address is None or kind is None:
        return
    word = {0: "read", 1: "write", 2: "write", 8: "execute", 0x10: "execute"}.get(kind)
    if word:
        fault.access = (word, address)
