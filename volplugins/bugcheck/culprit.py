"""Who is to blame: strategies, best first; each gives a culprit with its reason and confidence, or None.

The measure of each confidence over labelled dumps is in docs/confidence.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from volplugins.bugcheck import modules as known
from volplugins.bugcheck.codes import base_code
from volplugins.bugcheck.fault import Fault
from volplugins.bugcheck.named import parameters_of
from volplugins.bugcheck.objects import ImageOf, image_of_device, image_of_driver, image_of_irp
from volplugins.bugcheck.parameters import Role
from volplugins.bugcheck.scene import CrashScene
from volplugins.kernel.process import looks_like_a_name, read_process
from volplugins.loader.module import Module
from volplugins.memory.reader import ReadError
from volplugins.stack.frame import Frame, Trust


class Confidence(str, Enum):
    """How sure a finding is."""

    CERTAIN = "certain"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Culprit:
    """What is to blame.

    Attributes:
        image_name: file name of the module or process.
        module: the module, or None for a process.
        address: the instruction that points to it, or None where an object does.
        confidence, reason: how sure, and why.
    """

    image_name: str
    module: Module | None
    address: int | None
    confidence: Confidence
    reason: str


@dataclass(frozen=True, slots=True)
class Suspects:
    """What the strategies look at: the scene, the fault, and the frames of the crashing thread from the fault on."""

    scene: CrashScene
    fault: Fault
    frames: Sequence[Frame]


# a module whose name is not in the dump
UNNAMED = "unnamed"

# bugchecks about a process that ended, not about a driver (Microsoft's bug check reference)
_CRITICAL_PROCESS = frozenset({0xEF, 0xF4})
# bugchecks about an object or a process; the stack belongs to whoever noticed
_ABOUT_OBJECTS = frozenset({0x9F, *_CRITICAL_PROCESS})
# bugchecks that somebody asked for: drivers that carry others are on such a stack by chance
_ASKED_FOR = frozenset({0x80, 0xE2, 0x161, 0x1C8, 0xDEADDEAD})
# raised on one processor because another one hangs: what this one was doing is no evidence
_OTHER_PROCESSOR = frozenset({0x101})
# bugchecks that name a place in the responsible driver
_NAMES_THE_DRIVER = frozenset({0x116, 0x117, 0x119, 0xEA, 0x10D, 0xCE, 0xD3, 0xD4, 0xD6, 0xC5, 0xC4, 0xC9, 0xD8, 0xFC})


def find_culprit(suspects: Suspects) -> Culprit | None:
    """The first strategy's answer; None where there is not even a kernel to name."""
    strategies: tuple[Callable[[Suspects], Culprit | None], ...] = (
        _ended_process,
        _object_owner,
        _faulting_module,
        _wild_caller,
        _unloaded_module,
        _named_address,
        _frame_module,
        _carrier,
        _kernel_itself,
    )
    return next((found for strategy in strategies if (found := strategy(suspects)) is not None), None)


def _ended_process(suspects: Suspects) -> Culprit | None:
    header = suspects.scene.dump.header
    if base_code(header.bugcheck_code) not in _CRITICAL_PROCESS:
        return None
    for parameter, value in parameters_of(suspects.scene):
        if parameter.role is Role.PROCESS and value:
            try:
                process = read_process(suspects.scene.memory, value, suspects.scene.layouts.process)
            except ReadError:
                continue
            if looks_like_a_name(process.name):
                reason = f"the critical process {process.name} (EPROCESS {value:#x}) ended"
                return Culprit(process.name, None, None, Confidence.MEDIUM, reason)
    return None


_OBJECT_ROLES: tuple[tuple[Role, ImageOf, str, Confidence], ...] = (
    (Role.DRIVER_OBJECT, image_of_driver, "driver object", Confidence.HIGH),
    (Role.IRP, image_of_irp, "IRP", Confidence.HIGH),
    (Role.DEVICE_OBJECT, image_of_device, "device object", Confidence.MEDIUM),
)


def _object_owner(suspects: Suspects) -> Culprit | None:
    """The driver that holds the IRP, or owns the driver or device object, which a parameter names."""
    scene = suspects.scene
    parameters = parameters_of(scene)
    for role, image_of, word, confidence in _OBJECT_ROLES:
        for parameter, value in parameters:
            base = image_of(scene.memory, value, scene.bits) if parameter.role is role and value else None
            module = scene.modules.at(base) if base else None
            if module is not None and not known.is_core(module):
                reason = f"{word} {value:#x}, named by the bugcheck, belongs to {module.image_name}"
                lowered = Confidence.MEDIUM if known.is_carrier(module) else confidence
                return Culprit(module.image_name or UNNAMED, module, None, lowered, reason)
    return None


def _faulting_module(suspects: Suspects) -> Culprit | None:
    """The module whose instruction failed."""
    fault = suspects.fault
    module = _module_at_fault(suspects) if fault.is_fault else None
    if module is None or known.is_core(module):
        return None
    if known.is_carrier(module):
        return None if _first_frame(suspects, lambda m: not known.is_carrier(m)) else _carrier_at_fault(module, fault)
    sources = " and ".join(fault.ip_sources)
    confidence = Confidence.CERTAIN if len(fault.ip_sources) > 1 else Confidence.HIGH
    if not fault.proved or base_code(suspects.scene.dump.header.bugcheck_code) in _OTHER_PROCESSOR:
        confidence = Confidence.LOW
    reason = f"the failing instruction {fault.ip:#x} is in {module.image_name} ({sources})"
    return Culprit(module.image_name or UNNAMED, module, fault.ip, confidence, reason)


