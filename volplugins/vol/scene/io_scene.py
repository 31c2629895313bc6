"""The I/O system's view of a scene, made once for all commands that need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volplugins.bugcheck.scene.object_reader import io_system
from volplugins.io.view import IoView, make_view
from volplugins.vol.scene.memory_search import is_searched, why_not_searched
from volplugins.vol.scene.process_selection import Progress
from volplugins.vol.scene.shared_work import once_of_scene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

__all__ = ["io_system", "io_view"]


def io_view(scene: CrashScene, scan: bool | None = None, progress: Progress | None = None) -> IoView:
    """Its drivers, devices and device nodes.

    Args:
        scan: search all memory for drivers and devices that nothing leads to; None: where the target holds 8 GiB at
            most.
    """
    return once_of_scene(scene, ("io view", scan), lambda: _made(scene, scan, progress))


def _made(scene: CrashScene, scan: bool | None, progress: Progress | None) -> IoView:
    system = io_system(scene)
    search = is_searched(scene.target, scan)

    def report(percent: float) -> None:
        if progress is not None:
            progress(percent, "Searching memory for drivers and devices")

    view = make_view(system, search, report, scene.target.bugcheck.parameters)
    if scene.target.triage is not None:
        view.notes[:] = ["a small dump holds the drivers and devices that its bugcheck names, not the lists of all"]
    left_out = why_not_searched(scene.target, "hidden drivers and devices") if scan is None else ""
    view.notes.extend([left_out] if left_out else [])
    return view
