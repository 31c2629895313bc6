"""Pages of a mapped file that count as the process's memory, and how they are given back.

Whatever is read through a mapping stays mapped: after a walk over all processes a dump of gigabytes counts as the
process's own memory, and a limit on that (a container's, a batch worker's) ends it. The system keeps what is given back
in its cache of files, so that reading it again costs no disk.
"""

from __future__ import annotations

import mmap
from contextlib import suppress

_MOST = 96 << 20  # bytes of files (programs and libraries too) that may count as memory
_SIZES = "/proc/self/statm"  # proc(5): in pages; the third is what is resident of files
_GIVE_BACK: int | None = getattr(mmap, "MADV_DONTNEED", None)


class MappedPages:
    """One mapping; where the system does not say how much is resident, nothing is done."""

    def __init__(self, mapped: mmap.mmap, most: int = _MOST) -> None:
        self._mapped, self._most = mapped, most

    def relieve(self) -> bool:
        """Give the mapping's pages back where too many are resident; whether that was done.

        madvise(2): of a mapped file nothing is lost, what is touched again is mapped again.
        """
        if _GIVE_BACK is None or resident_of_files() <= self._most:
            return False
        with suppress(OSError, ValueError):  # a system that refuses, a mapping that is closed
            self._mapped.madvise(_GIVE_BACK)
            return True
        return False


def resident_of_files() -> int:
    """Bytes of mapped files that count as this process's memory; 0 where the system does not say."""
    try:
        with open(_SIZES, "rb") as file:
            return int(file.read(200).split()[2]) * mmap.PAGESIZE
    except (OSError, ValueError, IndexError):
        return 0
