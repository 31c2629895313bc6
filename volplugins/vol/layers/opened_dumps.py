"""Dumps opened in this process, by location: volatility3 builds every layer twice, the dump is parsed once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from volplugins.vol.layers.layer_source import local_path, source_of

if TYPE_CHECKING:
    from volatility3.framework.interfaces.layers import DataLayerInterface

    from volplugins.dumpfile.dump import Dump
    from volplugins.dumpfile.source import ByteSource

Key = tuple[str, int, int]
_KEPT = 4
_dumps: dict[Key, Dump] = {}


def key_of(layer: DataLayerInterface) -> Key:
    """What tells this file from others: path or location, size in bytes, time of last change where there is one."""
    layer = getattr(layer, "packed_layer", layer)
    path = local_path(layer)
    if path is not None:
        status = os.stat(path)
        return path, status.st_size, status.st_mtime_ns
    return str(getattr(layer, "location", layer.name)), layer.maximum_address + 1, 0


def open_layer(layer: DataLayerInterface, key: Key | None = None) -> Dump:
    """The dump that ``layer`` (of the file itself) holds.

    Args:
        key: what ``key_of`` said of the layer, for a caller that asks often.

    Raises:
        DumpError: the file is no dump, or one that cannot be opened; its text is one line for the user.
    """
    key = key or key_of(layer)
    dump = _dumps.get(key)
    if dump is None:
        while len(_dumps) >= _KEPT:
            _dumps.pop(next(iter(_dumps)))
        dump = _dumps[key] = _opened(source_of(layer))
    return dump


def _opened(source: ByteSource) -> Dump:
    """The dump; a file that is none is closed at once."""
    from volplugins.dumpfile.dump import open_dump
    from volplugins.dumpfile.source import FileSource

    try:
        return open_dump(source)
    except BaseException:
        if isinstance(source, FileSource):
            source.close()
        raise
