"""One run at a time in a corpus folder: a lock that the system takes back when the process ends, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType

from volplugins.batch.errors import CorpusError


class FolderLock:
    """Held from ``with`` to its end.

    Raises:
        CorpusError: another run holds it.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / ".lock"
        self._file = -1

    def __enter__(self) -> FolderLock:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(self._file)
        except OSError:
            os.close(self._file)
            raise CorpusError(f"{self._path.parent}: another run is at work in this folder") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)  # the file stays: to remove it would race with the next run


def _lock(file: int) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - of this system alone

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
