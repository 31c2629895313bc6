"""The revision of a scene's kernel, by its image: what the loaded list says of it, else its own headers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.image.headers import read_headers
from volplugins.kernel.revision import SOURCE, kernel_revision

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene


@dataclass(frozen=True, slots=True)
class KernelRevision:
    """``text`` such as ``19041.804``, ``how`` it is known, and whether it ``fits`` the build that the target states."""

    text: str
    how: str
    fits: bool


def revision_of(scene: CrashScene) -> KernelRevision | None:
    """The revision; None where no table has this kernel."""
    kernel = scene.modules.kernel
    if kernel is None:
        return None
    found = kernel_revision(kernel.timestamp, kernel.size)
    if found is None:
        headers = read_headers(scene.memory, kernel.base)
        found = kernel_revision(headers.timestamp, headers.size_of_image) if headers is not None else None
    if found is None:
        return None
    stated = scene.target.build
    fits = not stated or found.build == stated
    against = "" if fits else f"; but the target says build {stated}"
    return KernelRevision(str(found), f"{SOURCE} ({found.file}){against}", fits)
