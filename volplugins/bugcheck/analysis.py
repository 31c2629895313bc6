"""The whole analysis of a crash: scene, fault, stack, culprit, manual crash and signature, as facts."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.bugcheck.culprit.bit_errors import BitError, find_bit_error
from volplugins.bugcheck.culprit.blame import find_blame
from volplugins.bugcheck.culprit.signature import failure_signature
from volplugins.bugcheck.devices.find import device_of, find_device_blame
from volplugins.bugcheck.fault.bad_address import operand_of_fault
from volplugins.bugcheck.fault.fault import Fault, find_fault
from volplugins.bugcheck.fault.operand import Operand
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.scene.crash_walk import crash_stack, walk
from volplugins.bugcheck.suspects.crash_path import FailingPlace, failing_place
from volplugins.bugcheck.suspects.device_blame import NOTHING, DeviceBlame
from volplugins.bugcheck.suspects.hung_processor import hung_frames
from volplugins.bugcheck.suspects.manual import ManualCrash
from volplugins.bugcheck.suspects.suspects import Culprit, Suspects
from volplugins.memory.reader import ReadError
from volplugins.stack.frame import Frame, Stack, Trust

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
        operand: the operand that gave the bad address, or None.
        place: where it failed, as against where it was reported; None where that is not known.
        devices: what the objects that the bugcheck names say: the device of the driver at fault, what is absent.
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
    operand: Operand | None = None
    place: FailingPlace | None = None
    bit_error: BitError | None = None
    devices: DeviceBlame = NOTHING


def analyse(scene: CrashScene) -> Analysis:
    """Analyse the crash; never raises for what the dump holds."""
    stack = crash_stack(scene)
    fault = find_fault(scene, stack)
    fault_stack = _fault_stack(scene, fault, stack)
    below = _below_fault(fault, fault_stack)
    place = failing_place(scene, fault, fault_stack.frames)
    error = find_bit_error(scene, fault)
    hung = hung_frames(scene)
    devices = find_device_blame(scene)
    guessed = not hung and not fault.proved
    culprit, manual = find_blame(Suspects(scene, fault, hung or below, place, devices, guessed), error, bool(hung))
    devices = NOTHING if manual is not None and manual.asked_for else device_of(scene, culprit, devices)
    signature = failure_signature(scene, fault, culprit, manual)
    code = _instruction(scene, place.address) if place is not None else b""
    operand = operand_of_fault(scene, fault, code, below[0] if below else None)
    return Analysis(scene, fault, stack, fault_stack, culprit, manual, signature, code, operand, place, error, devices)


def _fault_stack(scene: CrashScene, fault: Fault, stack: Stack) -> Stack:
    """From the fault on: as the crash's own stack passes it, where that is exact; else from the fault's registers."""
    if not fault.located or fault.ip is None:
        return stack
    for number, frame in enumerate(stack.frames):
        if (frame.ip, frame.sp) == (fault.ip, fault.sp) and frame.trust is not Trust.SCAN:
            return stack.from_frame(number)
    return walk(scene, fault.registers, fault.ip, fault.sp, fault.trust)


def _below_fault(fault: Fault, stack: Stack) -> tuple[Frame, ...]:
    """The callers: without the frame of the failing instruction itself, which the culprit's strategies see first."""
    return stack.frames[1:] if stack.frames and stack.frames[0].ip == fault.ip else stack.frames


def _instruction(scene: CrashScene, ip: int | None) -> bytes:
    """Bytes at ``ip``, fewer where the page ends before memory that is not there."""
    if ip is None:
        return b""
    for size in range(_INSTRUCTION_BYTES, 0, -1):
        try:
            return scene.memory.read(ip, size)
        except ReadError:
            continue
    return b""
