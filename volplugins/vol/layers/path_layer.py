"""A layer of a local file, opened by its path: volatility3's own goes by URL, which loses names that are no UTF-8."""

from __future__ import annotations

import os
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

    def __getstate__(self) -> dict[str, Any]:
        self._close()  # a copy opens its own, and volatility3 forgets this one
        state: dict[str, Any] = super().__getstate__()
        return state

    def __del__(self) -> None:
        self._close()

    def _close(self) -> None:
        file = getattr(self, "_file_", None)  # not there where the layer was never whole
        if file is not None:
            file.close()
            self._file_ = None


class PathLayer(ClosingFileLayer):
    """The file at ``path``, whatever its name and the locale are.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, context: ContextInterface, config_path: str, name: str, path: str | os.PathLike[str]) -> None:
        self.path = os.path.abspath(path)
        context.config[configuration.path_join(config_path, "location")] = Path(self.path).as_uri()
        super().__init__(context, config_path, name)

    @property
    def _file(self) -> IO[Any]:
        if self._file_ is None:
            self._file_ = open(self.path, "rb")  # noqa: SIM115 - the layer's own, as in volatility3's
        return self._file_
