"""Rows of windows.kd.stacks for a layer, or one row with the reason why there are none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from volplugins.dumpfile.errors import DumpError
from volplugins.image.image_files import ImageFiles
from volplugins.loader.module import Module
from volplugins.vol.crash_scene import scene_below
from volplugins.vol.process_selection import Progress
from volplugins.vol.stacks_rows import StackRow, ThreadStack, Wanted, failure_row, stacks_rows

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface

    from volplugins.threads.module_code import ImageFile


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
        scene = scene_below(context, layer_name)
        yield from stacks_rows(scene, wanted, image_file_in(image_folders), scan, progress, seen)
    except DumpError as error:
        yield failure_row(str(error))
    except Exception as error:  # nothing in a dump may end in a traceback
        yield failure_row(f"{type(error).__name__}: {error}")


def image_file_in(folders: Sequence[str]) -> ImageFile | None:
    """Looks modules up in the folders of --image-path; None where there are none."""
    if not folders:
        return None
    files = ImageFiles(folders)

    def find(module: Module) -> bytes | None:
        return files.find(module.image_name, module.timestamp, module.size)

    return find
