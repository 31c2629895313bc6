"""Images as AVML writes them, version 2: blocks of RAM, each compressed as a snappy stream of its own.

Source: microsoft/avml: a block holds 16 MiB at most, its header the first and the last address, and eight bytes behind
its stream say how long that is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.writers.crc32c import masked_crc, page_remainders
from volplugins.lab.writers.image_file import Piece, merged_runs, write_pieces
from volplugins.lab.writers.snappy import IDENTIFIER, LARGEST_CHUNK, frame

AVML_HEADER = struct.Struct("<IIQQQ")
_MAGIC, _VERSION = 0x4C4D5641, 2
_LARGEST_BLOCK, _PAGES_OF_CHUNK = 0x1000, LARGEST_CHUNK // PAGE
_ZERO_PAGE = bytes(PAGE)


def write_avml(snapshot: Snapshot, path: Path) -> Path:
    """Write the image; raises ValueError and OSError as the pages do."""
    return write_pieces(path, _blocks(snapshot), snapshot)


def _blocks(snapshot: Snapshot) -> Iterator[Piece]:
    remainders = _remainders(snapshot)
    empty = {count: frame(bytes(count * PAGE), masked_crc([0] * count)) for count in range(1, _PAGES_OF_CHUNK + 1)}
    for base, count in merged_runs(snapshot):
        for first in range(base, base + count, _LARGEST_BLOCK):
            end = min(first + _LARGEST_BLOCK, base + count)
            stream = IDENTIFIER + b"".join(_chunks(snapshot, remainders, empty, first, end))
            yield AVML_HEADER.pack(_MAGIC, _VERSION, first * PAGE, end * PAGE - 1, 0)
            yield stream + struct.pack("<Q", len(stream))


def _remainders(snapshot: Snapshot) -> dict[int, int]:
    """Of every page that holds something; that of a zero page is zero."""
    for pfn, content in snapshot.pages.items():
        if len(content) != PAGE:
            raise ValueError(f"page {pfn:#x} has {len(content)} bytes")
    return dict(zip(snapshot.pages, page_remainders(list(snapshot.pages.values())), strict=True))


def _chunks(
    snapshot: Snapshot, remainders: dict[int, int], empty: dict[int, bytes], first: int, end: int
) -> Iterator[bytes]:
    for start in range(first, end, _PAGES_OF_CHUNK):
        pfns = range(start, min(start + _PAGES_OF_CHUNK, end))
        if not any(pfn in remainders for pfn in pfns):
            yield empty[len(pfns)]
            continue
        data = b"".join(snapshot.pages.get(pfn, _ZERO_PAGE) for pfn in pfns)
        yield frame(data, masked_crc(remainders.get(pfn, 0) for pfn in pfns))
