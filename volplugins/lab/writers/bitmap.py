"""Dumps that name their pages by a bitmap, a bit per PFN: DumpType 2, 5 and 6.

Facts: volatility3's crash_common.json and kdmp-parser for the layout since Windows 8; for the one before, descriptions
of SUMMARY_DUMP with its RTL_BITMAP.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from pathlib import Path

import numpy as np

from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.writers.header import build_header, layout_of
from volplugins.lab.writers.page_file import write_pages

SUMMARY = 2
BITMAP_FULL = 5
BITMAP_KERNEL = 6

BITMAP_OFFSET = 0x38  # from the start of the summary header of Windows 8 and later
_OLD_BITMAP_OFFSET = {32: 0x20, 64: 0x28}  # RTL_BITMAP ends with a pointer
_KEEP_KERNEL_PAGES = 1  # DumpOptions


def bitmap_bits(snapshot: Snapshot) -> int:
    """How many PFNs the bitmap covers: to the end of RAM, rounded up so that it is made of whole words."""
    end = max(base + count for base, count in snapshot.runs)
    return -(-end // 32) * 32


def pack_bitmap(pfns: Collection[int], bits: int) -> bytes:
    """The bitmap as bytes, lowest PFN in the lowest bit."""
    present = np.zeros(bits, dtype=np.bool_)
    present[list(pfns)] = True
    return np.packbits(present, bitorder="little").tobytes()


def summary_head(signature: bytes, first_page: int, present: int, bits: int) -> bytes:
    """The summary header of Windows 8 and later, up to the bitmap.

    Args:
        signature: ``FDMP`` or ``SDMP``.
        first_page: offset in the file of the first page.
        present: pages in the file.
        bits: bits of the bitmap.
    """
    return struct.pack("<4s4sI20xQQQ", signature, b"DUMP", 0, first_page, present, bits)


def write_bitmap(snapshot: Snapshot, path: Path, dump_type: int, pfns: Collection[int]) -> Path:
    """Write a bitmap dump in the layout of Windows 8 and later that holds the given pages.

    Raises:
        ValueError: a header field is unknown, has no room, or a page is not 4096 bytes long.
        OSError: as opening and writing a file raises it.
    """
    bits = bitmap_bits(snapshot)
    base = layout_of(snapshot).size
    first_page = _page_up(base + BITMAP_OFFSET + bits // 8)
    signature = b"FDMP" if dump_type == BITMAP_FULL else b"SDMP"
    head = summary_head(signature, first_page, len(pfns), bits)
    return _write(snapshot, path, dump_type, pfns, head + pack_bitmap(pfns, bits), first_page)


def write_old_summary(snapshot: Snapshot, path: Path, pfns: Collection[int]) -> Path:
    """Write a kernel summary dump in the layout before Windows 8; raises as write_bitmap does."""
    bits = bitmap_bits(snapshot)
    offset = _OLD_BITMAP_OFFSET[snapshot.bits]
    first_page = _page_up(layout_of(snapshot).size + offset + bits // 8)
    sizes = (first_page, bits, len(pfns))
    # RTL_BITMAP.Buffer is where the bitmap was in the memory of the crashed machine: no reader may follow it.
    buffer = snapshot.header.get("KdDebuggerDataBlock", 0) & ((1 << snapshot.bits) - 1)
    rtl_bitmap = struct.pack("<II" if snapshot.bits == 32 else "<I4xQ", bits, buffer)
    head = struct.pack("<4s4sIIII", b"SDMP", b"DUMP", _KEEP_KERNEL_PAGES, *sizes) + rtl_bitmap
    return _write(snapshot, path, SUMMARY, pfns, head + pack_bitmap(pfns, bits), first_page)


def _page_up(offset: int) -> int:
    return -(-offset // PAGE) * PAGE


def _write(
    snapshot: Snapshot, path: Path, dump_type: int, pfns: Collection[int], summary: bytes, first_page: int
) -> Path:
    header = build_header(snapshot, dump_type, first_page + len(pfns) * PAGE)
    head = (header + summary).ljust(first_page, b"\0")
    return write_pages(path, head, sorted(pfns), snapshot.pages)
