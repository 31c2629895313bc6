"""The whole analysis of a crash: scene, fault, stack, culprit, manual crash and signature, as facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from volplugins.bugcheck.bit_errors import BitError, find_bit_error
from volplugins.bugcheck.blame import find_blame
from volplugins.bugcheck.crash_path import FailingPlace, failing_place
from volplugins.bugcheck.fault import Fault, find_fault, stack_bound
from volplugins.bugcheck.manual import ManualCrash
from volplugins.bugcheck.scene import CrashScene
from volplugins.bugcheck.signature import failure_signature
from volplugins.bugcheck.suspects import Culprit, Suspects
from volplugins.dumpfile.context import ARM64
from volplugins.memory.reader import ReadError
from volplugins.stack.call_site import call_before_arm64
from volplugins.stack.candidates import walk as scan_walk
from volplugins.stack.frame import Frame, Stack, Stop, Trust
from volplugins.stack.registers import from_names
from volplugins.stack.walker import MAX_FRAMES, Walker
from volplugins.threads.thread_walk import USER_LIMIT

_INSTRUCTION_BYTES = 16


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is known of a crash.

    Attributes:
        scene: what it was found in.
        fault: registers and records at the failure.
        crash_stack: the thread's frames from the dump header's context (the call that stopped the machine).
        fault_stack: the frames from the failure on; the same as ``crash_stack`` where no failure lies below it.
        culprit, manual: who or what is to blame; whether it was asked for (then nobody is).
        signature: FAILURE_SIGNATURE.
        instruction: bytes at the failing instruction; empty where they are not in the dump.
        place: where it failed, as against where it was reported; None where that is not known.
        bit_error: a flipped bit that is the likelier cause; None where nothing shows one.
    """

    scene: CrashScene
    fault: Fault
    crash_stack: Stack
    fault_stack: Stack
    culprit: Culprit | None
    manual: ManualCrash | None
    signature: str
    instruction: bytes
    place: FailingPlace | None = None
    bit_error: BitError | None = None


def analyse(scene: CrashScene) -> Analysis:
    """Analyse the crash; never raises for what the dump holds."""
    fault = find_fault(scene)
    crash_stack = _crash_stack(scene)
    fault_stack = _fault_stack(scene, fault, crash_stack)
    place = failing_place(scene, fault, fault_stack.frames)
    error = find_bit_error(scene, fault)
    culprit, manual = find_blame(Suspects(scene, fault, _below_fault(fault, fault_stack), place), error)
    signature = failure_signature(scene, fault, culprit, manual)
    code = _instruction(scene, place.address) if place is not None else b""
    return Analysis(scene, fault, crash_stack, fault_stack, culprit, manual, signature, code, place, error)


def _walk(scene: CrashScene, values: Mapping[str, int], ip: int, sp: int, trust: Trust) -> Stack:
    """The kernel's frames from these registers on."""
    if not sp:
        return Stack((), Stop.NO_CONTEXT)
    base = stack_bound(scene, sp)
    if scene.dump.header.machine == ARM64:
        return scan_walk(scene.memory, ip, sp, 0, base, scene.bits, _is_return(scene), trust, call_before_arm64)
    names = ("rip", "rsp") if scene.bits == 64 else ("eip", "esp")
    registers = from_names(scene.bits, {**values, names[0]: ip, names[1]: sp})
    low = scene.thread.stack_limit if scene.thread is not None and scene.thread.holds(sp) else sp
    limit = USER_LIMIT[scene.bits]
    walker = Walker(scene.memory, scene.code, ((low, base),), limit, MAX_FRAMES, _function_at(scene))
    frames = tuple(walker.frames(registers, trust))
    return Stack(frames, walker.stop, walker.crossed.ip if walker.crossed is not None else None)


def _function_at(scene: CrashScene) -> Callable[[int], int | None]:
    def start(address: int) -> int | None:
        location = scene.symbolizer.locate(address)
        return address - location.displacement if location.symbol else None

    return start


def _is_return(scene: CrashScene) -> Callable[[int], bool]:
    """Whether an address can be a return address: in code, and not a function's very start (then it is a pointer)."""

    def test(address: int) -> bool:
        return scene.code.holds(address) and _function_at(scene)(address) != address

    return test


def _crash_stack(scene: CrashScene) -> Stack:
    context = scene.dump.header.context or (scene.dump.triage.context if scene.dump.triage else None)
    if context is None:
        return Stack((), Stop.NO_CONTEXT)
    return _walk(scene, context.registers, context.ip, context.sp, Trust.CONTEXT)


def _fault_stack(scene: CrashScene, fault: Fault, crash_stack: Stack) -> Stack:
    """From the fault on: as the crash's own stack passes it, where that is exact; else from the fault's registers."""
    if fault.context is None and fault.trap_frame is None:
        return crash_stack
    for number, frame in enumerate(crash_stack.frames):
        if (frame.ip, frame.sp) == (fault.ip, fault.sp) and frame.trust is not Trust.SCAN:
            return replace(crash_stack, frames=crash_stack.frames[number:])
    values = dict(fault.registers)
    if fault.trust is Trust.TRAP_FRAME and scene.bits == 64:
        for name in ("rbx", "rdi", "rsi"):  # a fault's trap frame has no room for them
            values.pop(name, None)
    return _walk(scene, values, fault.ip, fault.sp, fault.trust)


def _below_fault(fault: Fault, stack: Stack) -> tuple[Frame, ...]:
    """The callers: without the frame of the failing instruction itself, which the culprit's strategies see first."""
    return stack.frames[1:] if stack.frames and stack.frames[0].ip == fault.ip else stack.frames


def _instruction(scene: CrashScene, ip: int) -> bytes:
    """Bytes at ``ip``, fewer where the page ends before memory that is not there."""
    for size in range(_INSTRUCTION_BYTES, 0, -1):
        try:
            return scene.memory.read(ip, size)
        except ReadError:
            continue
    return b""