def _module_at_fault(suspects: Suspects) -> Module | None:
    ip = suspects.fault.ip
    return suspects.scene.modules.at(ip) if ip is not None else None


def _wild_caller(suspects: Suspects) -> Culprit | None:
    """The module that called an address where no code is: through a null pointer, or one that leads astray."""
    scene, fault = suspects.scene, suspects.fault
    if not fault.located or _module_at_fault(suspects) is not None or not suspects.frames:
        return None
    frame = suspects.frames[0]
    module = scene.modules.at(frame.ip) if frame.trust is Trust.LEAF else None
    if module is None or known.is_core(module) or known.is_carrier(module):
        return None
    confidence = Confidence.HIGH if frame.call_checked else Confidence.MEDIUM
    reason = f"{module.image_name} called {fault.ip:#x}, where no code is (return address {frame.ip:#x})"
    return Culprit(module.image_name or UNNAMED, module, frame.ip, confidence, reason)


def _carrier_at_fault(module: Module, fault: Fault) -> Culprit:
    reason = f"the failing instruction {fault.ip:#x} is in {module.image_name}, and no other driver is on the stack"
    return Culprit(module.image_name or UNNAMED, module, fault.ip, Confidence.MEDIUM, reason)


def _unloaded_module(suspects: Suspects) -> Culprit | None:
    """A driver that was unloaded and still ran: the instruction lies where it used to be."""
    fault, scene = suspects.fault, suspects.scene
    if not fault.is_fault or fault.ip is None or scene.modules.at(fault.ip) is not None:
        return None
    module = scene.unloaded.at(fault.ip)
    if module is None:
        return None
    reason = f"the failing instruction {fault.ip:#x} lies where {module.image_name} was before it was unloaded"
    return Culprit(module.image_name or UNNAMED, module, fault.ip, Confidence.HIGH, reason)


def _named_address(suspects: Suspects) -> Culprit | None:
    """A parameter of a bugcheck that is about a driver points into it, loaded or unloaded."""
    scene = suspects.scene
    if base_code(scene.dump.header.bugcheck_code) not in _NAMES_THE_DRIVER:
        return None
    for number, value in enumerate(scene.dump.header.bugcheck_parameters, start=1):
        module = scene.modules.at(value) or scene.unloaded.at(value)
        if module is not None and not known.is_core(module) and not known.is_carrier(module):
            reason = f"parameter {number} of the bugcheck, {value:#x}, points into {module.image_name}"
            return Culprit(module.image_name or UNNAMED, module, value, Confidence.HIGH, reason)
    return None


def _first_frame(suspects: Suspects, wanted: Callable[[Module], bool]) -> tuple[Frame, Module] | None:
    """The frame nearest to the fault in a module that is not the kernel's and is ``wanted``: checked ones first."""
    scene = suspects.scene
    if base_code(scene.dump.header.bugcheck_code) in _ABOUT_OBJECTS:
        return None
    unchecked = None
    for frame in suspects.frames:
        module = scene.modules.at(frame.ip)
        if module is None or known.is_core(module) or not wanted(module):
            continue
        if frame.call_checked or frame.trust is not Trust.SCAN:
            return frame, module
        unchecked = unchecked or (frame, module)
    return unchecked


def _frame_module(suspects: Suspects) -> Culprit | None:
    """The first driver on the crashing stack that is not there for others."""
    found = _first_frame(suspects, lambda module: not known.is_carrier(module))
    return _from_frame(*found) if found else None


def _carrier(suspects: Suspects) -> Culprit | None:
    """A carrier where nothing more particular is on the stack."""
    if base_code(suspects.scene.dump.header.bugcheck_code) in _ASKED_FOR:
        return None
    found = _first_frame(suspects, lambda _: True)
    if found is None:
        return None
    frame, module = found
    reason = f"no other driver is on the stack than {module.image_name} (return address {frame.ip:#x})"
    return Culprit(module.image_name or UNNAMED, module, frame.ip, Confidence.LOW, reason)


# frames that the code's own unwind data or the processor vouches for
_EXACT = frozenset({Trust.UNWIND_INFO, Trust.LEAF, Trust.MACHINE_FRAME, Trust.TRAP_FRAME, Trust.CONTEXT})


def _from_frame(frame: Frame, module: Module) -> Culprit:
    checked = frame.call_checked is True or frame.trust in _EXACT
    how = {
        Trust.SCAN: "a return address found by scanning the stack"
        + (", after a call instruction" if checked else "; the code before it is not in the dump to check"),
        Trust.FRAME_POINTER: "a return address on the frame-pointer chain",
    }.get(frame.trust, f"a frame found by {frame.trust.value}")
    confidence = Confidence.MEDIUM if checked else Confidence.LOW
    reason = f"{module.image_name} is the driver nearest to the failure: {frame.ip:#x}, {how}"
    return Culprit(module.image_name or UNNAMED, module, frame.ip, confidence, reason)


def _kernel_itself(suspects: Suspects) -> Culprit | None:
    """Nothing else is known: the kernel ran, which blames nobody."""
    scene, fault = suspects.scene, suspects.fault
    module = _module_at_fault(suspects) or scene.modules.kernel
    if module is None:
        return None
    reason = "no driver could be connected with the failure; the kernel only noticed it"
    address = fault.ip if _module_at_fault(suspects) is module else None
    return Culprit(module.image_name or UNNAMED, module, address, Confidence.LOW, reason)
