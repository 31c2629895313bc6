"""Bytes of a dump file by offset: a mapped file, or bytes in memory."""

from __future__ import annotations

import errno
import mmap
import os
import stat
import weakref
from pathlib import Path
from types import TracebackType
from typing import Protocol

from volplugins.dumpfile.errors import DumpNotFound, EmptyFile, IsADirectory
from volplugins.dumpfile.mapped_pages import MappedPages

_LARGE, _LARGEST = 1 << 18, 1 << 30  # bytes; no system reads more than 2 GiB at once
_BETWEEN_LOOKS = 1024  # reads
_VIEW = 512  # a view is worth as many: it may be of many pages


class ByteSource(Protocol):
    """Where a dump's bytes come from."""

    @property
    def size(self) -> int:
        """Size in bytes."""
        ...  # pragma: no cover - a protocol has no body

    def read(self, offset: int, size: int) -> bytes:
        """Bytes at ``offset``: fewer at the end, none past it; never raises for a range."""
        ...  # pragma: no cover - a protocol has no body

    def view(self) -> memoryview | None:
        """The whole file where it is mapped, else None."""
        ...  # pragma: no cover - a protocol has no body


class BytesSource:
    """A dump that is in memory already."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, offset: int, size: int) -> bytes:
        """Bytes at ``offset``."""
        return self._data[offset : offset + size] if offset >= 0 and size > 0 else b""

    def view(self) -> memoryview | None:
        """All bytes."""
        return memoryview(self._data)


class FileSource:
    """A local file, mapped read-only. It is closed by ``close``, at the latest when nobody has it any more.

    Raises:
        DumpNotFound: there is no such file, it may not be read, or it is a device or pipe.
        IsADirectory, EmptyFile: as their names say.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            mode = os.stat(self.path).st_mode
            if stat.S_ISDIR(mode):
                raise IsADirectory(f"{self.path}: is a directory; give the dump file itself")
            if not stat.S_ISREG(mode):  # opening a pipe would wait for ever
                raise DumpNotFound(f"{self.path}: is not a file but a device, pipe or socket")
            self._file = self.path.open("rb")
        except (OSError, ValueError) as error:
            raise DumpNotFound(f"{self.path}: {getattr(error, 'strerror', None) or error}") from None
        weakref.finalize(self, self._file.close)
        self.size = os.fstat(self._file.fileno()).st_size
        if not self.size:
            self._file.close()
            raise EmptyFile(f"{self.path}: the file is empty")
        try:
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError, OverflowError) as error:
            self._file.close()
            raise DumpNotFound(f"{self.path}: cannot be mapped: {error}") from None
        self._view = memoryview(self._map)
        self._pages = MappedPages(self._map)
        self._reads = 0

    def read(self, offset: int, size: int) -> bytes:
        """Bytes at ``offset``."""
        if offset < 0 or size <= 0:
            return b""
        self._reads += 1
        if self._reads >= _BETWEEN_LOOKS:
            self._look()
        wanted = min(size, self.size - offset)
        if _LARGE <= wanted <= _LARGEST and hasattr(os, "pread"):
            # through the mapping, every page of a bitmap of gigabytes would count as the process's memory
            data = os.pread(self._file.fileno(), wanted, offset)
            if len(data) == wanted:
                return data
        return bytes(self._view[offset : offset + size])

    def view(self) -> memoryview | None:
        """The mapped file."""
        self._reads += _VIEW
        if self._reads >= _BETWEEN_LOOKS:
            self._look()
        return self._view

    def _look(self) -> None:
        self._reads = 0
        self._pages.relieve()

    def next_data(self, offset: int) -> int:
        """The first offset from ``offset`` on that is not in a hole of a sparse file; its size where all are."""
        if not hasattr(os, "SEEK_DATA"):
            return offset
        try:
            return os.lseek(self._file.fileno(), offset, os.SEEK_DATA)
        except OSError as error:
            return self.size if error.errno == errno.ENXIO else offset

    def close(self) -> None:
        """Release the mapping and the file."""
        self._view.release()
        self._map.close()
        self._file.close()

    def __enter__(self) -> FileSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
