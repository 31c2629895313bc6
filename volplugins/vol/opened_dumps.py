"""Dumps opened in this process, by location: volatility3 builds every layer twice, the dump is parsed once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from volplugins.vol.layer_source import local_path, source_of

if TYPE_CHECKING:
    from volatility3.framework.interfaces.layers import DataLayerInterface

    from volplugins.dumpfile.dump import Dump

_Key = tuple[str, int, int]
_KEPT = 4
_dumps: dict[_Key, Dump] = {}


def open_layer(layer: DataLayerInterface) -> Dump:
    """The dump that ``layer`` (of the file itself) holds.

    Raises:
        DumpError: the file is no dump, or one that cannot be opened; its text is one line for the user.
    """
    from volplugins.dumpfile.dump import open_dump

    path = local_path(layer)
    if path is None:
        return open_dump(source_of(layer))
    status = os.stat(path)
    key = (path, status.st_size, status.st_mtime_ns)
    if key not in _dumps:
        while len(_dumps) >= _KEPT:
            _dumps.pop(next(iter(_dumps)))
        _dumps[key] = open_dump(source_of(layer))
    return _dumps[key]
