"""The driver that the kernel itself names: KiBugCheckDriver, whose name Windows shows on the screen.

KeBugCheckEx looks for a driver that holds one of the parameters or the failing instruction and keeps a pointer to its
name (a UNICODE_STRING; the variable is in the public symbol tables).
"""

from __future__ import annotations

from dataclasses import replace

from volplugins.bugcheck.scene import modules as known
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.scene.owners import Owners
from volplugins.bugcheck.suspects.suspects import UNNAMED, Confidence, Culprit
from volplugins.loader.kernel_modules import read_unicode_string
from volplugins.loader.module import Module
from volplugins.memory.reader import ReadError

_ORDER = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
_LONGEST = 64  # characters of a file name that is shown


def kernels_driver(scene: CrashScene) -> str:
    """File name of the driver that the kernel names; empty where it names none, or no symbol tells."""
    kernel, width = scene.modules.kernel, scene.bits // 8
    variable = scene.symbolizer.address_of(kernel, "KiBugCheckDriver") if kernel is not None else None
    if variable is None:
        return ""
    try:
        text = int.from_bytes(scene.memory.read(variable, width), "little")
        name = read_unicode_string(scene.memory, scene.memory.read(text, 2 * width)) if text else ""
    except ReadError:
        return ""
    name = name.partition("\0")[0].rpartition("\\")[2]
    return name if name.isprintable() and len(name) <= _LONGEST else ""


def with_witness(culprit: Culprit | None, scene: CrashScene, owners: Owners) -> Culprit | None:
    """The culprit, more or less sure by the kernel's own word; the driver that it names where there is no other."""
    name = kernels_driver(scene)
    if not name:
        return culprit
    module = scene.modules.named(name) or scene.unloaded.named(name)
    if culprit is None or culprit.module is None or known.is_core(culprit.module):
        return _by_the_kernel(culprit, module, owners) or _said(culprit, f"the kernel itself names {name}")
    if culprit.image_name.lower() == name.lower():
        return _moved(culprit, 1, "the kernel itself names it too", owners)
    if module is None or owners.is_windows(module):
        return _said(culprit, f"the kernel itself names {name}, one of Windows' own" if module is not None
                     else f"the kernel itself names {name}, which is not among the modules")  # fmt: skip
    return _moved(culprit, -1, f"the kernel itself names {name}", owners)


def _by_the_kernel(culprit: Culprit | None, module: Module | None, owners: Owners) -> Culprit | None:
    """The driver that the kernel names, where nothing but the kernel was found."""
    if module is None or known.is_core(module) or owners.is_carrier(module):
        return None
    if culprit is not None and culprit.module is None:
        return None  # a process that ended
    reason = f"the kernel itself names {module.image_name} (KiBugCheckDriver), and nothing else names a driver"
    return Culprit(module.image_name or UNNAMED, module, None, Confidence.MEDIUM, reason)


def _said(culprit: Culprit | None, text: str) -> Culprit | None:
    return replace(culprit, reason=f"{culprit.reason}; {text}") if culprit is not None else None


def _moved(culprit: Culprit, step: int, text: str, owners: Owners) -> Culprit:
    """One step surer, up to high, or less sure; what is certain stays so, and a carrier gets no surer."""
    said = replace(culprit, reason=f"{culprit.reason}; {text}")
    carrier = culprit.module is not None and owners.is_carrier(culprit.module)
    if culprit.confidence not in _ORDER or (step > 0 and carrier):
        return said
    place = max(0, min(len(_ORDER) - 1, _ORDER.index(culprit.confidence) + step))
    return replace(said, confidence=_ORDER[place])
