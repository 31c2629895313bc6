"""The stages of windows.kd.analyze: what the target records is shown before the rest is worked out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.vol.commands.analyze.row import ANALYZE, AnalyzeRow
from volplugins.vol.commands.analyze.rows import bugcheck_rows, later_rows
from volplugins.vol.scene.crash_scene import analysis_of
from volplugins.vol.scene.shared_work import fault_text
from volplugins.vol.scene.user_frames import UserStack, user_stack

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene
    from volplugins.vol.commands.analyze.hang_rows import HangWanted
    from volplugins.vol.commands.shell import Request


def staged_rows(request: Request) -> Iterator[AnalyzeRow]:
    """The rows; with --user-frames on into user mode where the crashing thread came from there.

    Raises:
        DumpError: the file is no target.
    """
    yield from bugcheck_rows(request.target())
    try:
        image_file = request.images()
        analysis = analysis_of(request.scene(image_file))
    except Exception as error:  # nothing in a dump may end in a traceback
        yield ANALYZE.failure(fault_text(error))._replace(section="context")
        return
    try:
        user = user_stack(analysis.scene, image_file) if request.flag("user-frames") else None
    except Exception as error:
        user = UserStack((), (), "no-context", fault_text(error))
    yield from later_rows(analysis, user, wanted_hang(request, analysis.scene))


def wanted_hang(request: Request, scene: CrashScene) -> HangWanted | None:
    """Whether a hang is looked for: where it was asked for, and where the target is one of those of a hang."""
    from volplugins.vol.commands.analyze.hang_rows import HangWanted, chosen_hang  # behind the first row
    from volplugins.vol.scene.hang_scene import hang_of

    if request.flag("hang"):
        return HangWanted("--hang", lambda: hang_of(scene, None, request.progress))
    return chosen_hang(scene)
