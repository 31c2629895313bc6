"""What the processor was doing when it went wrong: followed from the bugcheck's parameters to registers.

A parameter that is a context record, a trap frame, an exception record, an instruction pointer or a faulting
address (bugcheck/parameters says which) is used; else a trap frame is looked for on the crashing stack; else the
context of the dump header stands, which is usually the kernel's own call that stopped the machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from volplugins.bugcheck.access import Access, access_of_exception, access_of_parameters
from volplugins.bugcheck.codes import base_code
from volplugins.bugcheck.exceptions import ACCESSES, FoundException, find_exception, read_record
from volplugins.bugcheck.parameters import Parameter, Role, parameters_for
from volplugins.bugcheck.scene import CrashScene
from volplugins.dumpfile.context import AMD64, ARM64, I386, RegisterContext, decode_context
from volplugins.dumpfile.exception_record import ExceptionRecord
from volplugins.dumpfile.header import DumpHeader
from volplugins.memory.reader import ReadError
from volplugins.stack.candidates import read_stack
from volplugins.stack.frame import Trust
from volplugins.stack.trap_frame import TrapFrame, find_trap_frames, read_trap_frame

# bugchecks raised from an interrupt or trap handler without naming the instruction: the frame below it counts
_INTERRUPTING = frozenset({0x7F, 0x101, 0x133, 0x1CA, 0x12, 0x9C})
_CONTEXT_SIZE = {AMD64: 0x4D0, I386: 0x2CC, ARM64: 0x390}
_NO_STACK_BOUND = 0x6000


@dataclass(slots=True)
class Fault:
    """The fault, as far as it is known.

    Attributes:
        ip, sp, fp: registers to start from; zero where not even the header has a context.
        trust: where they are from.
        ip_sources: what names this instruction pointer, independent of one another.
        registers: all registers known, by name.
        context, trap_frame, exception_record: addresses of the records used, or None.
        exception_code: of the exception, or None.
        access: (``read``, ``write`` or ``execute``; address), or None.
        access_facts: what else is said of the access (page present, user mode), in words.
        exception: parameters of the exception and where they are from, or None.
        irql: as a parameter gives it, or None.
        is_fault: whether ``ip`` is an instruction that failed, and not just the call that stopped the machine.
        notes: records that were named and could not be read.
    """

    ip: int = 0
    sp: int = 0
    fp: int = 0
    trust: Trust = Trust.CONTEXT
    ip_sources: list[str] = field(default_factory=list)
    registers: Mapping[str, int] = field(default_factory=dict)
    context: int | None = None
    trap_frame: int | None = None
    exception_record: int | None = None
    exception_code: int | None = None
    access: tuple[str, int] | None = None
    access_facts: tuple[str, ...] = ()
    exception: FoundException | None = None
    irql: int | None = None
    is_fault: bool = False
    notes: list[str] = field(default_factory=list)


def parameters_of(scene: CrashScene) -> tuple[tuple[Parameter, int], ...]:
    """The four parameters' meanings with their values; empty where the code is not in the table."""
    return header_parameters(scene.dump.header)


def header_parameters(header: DumpHeader) -> tuple[tuple[Parameter, int], ...]:
    """The same from the header alone."""
    known = parameters_for(header.bugcheck_code, header.bugcheck_parameters)
    return tuple(zip(known, header.bugcheck_parameters, strict=True)) if known else ()


def find_fault(scene: CrashScene) -> Fault:
    """Follow the bugcheck to the fault; never raises."""
    fault = Fault()
    parameters = parameters_of(scene)
    _from_header(scene, fault)
    named_ip = _value(parameters, Role.INSTRUCTION_POINTER)
    found = _from_context_record(scene, fault, parameters) or _from_trap_frame(scene, fault, parameters)
    if not found:
        _from_stack(scene, fault, named_ip)
    _named_ip(fault, named_ip)
    _exception(scene, fault, parameters)
    _access(scene, fault, parameters)
    fault.irql = _value(parameters, Role.IRQL)
    return fault


def _value(parameters: tuple[tuple[Parameter, int], ...], role: Role) -> int | None:
    """Value of the first parameter of ``role`` that is not zero (an IRQL may be zero)."""
    for parameter, value in parameters:
        if parameter.role is role and (value or role is Role.IRQL):
            return value
    return None


def _from_header(scene: CrashScene, fault: Fault) -> None:
    context = scene.dump.header.context or (scene.dump.triage.context if scene.dump.triage else None)
    if context is not None:
        _take_context(fault, context)


def _take_context(fault: Fault, context: RegisterContext) -> None:
    fault.ip, fault.sp, fault.fp = context.ip, context.sp, context.fp
    fault.registers, fault.trust = context.registers, Trust.CONTEXT


