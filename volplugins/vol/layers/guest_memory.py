"""A guest's memory as its host gives it, by URL: a file that the hypervisor shares, or what volatility3 opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from volplugins.dumpfile.errors import DumpNotFound
from volplugins.dumpfile.source import ByteSource, FileSource


class HandleSource:
    """Bytes of a handle that seeks, such as those of ``leechcore://`` and ``vmi://``."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self.size: int = handle.seek(0, 2) or handle.tell()

    def read(self, offset: int, size: int) -> bytes:
        """Bytes at ``offset``; none where the handle cannot give them."""
        size = min(size, self.size - offset)
        if offset < 0 or size <= 0:
            return b""
        try:
            self._handle.seek(offset)
            return bytes(self._handle.read(size))
        except (OSError, ValueError):
            return b""

    def view(self) -> memoryview | None:
        """None: it is not mapped."""
        return None


def guest_memory(url: str) -> ByteSource:
    """The memory that a URL or a path names.

    Raises:
        DumpError: it cannot be opened; one line for the user.
    """
    parts = urlsplit(url)
    if len(parts.scheme) <= 1:
        return FileSource(Path(url))
    if parts.scheme == "file":
        return FileSource(Path(url2pathname(parts.path)))
    from volatility3.framework.layers import resources

    try:
        return HandleSource(resources.ResourceAccessor().open(url))
    except Exception as error:  # whatever a driver raises
        raise DumpNotFound(f"cannot be opened: {str(error) or type(error).__name__}") from None
