"""Dumps written by a debugger (types 8, 9 and 0xA, 64-bit): pages by ranges of page numbers. Experimental.

Source: kdmp-parser's description (Marker 0x40, RDMP, DUMP, metadata size, first page; ranges from 0x30 on). No real
sample was at hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from volplugins.dumpfile.dump_type import DumpType
from volplugins.dumpfile.errors import DamagedDump, TruncatedDump
from volplugins.dumpfile.note import Note
from volplugins.dumpfile.source import ByteSource

_HEAD = 0x30
_HIGHEST_PFN = 1 << 40


@dataclass(frozen=True, slots=True)
class LiveHeader:
    """Offset of the first page, and the ranges: base PFNs and page counts in file order."""

    first_page: int
    bases: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    notes: tuple[Note, ...]


def read_live_header(source: ByteSource, base: int, dump_type: int) -> LiveHeader:
    """Read the header at ``base``; raises TruncatedDump or DamagedDump where nothing can be made of it."""
    head = source.read(base, _HEAD)
    if len(head) < _HEAD:
        raise TruncatedDump("the file ends inside the header that says which pages it holds", "RDMP", base)
    if head[4:12] != b"RDMPDUMP":
        raise DamagedDump(f"where RDMPDUMP should be there is {head[4:12].hex(' ')}", "RDMP", base + 4)
    metadata, first_page = (int.from_bytes(head[at : at + 8], "little") for at in (0x10, 0x18))
    if not base + _HEAD <= first_page:
        raise DamagedDump(f"the first page lies at {first_page:#x}, inside the headers", "RDMP.FirstPageOffset", base)
    notes = []
    if metadata - 0x20 != first_page - base - 0x40:
        notes.append(Note("RDMP.MetadataSize", f"{metadata:#x} does not lead to the first page at {first_page:#x}"))
    room = min(first_page, source.size) - base - _HEAD
    words = np.frombuffer(source.read(base + _HEAD, room // 16 * 16), dtype="<u8").reshape(-1, 2)
    bases, counts = _ranges(words, head, dump_type, notes)
    return LiveHeader(first_page, bases, counts, tuple(notes))


def _ranges(
    words: npt.NDArray[np.uint64], head: bytes, dump_type: int, notes: list[Note]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The ranges up to the first empty one (or as many as the header counts, for complete dumps)."""
    if dump_type == DumpType.COMPLETE:
        claimed = int.from_bytes(head[0x20:0x24], "little")
        if claimed > len(words):
            notes.append(Note("RDMP.NumberOfRanges", f"{claimed} are claimed, there is room for {len(words)}"))
        words = words[:claimed]
    ends = np.flatnonzero(words[:, 1] == 0)
    words = words[: ends[0]] if len(ends) else words
    sane = (words[:, 0] < _HIGHEST_PFN) & (np.cumsum(words[:, 1].astype(np.float64)) < _HIGHEST_PFN)
    if not sane.all():
        first = int(np.flatnonzero(~sane)[0])
        notes.append(Note("RDMP.Ranges", f"range {first} makes no sense; it and those after it are left out"))
        words = words[:first]  # offsets of later ranges would be wrong as well
    signed = words.astype(np.int64)
    return signed[:, 0], signed[:, 1]