def _from_context_record(scene: CrashScene, fault: Fault, parameters: tuple[tuple[Parameter, int], ...]) -> bool:
    address = _value(parameters, Role.CONTEXT_RECORD)
    if address is None:
        return False
    size = _CONTEXT_SIZE.get(scene.dump.header.machine)
    if size is None:
        return False
    try:
        data = scene.memory.read(address, size)
    except ReadError as error:
        fault.notes.append(f"context record {address:#x} cannot be read: {error.reason}")
        return False
    context = decode_context(data, scene.dump.header.machine)
    if context is None:
        fault.notes.append(f"no context record at {address:#x}")
        return False
    _take_context(fault, context)
    fault.context, fault.is_fault = address, True
    fault.ip_sources.append(f"context record {address:#x}")
    return True


def _from_trap_frame(scene: CrashScene, fault: Fault, parameters: tuple[tuple[Parameter, int], ...]) -> bool:
    address = _value(parameters, Role.TRAP_FRAME)
    if address is None or scene.dump.header.machine == ARM64:
        return False
    frame = read_trap_frame(scene.memory, address, scene.bits)
    if frame is None:
        fault.notes.append(f"no trap frame can be read at {address:#x}")
        return False
    _take_trap_frame(fault, frame, f"trap frame {address:#x}")
    return True


def _take_trap_frame(fault: Fault, frame: TrapFrame, source: str) -> None:
    fault.ip, fault.sp, fault.fp = frame.ip, frame.sp, frame.registers.get("ebp", frame.registers.get("rbp", 0))
    fault.registers, fault.trust = frame.registers, Trust.TRAP_FRAME
    fault.trap_frame, fault.is_fault = frame.address, True
    fault.ip_sources.append(source)


def stack_bound(scene: CrashScene, sp: int) -> int:
    """First address above the stack that holds ``sp``: the thread's, the triage block's, else a modest guess."""
    if scene.thread is not None and scene.thread.holds(sp):
        return scene.thread.stack_base
    block = scene.dump.triage.call_stack if scene.dump.triage else None
    if block is not None and block.virtual is not None and block.virtual <= sp < block.virtual + len(block.data):
        return block.virtual + len(block.data)
    return sp + _NO_STACK_BOUND


def kernel_trap_frames(scene: CrashScene, sp: int) -> Iterator[TrapFrame]:
    """Trap frames taken in kernel mode whose instruction is in a module, on the stack above ``sp``."""
    stack = read_stack(scene.memory, sp, stack_bound(scene, sp)) if sp else b""
    for frame in find_trap_frames(stack, sp, scene.bits):
        if not frame.user:
            yield frame


def _from_stack(scene: CrashScene, fault: Fault, named_ip: int | None) -> bool:
    """Look for the trap frame of the fault on the stack: by the named instruction, or the first below a handler."""
    if scene.dump.header.machine == ARM64:
        return False
    interrupting = base_code(scene.dump.header.bugcheck_code) in _INTERRUPTING
    if named_ip is None and not interrupting:
        return False
    for frame in kernel_trap_frames(scene, fault.sp):
        fits = frame.ip == named_ip if named_ip is not None else scene.modules.at(frame.ip) is not None
        if fits:
            _take_trap_frame(fault, frame, f"trap frame {frame.address:#x}, found on the stack")
            return True
    return False


def _named_ip(fault: Fault, named_ip: int | None) -> None:
    if named_ip is None:
        return
    if not fault.is_fault:
        # no record of the registers there: the stack goes on from the header's context
        fault.ip, fault.is_fault = named_ip, True
    if fault.ip == named_ip:
        fault.ip_sources.append("the bugcheck's parameter")
    else:
        fault.notes.append(f"the bugcheck's parameter names {named_ip:#x}, the registers {fault.ip:#x}")


def _exception(scene: CrashScene, fault: Fault, parameters: tuple[tuple[Parameter, int], ...]) -> None:
    record = _exception_record(scene, fault, parameters)
    code = _value(parameters, Role.EXCEPTION_CODE)
    if code is not None:
        fault.exception_code = code & 0xFFFFFFFF
    if record is not None and fault.exception_code is None:
        fault.exception_code = record.code
    if record is not None and record.address == fault.ip and fault.is_fault:
        fault.ip_sources.append("the exception record")
    context = scene.dump.header.context or (scene.dump.triage.context if scene.dump.triage else None)
    stack = (context.sp, stack_bound(scene, context.sp)) if context is not None else (0, 0)
    fault.exception = found = find_exception(scene, parameters, fault.exception_record, stack)
    if found is not None:
        fault.exception_record = found.address if fault.exception_record is None else fault.exception_record
        _take_access(fault, access_of_exception(found.information, found.ip) if found.code in ACCESSES else None)


def _exception_record(
    scene: CrashScene, fault: Fault, parameters: tuple[tuple[Parameter, int], ...]
) -> ExceptionRecord | None:
    address = _value(parameters, Role.EXCEPTION_RECORD)
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
    header = scene.dump.header
    access, note = access_of_parameters(parameters, header.machine, header.minor_version)
    _take_access(fault, access)
    if note:
        fault.notes.append(note)


def _take_access(fault: Fault, access: Access | None) -> None:
    if access is not None:
        fault.access, fault.access_facts = (access.kind, access.address), access.facts
