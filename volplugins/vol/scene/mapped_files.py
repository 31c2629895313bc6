"""The files that the ranges of a scene's processes map: read once for all commands of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volplugins.address.section_files import SectionFiles
from volplugins.vol.scene.shared_work import once_of_scene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene


def mapped_files(scene: CrashScene) -> SectionFiles:
    """Sections of the scene by control area."""
    return once_of_scene(scene, ("mapped files",), lambda: SectionFiles(scene.memory, scene.layouts, scene.bits))
