"""The dump of a large machine, almost all of it a hole in the file: for measuring how a bitmap is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.writers.bitmap import BITMAP_FULL, BITMAP_OFFSET, summary_head
from volplugins.lab.writers.header import build_header, layout_of

PATTERNS = ("mixed", "all", "alternate")

_Bits = npt.NDArray[np.bool_]
_PAGES_PER_GIB = (1 << 30) // PAGE
_WORD = 32  # pages told by one word of the bitmap


def write_big_bitmap(path: Path, gib: int = 64, pattern: str = "mixed", snapshot: Snapshot | None = None) -> Path:
    """Write a bitmap-full dump of a 64-bit machine with much memory, as a sparse file.

    Args:
        path: the file to write; its apparent size is about that of the machine's memory.
        gib: physical memory in GiB; 64 give a bitmap of 2 MiB.
        pattern: which pages are in the file: ``all``, ``alternate`` (every other one), or ``mixed`` (words of the
            bitmap that are full, empty and in between, somewhat under half of the pages).
        snapshot: a machine whose pages and header are used; its pages are in the file whatever the pattern says.

    Raises:
        ValueError: no such pattern, no memory, or the snapshot is of 32 bits or does not fit into it.
        OSError: as opening and writing a file raises it; some file systems have no room for files this large.
    """
    machine = snapshot or _empty_machine()
    pages = _pages_inside(machine, gib * _PAGES_PER_GIB)
    present = _present(pattern, gib * _PAGES_PER_GIB)
    present[list(pages)] = True
    count = int(np.count_nonzero(present))
    base = layout_of(machine).size
    first_page = -(-(base + BITMAP_OFFSET + len(present) // 8) // PAGE) * PAGE
    whole = replace(machine, runs=[(1, len(present) - 1)])
    header = build_header(whole, BITMAP_FULL, first_page + count * PAGE)
    bitmap = np.packbits(present, bitorder="little").tobytes()
    rank = np.cumsum(present, dtype=np.int64)
    with path.open("wb") as file:
        file.write(header + summary_head(b"FDMP", first_page, count, len(present)) + bitmap)
        for pfn, content in sorted(pages.items()):
            file.seek(first_page + (int(rank[pfn]) - 1) * PAGE)
            file.write(content)
        file.truncate(first_page + count * PAGE)
    return path


def _present(pattern: str, size: int) -> _Bits:
    if size <= 0:
        raise ValueError("a machine needs memory")
    pfns = np.arange(size, dtype=np.uint64)
    if pattern == "all":
        present = np.ones(size, dtype=np.bool_)
    elif pattern == "alternate":
        present = pfns % 2 == 1
    elif pattern == "mixed":
        present = _mixed(pfns)
    else:
        raise ValueError(f"no pattern {pattern!r}: one of {', '.join(PATTERNS)}")
    present[0] = False  # Windows never owns page 0
    return present


def _mixed(pfns: npt.NDArray[np.uint64]) -> _Bits:
    # Knuth's multiplicative hash: the same pattern everywhere and always. Of eight words one is empty, one ragged,
    # and six stand in runs of one kind, as free and used memory do.
    words = pfns // _WORD
    area = (words // 64 * 2654435761 >> 16) % 2 == 1
    kind = (words * 2654435761 >> 20) % 8
    ragged = (pfns * 2654435761 >> 18) % 2 == 1
    return np.asarray(np.where(kind == 0, False, np.where(kind == 1, ragged, area)), dtype=np.bool_)


def _pages_inside(machine: Snapshot, size: int) -> Mapping[int, bytes]:
    if machine.bits != 64:
        raise ValueError("a machine of this size has 64 bits")
    if machine.pages and max(machine.pages) >= size:
        raise ValueError(f"page {max(machine.pages):#x} lies outside the machine")
    return machine.pages


def _empty_machine() -> Snapshot:
    header = {"MinorVersion": 19041, "DirectoryTableBase": 0x1AD000, "BugCheckCode": 0xE2}
    return Snapshot("big", 64, False, {}, [], set(), header, b"", b"")
