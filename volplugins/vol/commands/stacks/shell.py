"""Rows of windows.kd.stacks for a layer, or one row with the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from volplugins.dumpfile.errors import DumpError
from volplugins.vol.commands.stacks.rows import StackRow, ThreadStack, Wanted, failure_row, stacks_rows
from volplugins.vol.scene.crash_scene import scene_below
from volplugins.vol.scene.folders import images_of
from volplugins.vol.scene.process_selection import Progress
from volplugins.vol.scene.shared_work import fault_text

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface


def rows_below(
    context: ContextInterface,
    layer_name: str,
    wanted: Wanted,
    image_folders: Sequence[str] = (),
    scan: bool | None = None,
    progress: Progress | None = None,
    seen: list[ThreadStack] | None = None,
) -> Iterator[StackRow]:
    """The rows; never raises."""
    try:
        image_file = images_of(context, image_folders)
        scene = scene_below(context, layer_name, image_file)
        yield from stacks_rows(scene, wanted, image_file, scan, progress, seen)
    except DumpError as error:
        yield failure_row(str(error))
    except Exception as error:  # nothing in a dump may end in a traceback
        yield failure_row(fault_text(error))
