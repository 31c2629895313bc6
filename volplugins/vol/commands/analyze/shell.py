"""Rows and times of windows.kd.analyze for a layer, or one row with the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from volplugins.dumpfile.errors import DumpError
from volplugins.vol.commands.analyze.rows import AnalyzeRow, bugcheck_rows, later_rows
from volplugins.vol.commands.analyze.timeline import crash_events
from volplugins.vol.output.rows import NOT_AVAILABLE
from volplugins.vol.output.timeline import Event, guarded
from volplugins.vol.scene.crash_scene import analysis_of, scene_below, target_below
from volplugins.vol.scene.folders import images_of
from volplugins.vol.scene.shared_work import fault_text
from volplugins.vol.scene.user_frames import UserStack, user_stack

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface


def rows_below(
    context: ContextInterface, layer_name: str, image_folders: Sequence[str] = (), user_frames: bool = False
) -> Iterator[AnalyzeRow]:
    """The rows, those of the header before the rest is worked out; never raises.

    Args:
        user_frames: go on into user mode where the crashing thread came from there.
    """
    try:
        yield from bugcheck_rows(target_below(context, layer_name))
    except DumpError as error:
        yield AnalyzeRow("bugcheck", "error", NOT_AVAILABLE, "", str(error))
        return
    try:
        image_file = images_of(context, image_folders)
        analysis = analysis_of(scene_below(context, layer_name, image_file))
    except Exception as error:  # nothing in a dump may end in a traceback
        yield AnalyzeRow("context", "error", NOT_AVAILABLE, "", fault_text(error))
        return
    try:
        user = user_stack(analysis.scene, image_file) if user_frames else None
    except Exception as error:
        user = UserStack((), (), "no-context", fault_text(error))
    yield from later_rows(analysis, user)


def events_below(context: ContextInterface, layer_name: str, image_folders: Sequence[str] = ()) -> Iterator[Event]:
    """The crash, with its signature where that can be worked out, and the boot before it; never raises."""

    def events() -> Iterator[Event]:
        target = target_below(context, layer_name)
        try:
            signature = analysis_of(scene_below(context, layer_name, images_of(context, image_folders))).signature
        except Exception:  # the target alone is enough for the times
            signature = ""
        yield from crash_events(target, signature)

    return guarded(events())
