"""Findings of the kernel's modules: what the list of them says against what memory holds there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from volplugins.findings.finding import Finding, Subject
from volplugins.findings.kinds import KERNEL_MODULE_MISMATCH, LIST_BROKEN
from volplugins.image.headers import read_headers
from volplugins.loader.module import Module
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_LOADED = "loaded-list"


def of_kernel_modules(scene: CrashScene) -> Iterator[Finding]:
    """The findings; of an image whose first page is not in memory nothing is said."""
    loaded = sorted((each for each in scene.modules if each.source == _LOADED), key=lambda each: each.base)
    for module in loaded:
        why = _mismatch(scene.memory, module)
        if why:
            more = f"windows.kd.lm --kernel-modules --addr {module.base:#x}"
            yield Finding(KERNEL_MODULE_MISMATCH, Subject(address=module.base, module=module.image_name), why, more)
    for lower, upper in pairwise(loaded):
        if lower.end > upper.base:
            evidence = (
                f"the list of kernel modules has {lower.image_name} ({lower.base:#x}-{lower.end:#x}) and "
                f"{upper.image_name} ({upper.base:#x}-{upper.end:#x}) at the same addresses"
            )
            yield Finding(LIST_BROKEN, Subject(address=upper.base), evidence, "windows.kd.lm --kernel-modules")


def _mismatch(memory: MemoryReader, module: Module) -> str:
    """How the list's entry and the image disagree; empty where they agree, or nobody can tell."""
    try:
        first = memory.read(module.base, PAGE_SIZE)
    except ReadError:
        return ""
    headers = read_headers(memory, module.base)
    if headers is None:
        held = "nothing but zeros" if not any(first) else "no image"
        return f"the list has it at {module.base:#x}, where memory holds {held}"
    if headers.stated_size and headers.stated_size != module.size:
        return f"the list has {module.size:#x} bytes of it, its image's header {headers.stated_size:#x}"
    return ""
