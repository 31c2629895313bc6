"""Opens a target for a program: the same layers, scene and shared work as the commands have."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from volplugins.packed.single import plain_file
from volplugins.vol.symbols.cache_folder import make_cache_possible
from volplugins.wires.location import is_live

if TYPE_CHECKING:
    from volplugins.api.target import OpenTarget
    from volplugins.vol.scene.session import Opened

Folders = Sequence[str | os.PathLike[str]]


@contextmanager
def open_target(
    location: str | os.PathLike[str], symbols: Folders = (), image_path: Folders = ()
) -> Iterator[OpenTarget]:
    """Open a crash dump or a memory image, packed ones (.gz .xz .zip .cab) too, read-only, until the block ends.

    The location of a live machine (``kd+unix:///…``, docs/live.md) is taken as well: the machine stands until then.
    No network is asked for symbols. volatility3 is imported and used underneath; its search path of symbols is the
    process's, so that folders given here stay first on it.

    Args:
        location: a path, or a live machine's location.
        symbols: folders with symbol tables, searched first, as ``-s`` takes them.
        image_path: folders with image files, for pages that the target lacks.

    Raises:
        DumpError: it cannot be opened, or holds no Windows kernel; one line for the user.
        NotADirectoryError: a folder is not there.
    """
    place = os.fspath(location)
    folders, images = _checked("symbols", symbols), _checked("image_path", image_path)
    make_cache_possible()
    # volatility3 is imported by these, and makes its cache folder then
    from volplugins.api.target import OpenTarget  # noqa: PLC0415
    from volplugins.vol.scene.crash_scene import scene_below  # noqa: PLC0415
    from volplugins.vol.scene.shared_work import sharing  # noqa: PLC0415
    from volplugins.vol.symbols.image_path import image_file_in  # noqa: PLC0415

    with _stacked(place, folders) as (context, layer), sharing(context):
        image_file = image_file_in(images)
        target = OpenTarget(place, scene_below(context, layer, image_file), image_file)
        try:
            yield target
        finally:
            target.close()


@contextmanager
def _stacked(place: str, symbols: Sequence[str]) -> Iterator[Opened]:
    """volatility3's context and top layer of a file, or of a live machine, which runs on at the end."""
    from volplugins.vol.layers.live_machines import leaving  # noqa: PLC0415
    from volplugins.vol.scene.session import open_file, open_location  # noqa: PLC0415

    if is_live(place):
        with leaving(place, lambda _read: None):
            yield open_location(place, symbols)
        return
    with plain_file(Path(place), lambda _text, _percent: None) as plain:
        yield open_file(plain.path, symbols)


def _checked(name: str, folders: Folders) -> list[str]:
    """The folders as texts."""
    if isinstance(folders, (str, bytes, os.PathLike)):
        raise TypeError(f"{name} is a sequence of folders, not one path")
    found = [os.fspath(each) for each in folders]
    for folder in found:
        if not os.path.isdir(folder):
            raise NotADirectoryError(f"{name}: {folder}: no such folder")
    return found
