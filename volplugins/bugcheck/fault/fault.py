"""What the processor was doing when it went wrong: the fault, put together from registers, parameters and records.

Where the registers are from, best first (bugcheck/fault/fault_search.py): a record that the parameters name; what
the unbroken chain of frames from the dump header's context leads to; what is found on the stack, or on the stack that
was interrupted; else the header's context, which is usually the kernel's own call that stopped the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from volplugins.bugcheck.fault.exceptions import ACCESSES, FoundException, find_exception, read_record
from volplugins.bugcheck.fault.fault_search import find_moment
from volplugins.bugcheck.fault.named import named_instruction, parameters_of, value_of
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.scene.crash_walk import header_context, stack_range
from volplugins.bugcheck.scene.moment import Moment, of_context
from volplugins.bugcheck.words.access import Access, access_of_exception, access_of_parameters
from volplugins.bugcheck.words.parameters import Parameter, Role
from volplugins.dumpfile.exception_record import ExceptionRecord
from volplugins.memory.reader import ReadError
from volplugins.stack.frame import Stack, Trust


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
        task: selector of the task whose segment holds the registers (x86), or 0.
        exception_code: of the exception, or None.
        access: (``read``, ``write`` or ``execute``; address), or None.
        access_facts: what else is said of the access (page present, user mode), in words.
        exception: parameters of the exception and where they are from, or None.
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
    task: int = 0
    exception_code: int | None = None
    access: tuple[str, int] | None = None
    access_facts: tuple[str, ...] = ()
    exception: FoundException | None = None
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
    _access(scene, fault, parameters)
    fault.irql = value_of(parameters, Role.IRQL)
    return fault


def _take(fault: Fault, moment: Moment) -> None:
    fault.ip, fault.sp, fault.fp, fault.trust = moment.ip, moment.sp, moment.fp, moment.trust
    fault.registers, fault.missing, fault.proved = moment.registers, moment.missing, moment.proved
    fault.context, fault.trap_frame, fault.task = moment.context, moment.trap_frame, moment.task


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
    if record is not None and fault.exception_code is None:
        fault.exception_code = record.code
    if record is not None and record.address == fault.ip and fault.is_fault:
        fault.ip_sources.append("the exception record")
    context = header_context(scene)
    stack = (context.sp, stack_range(scene, context.sp)[1]) if context is not None else (0, 0)
    fault.exception = found = find_exception(scene, parameters, fault.exception_record, stack)
    if found is not None:
        fault.exception_record = found.address if fault.exception_record is None else fault.exception_record
        _take_access(fault, access_of_exception(found.information, found.ip) if found.code in ACCESSES else None)


def _exception_record(
    scene: CrashScene, fault: Fault, parameters: tuple[tuple[Parameter, int], ...]
) -> ExceptionRecord | None:
    address = value_of(parameters, Role.EXCEPTION_RECORD)
    if address is None:
        return None
    try:
        record = read_record(scene, address)
    except ReadError as error:
        fault.notes.append(f"exception record {address:#x} cannot be read: {error.reason}")
        return None
    if record is not None:
        fault.exception_record = address
    return record


def _access(scene: CrashScene, fault: Fault, parameters: tuple[tuple[Parameter, int], ...]) -> None:
    """Address and kind of access: those of the exception, else those that the parameters give."""
    if fault.access is not None:
        return
    target = scene.target
    access, note = access_of_parameters(parameters, target.machine, target.build)
    _take_access(fault, access)
    if note:
        fault.notes.append(note)


def _take_access(fault: Fault, access: Access | None) -> None:
    if access is not None:
        fault.access, fault.access_facts = (access.kind, access.address), access.facts
