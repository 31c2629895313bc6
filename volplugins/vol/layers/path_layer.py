"""A layer of a local file, opened by its path: volatility3's own goes by URL, which loses names that are no UTF-8."""

from __future__ import annotations

import os
import weakref
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from volatility3.framework.interfaces import configuration
from volatility3.framework.layers import physical

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface


def file_layer(context: ContextInterface, config_path: str, name: str, path: Path) -> physical.FileLayer:
    """A layer that goes by URL, which unpacks compressed files too; where a URL cannot name the file, one by path.

    Raises:
        OSError: the file cannot be opened.
    """
    url = Path(os.path.abspath(path)).as_uri()
    try:
        found = os.path.samefile(url2pathname(urlparse(url).path), path)
    except (OSError, ValueError):  # not there under that name, or the locale cannot write it
        found = False
    if not found:
        return PathLayer(context, config_path, name, path)
    context.config[configuration.path_join(config_path, "location")] = url
    return ClosingFileLayer(context, config_path, name)


class ClosingFileLayer(physical.FileLayer):
    """volatility3's layer, whose file is closed when nobody has the layer any more; volatility3 leaves it open."""

    _file_: IO[Any] | None

    @property
    def _file(self) -> IO[Any]:
        if self._file_ is None:
            self._file_ = self._opened()
            # a layer and its context hold each other: this is done before any of them is taken down, __del__ is not
            weakref.finalize(self, self._file_.close)
        return self._file_

    def _opened(self) -> IO[Any]:
        file: IO[Any] = self._accessor.open(self._location, "rb")
        return file

    def __getstate__(self) -> dict[str, Any]:
        if self._file_ is not None:
            self._file_.close()  # a copy opens its own, and volatility3 forgets this one
        state: dict[str, Any] = super().__getstate__()
        return state


class PathLayer(ClosingFileLayer):
    """The file at ``path``, whatever its name and the locale are.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, context: ContextInterface, config_path: str, name: str, path: str | os.PathLike[str]) -> None:
        self.path = os.path.abspath(path)
        context.config[configuration.path_join(config_path, "location")] = Path(self.path).as_uri()
        super().__init__(context, config_path, name)

    def _opened(self) -> IO[Any]:
        return open(self.path, "rb")
