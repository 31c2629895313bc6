"""Live dumps, DumpType 8, 9 and 0xA: 64-bit only, pages named by PFN ranges behind an ``RDMP`` header.

Facts: kdmp-parser's structures and its checks of them.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from pathlib import Path

from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.writers.header import LIVE_DUMP, build_header, layout_of
from volplugins.lab.writers.page_file import ranges_of, write_pages

KERNEL = 8
KERNEL_AND_USER = 9
COMPLETE = 0xA

_MARKER = 0x40
_RANGES_OFFSET = 0x30  # from the start of the RDMP header
_METADATA_BASE = 0x20  # MetadataSize counts from here to the first page


def write_live(snapshot: Snapshot, path: Path, dump_type: int, pfns: Collection[int]) -> Path:
    """Write a live dump that holds the given pages.

    A range of zeros ends the list, so that page 0 cannot be named: it is left out.

    Raises:
        ValueError: a header field is unknown, has no room, or a page is not 4096 bytes long.
        OSError: as opening and writing a file raises it.
    """
    held = sorted(pfn for pfn in pfns if pfn)
    ranges = ranges_of(held)
    table = b"".join(struct.pack("<QQ", *one) for one in ranges) + bytes(16)
    base = layout_of(snapshot).size
    first_page = -(-(base + _RANGES_OFFSET + len(table)) // PAGE) * PAGE
    metadata = first_page - base - _METADATA_BASE
    rdmp = struct.pack("<I4s4sIQQ", _MARKER, b"RDMP", b"DUMP", 0, metadata, first_page)
    counts = struct.pack("<IHHQ", len(ranges), 0, 0, len(held)) if dump_type == COMPLETE else bytes(16)
    header = build_header(snapshot, dump_type, first_page + len(held) * PAGE, attributes=LIVE_DUMP)
    head = (header + rdmp + counts + table).ljust(first_page, b"\0")
    return write_pages(path, head, held, snapshot.pages)
