"""The whole analysis of a crash: scene, fault, stack, culprit, manual crash and signature, as facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from volplugins.bugcheck.culprit import Culprit, Suspects, find_culprit
from volplugins.bugcheck.fault import Fault, find_fault, stack_bound
from volplugins.bugcheck.manual import ManualCrash, find_manual_crash
from volplugins.bugcheck.scene import CrashScene
from volplugins.bugcheck.signature import failure_signature
from volplugins.dumpfile.context import ARM64
from volplugins.memory.reader import ReadError
from volplugins.stack.call_site import call_before, call_before_arm64
from volplugins.stack.candidates import walk
from volplugins.stack.frame import Frame, Stack, Stop, Trust

_INSTRUCTION_BYTES = 16


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is known of a crash.

    Attributes:
        scene: what it was found in.
        fault: registers and records at the failure.
        crash_stack: the thread's frames from the dump header's context (the call that stopped the machine).
        fault_stack: the frames from the failure on; the same as ``crash_stack`` where no failure lies below it.
        culprit, manual: who or what is to blame; whether it was asked for.
        signature: FAILURE_SIGNATURE.
        instruction: bytes at the failing instruction; empty where they are not in the dump.
    """

    scene: CrashScene
    fault: Fault
    crash_stack: Stack
    fault_stack: Stack
    culprit: Culprit | None
    manual: ManualCrash | None
    signature: str
    instruction: bytes


def analyse(scene: CrashScene) -> Analysis:
    """Analyse the crash; never raises for what the dump holds."""
    fault = find_fault(scene)
    crash_stack = _crash_stack(scene)
    fault_stack = _fault_stack(scene, fault, crash_stack)
    suspects = Suspects(scene, fault, _below_fault(fault, fault_stack))
    culprit = find_culprit(suspects)
    manual = find_manual_crash(suspects, culprit)
    signature = failure_signature(scene, fault, culprit, manual)
    return Analysis(scene, fault, crash_stack, fault_stack, culprit, manual, signature, _instruction(scene, fault.ip))


def _walk(scene: CrashScene, ip: int, sp: int, fp: int, trust: Trust) -> Stack:
    if not sp:
        return Stack((), Stop.NO_CONTEXT)
    is_call = call_before_arm64 if scene.dump.header.machine == ARM64 else call_before
    return walk(scene.memory, ip, sp, fp, stack_bound(scene, sp), scene.bits, _is_return(scene), trust, is_call)


def _is_return(scene: CrashScene) -> Callable[[int], bool]:
    """Whether an address can be a return address: in code, and not a function's very start (then it is a pointer)."""

    def test(address: int) -> bool:
        if not scene.code.holds(address):
            return False
        location = scene.symbolizer.locate(address)
        return not location.symbol or location.displacement > 0

    return test


def _crash_stack(scene: CrashScene) -> Stack:
    context = scene.dump.header.context or (scene.dump.triage.context if scene.dump.triage else None)
    if context is None:
        return Stack((), Stop.NO_CONTEXT)
    return _walk(scene, context.ip, context.sp, context.fp, Trust.CONTEXT)


def _fault_stack(scene: CrashScene, fault: Fault, crash_stack: Stack) -> Stack:
    if fault.context is None and fault.trap_frame is None:
        return crash_stack
    return _walk(scene, fault.ip, fault.sp, fault.fp, fault.trust)


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
