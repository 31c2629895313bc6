"""Who is to blame: strategies, best first; each gives a culprit with its reason and confidence, or None.

The measure of each confidence over labelled dumps is in docs/confidence.md.
"""

from __future__ import annotations

from collections.abc import Callable

from volplugins.bugcheck.culprit.named_code import from_named_code
from volplugins.bugcheck.devices.find import concerned_blame
from volplugins.bugcheck.fault.fault import Fault
from volplugins.bugcheck.fault.named import parameters_of
from volplugins.bugcheck.scene import modules as known
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.suspects.frame_culprits import (
    foreign_frame,
    from_carrier,
    from_foreign_driver,
    from_unchecked_word,
    from_windows_driver,
)
from volplugins.bugcheck.suspects.suspects import UNNAMED, Confidence, Culprit, Suspects, at_most, sources_of, sure_of
from volplugins.bugcheck.words.codes import base_code
from volplugins.bugcheck.words.parameters import Role
from volplugins.kernel.plausible import is_thread
from volplugins.kernel.process import looks_like_a_name, read_process
from volplugins.kernel.thread import try_read_thread
from volplugins.loader.module import Module
from volplugins.memory.reader import ReadError
from volplugins.stack.frame import Trust

__all__ = ["Confidence", "Culprit", "Suspects", "find_culprit"]

# bugchecks about a process that ended, not about a driver (Microsoft's bug check reference)
_CRITICAL_PROCESS = frozenset({0xEF, 0xF4})


def find_culprit(suspects: Suspects) -> Culprit | None:
    """The first strategy's answer; None where there is not even a kernel to name."""
    strategies: tuple[Callable[[Suspects], Culprit | None], ...] = (
        _ended_process,
        _object_owner,
        _faulting_module,
        _wild_caller,
        _unloaded_module,
        from_named_code,
        from_foreign_driver,
        _concerned,
        from_windows_driver,
        from_unchecked_word,
        from_carrier,
        _kernel_itself,
    )
    return next((found for strategy in strategies if (found := strategy(suspects)) is not None), None)


def _ended_process(suspects: Suspects) -> Culprit | None:
    """The process that Windows cannot do without and that has ended, or one of whose threads has."""
    scene = suspects.scene
    if base_code(scene.target.bugcheck.code) not in _CRITICAL_PROCESS:
        return None
    for parameter, value in parameters_of(scene):
        if parameter.role is Role.PROCESS and value:
            name, what = _process_name(scene, value), f"(EPROCESS {value:#x}) ended"
        elif parameter.role is Role.THREAD and value:
            name, what = _owner_name(scene, value), f"ended with its critical thread (ETHREAD {value:#x})"
        else:
            continue
        if name:
            reason = f"the critical process {name} {what}"
            return Culprit(name, None, None, Confidence.MEDIUM, reason)
    return None


def _process_name(scene: CrashScene, eprocess: int) -> str:
    """Image name of the process there; empty where none is."""
    try:
        name = read_process(scene.memory, eprocess, scene.layouts.process).name
    except ReadError:
        return ""
    return name if looks_like_a_name(name) else ""


def _owner_name(scene: CrashScene, ethread: int) -> str:
    """Image name of the process that the thread there is of, which is not the one it may be attached to."""
    thread = try_read_thread(scene.memory, ethread, scene.layouts.thread)
    if thread is None or not is_thread(scene.memory, thread, scene.bits):
        return ""
    owner = thread.owner or thread.process
    return _process_name(scene, owner) if owner else ""


def _object_owner(suspects: Suspects) -> Culprit | None:
    """The driver that the request, device, driver object or thread named by the bugcheck leads to."""
    return suspects.devices.culprit if suspects.devices is not None else None


def _concerned(suspects: Suspects) -> Culprit | None:
    """The owner of what a verifier's bugcheck is about, where neither a place in code nor the stack names a driver."""
    return concerned_blame(suspects.scene).culprit if suspects.devices is not None else None


def _faulting_module(suspects: Suspects) -> Culprit | None:
    """The module whose instruction failed."""
    fault = suspects.fault
    module = _module_at_fault(suspects) if fault.is_fault else None
    if module is None or known.is_core(module):
        return None
    if suspects.owners.is_carrier(module):
        return None if foreign_frame(suspects) is not None else _carrier_at_fault(module, fault)
    reason = f"the failing instruction {fault.ip:#x} is in {module.image_name} ({sources_of(fault)})"
    return Culprit(module.image_name or UNNAMED, module, fault.ip, sure_of(fault), reason, fault.proved)


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
    if module is None or known.is_core(module) or suspects.owners.is_carrier(module):
        return None
    confidence = at_most(Confidence.HIGH if frame.call_checked else Confidence.MEDIUM, fault)
    reason = f"{module.image_name} called {fault.ip:#x}, where no code is (return address {frame.ip:#x})"
    return Culprit(module.image_name or UNNAMED, module, frame.ip, confidence, reason, fault.proved)


def _carrier_at_fault(module: Module, fault: Fault) -> Culprit:
    reason = f"the failing instruction {fault.ip:#x} is in {module.image_name}, and no other driver is on the stack"
    return Culprit(
        module.image_name or UNNAMED, module, fault.ip, at_most(Confidence.MEDIUM, fault), reason, fault.proved
    )


def _unloaded_module(suspects: Suspects) -> Culprit | None:
    """A driver that was unloaded and still ran: the instruction lies where it used to be."""
    fault, scene = suspects.fault, suspects.scene
    if not fault.is_fault or fault.ip is None or scene.modules.at(fault.ip) is not None:
        return None
    module = scene.unloaded.at(fault.ip)
    if module is None:
        return None
    reason = f"the failing instruction {fault.ip:#x} lies where {module.image_name} was before it was unloaded"
    return Culprit(
        module.image_name or UNNAMED, module, fault.ip, at_most(Confidence.HIGH, fault), reason, fault.proved
    )


def _kernel_itself(suspects: Suspects) -> Culprit | None:
    """Nothing else is known: the kernel ran, which blames nobody."""
    scene, place = suspects.scene, suspects.place
    found = scene.modules.at(place.address) if place is not None else None
    module = found if found is not None and known.is_core(found) else scene.modules.kernel
    if module is None:
        return None
    notes = suspects.devices.notes if suspects.devices is not None else ()
    reason = "; ".join(("no driver could be connected with the failure; the kernel only noticed it", *notes))
    address = place.address if place is not None and found is module else None
    return Culprit(module.image_name or UNNAMED, module, address, Confidence.LOW, reason)
