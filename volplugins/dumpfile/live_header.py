"""Dumps written by a debugger (types 8, 9 and 0xA, 64-bit): pages by ranges of page numbers. Experimental.

Source: kdmp-parser's structures and its walk over them. At the end of the dump header: a marker 0x40, ``RDMP``,
``DUMP``, MetadataSize at 0x10, offset of the first page at 0x18; type 0xA adds a number of ranges at 0x20 and of pages
at 0x28. Ranges (first PFN, pages) of 16 bytes start at 0x30, and the pages lie in the file in their order. The list
ends with a range whose PFN is zero, or, in type 0xA, with the last page. No real sample was at hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from volplugins.dumpfile.dump_type import DumpType
from volplugins.dumpfile.errors import DamagedDump, TruncatedDump
from volplugins.dumpfile.note import Note
from volplugins.dumpfile.page_index import HIGHEST_PFN
from volplugins.dumpfile.source import ByteSource

_HEAD = 0x30
_MARKER = 0x40
_FURTHEST = 1 << 60  # no file offset is higher
_PIECE = 1 << 20
MAX_RANGES = 1 << 22
_Ranges = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class LiveHeader:
    """File offset of the first page, and the ranges: first PFNs and page counts, in file order."""

    first_page: int
    bases: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    notes: tuple[Note, ...]


def read_live_header(source: ByteSource, base: int, dump_type: int) -> LiveHeader:
    """Read the header at ``base`` (the size of the dump header).

    Raises:
        TruncatedDump: the file ends inside it.
        DamagedDump: the signature is missing, or the first page cannot be where it says.
    """
    head = source.read(base, _HEAD)
    if len(head) < _HEAD:
        raise TruncatedDump("the file ends inside the header that says which pages it holds", "RDMP", base)
    if head[4:12] != b"RDMPDUMP":
        raise DamagedDump(f"where RDMPDUMP should be there is {head[4:12].hex(' ')}", "RDMP", base + 4)
    metadata, first_page = _number(head, 0x10), _number(head, 0x18)
    if not base + _HEAD <= first_page < _FURTHEST:
        raise DamagedDump(f"the first page cannot lie at {first_page:#x}", "RDMP.FirstPageOffset", base + 0x18)
    notes = []
    if _number(head, 0, 4) != _MARKER:
        notes.append(Note("RDMP.Marker", f"is {_number(head, 0, 4):#x}, not {_MARKER:#x}", "info"))
    surplus = metadata + base + 0x20 - first_page
    if surplus:
        # genuine files of type 0xA count one byte more
        severity = "info" if dump_type == DumpType.COMPLETE and surplus == 1 else "fault"
        text = f"{metadata:#x} does not lead to the first page at {first_page:#x}"
        notes.append(Note("RDMP.MetadataSize", text, severity))
    listed = _read_ranges(source, base + _HEAD, first_page, notes)
    if dump_type == DumpType.COMPLETE:
        listed = _as_counted(listed, _number(head, 0x20, 4), _number(head, 0x28), notes)
    ranges = _sane(listed, notes).astype(np.int64)
    return LiveHeader(first_page, ranges[:, 0], ranges[:, 1], tuple(notes))


def _number(head: bytes, at: int, size: int = 8) -> int:
    return int.from_bytes(head[at : at + size], "little")


def _read_ranges(source: ByteSource, start: int, end: int, notes: list[Note]) -> _Ranges:
    """The ranges before the one that ends the list, read piece by piece."""
    pieces, at = [], start
    while at + 16 <= end and at < start + 16 * MAX_RANGES:
        piece = source.read(at, min(_PIECE, (end - at) // 16 * 16))
        words = np.frombuffer(piece, "<u8", len(piece) // 16 * 2).reshape(-1, 2)
        if not len(words):
            notes.append(Note("RDMP.Ranges", "the file ends inside the list of ranges; later ones are lost"))
            break
        stops = (words[:, 1] == 0) | ((words[:, 0] == 0) & (np.arange(len(words)) + at > start))
        stop = int(np.argmax(stops)) if stops.any() else len(words)
        pieces.append(words[:stop])
        if stop < len(words):
            break
        at += 16 * len(words)
    else:
        if at + 16 <= end:
            notes.append(Note("RDMP.Ranges", f"more than {MAX_RANGES} ranges are listed; the rest is left out"))
    return np.concatenate(pieces) if pieces else np.zeros((0, 2), dtype=np.uint64)


def _as_counted(listed: _Ranges, claimed: int, pages: int, notes: list[Note]) -> _Ranges:
    """The ranges of a complete dump, whose list may end by its counts alone; both are tried."""
    reach = np.cumsum(listed[:, 1].astype(np.float64))
    by_pages = int(np.searchsorted(reach, pages)) + 1
    for length in (claimed, by_pages):
        if 0 < length <= len(listed) and int(reach[length - 1]) == pages:
            if length != claimed:
                notes.append(Note("RDMP.NumberOfRanges", f"says {claimed}; {pages} pages end with range {length}"))
            return listed[:length]
    said = f"{claimed} ranges of {pages} pages are claimed, {len(listed)} of"
    notes.append(Note("RDMP.TotalNumberOfPages", f"{said} {int(reach[-1]) if len(reach) else 0} pages are listed"))
    return listed


def _sane(ranges: _Ranges, notes: list[Note]) -> _Ranges:
    """The ranges before the first that cannot be: where the pages of later ones lie would be unknown."""
    # doubles are exact up to 2**53, far above the limit, and cannot wrap
    sane = (ranges[:, 0] < HIGHEST_PFN) & (np.cumsum(ranges[:, 1].astype(np.float64)) < HIGHEST_PFN)
    if sane.all():
        return ranges
    first = int(np.flatnonzero(~sane)[0])
    notes.append(Note("RDMP.Ranges", f"range {first} makes no sense; it and those after it are left out"))
    return ranges[:first]
