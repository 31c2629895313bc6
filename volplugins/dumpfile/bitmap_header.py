"""The summary header of bitmap dumps (types 2, 5 and 6): which pages are in the file.

Two layouts are known. Since Windows 8: HeaderSize at 0x20, pages in the file at 0x28, bits in the bitmap at 0x30,
bitmap at 0x38 (volatility3, kdmp-parser). Before, for summary dumps: HeaderSize 0xc, BitmapSize 0x10, Pages 0x14,
an RTL_BITMAP whose SizeOfBitMap is at 0x18, bitmap at 0x20 (32-bit) or 0x28 (64-bit), as its structure lays out.
The one whose numbers fit each other and the file is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from volplugins.dumpfile.errors import DamagedDump, TruncatedDump
from volplugins.dumpfile.note import Note
from volplugins.dumpfile.page_index import PAGE_SIZE
from volplugins.dumpfile.source import ByteSource

_SIGNATURES = (b"SDMP", b"FDMP")
_HEAD = 0x38


@dataclass(frozen=True, slots=True)
class BitmapHeader:
    """Offset of the first page in the file, how many pages there should be, and the bitmap."""

    layout: str
    first_page: int
    pages: int
    bits: int
    bitmap: npt.NDArray[np.uint8]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    layout: str
    first_page: int
    pages: int
    bits: int
    bitmap_at: int

    def fits(self, base: int, size: int) -> bool:
        """Whether the numbers agree with each other; the file may end before the pages do."""
        bitmap_end = base + self.bitmap_at + self.bits // 8
        return self.bits > 0 and bitmap_end <= self.first_page and bitmap_end <= size and self.pages <= self.bits


def read_bitmap_header(source: ByteSource, base: int, bits: int) -> BitmapHeader:
    """Read the summary header at ``base`` (the size of the dump header).

    Raises:
        TruncatedDump: the file ends before the bitmap.
        DamagedDump: the signature is missing, or neither layout makes sense.
    """
    head = source.read(base, _HEAD)
    if len(head) < _HEAD:
        raise TruncatedDump("the file ends inside the summary header that says which pages it holds", "Summary", base)
    notes = []
    if head[:4] not in _SIGNATURES or head[4:8] != b"DUMP":
        text = f"the summary header's signature is {head[:8].hex(' ')}, neither SDMPDUMP nor FDMPDUMP"
        notes.append(Note("Summary.Signature", text))
    candidates = _candidates(head, bits)
    chosen = next((c for c in candidates if c.fits(base, source.size)), None)
    if chosen is None:
        if notes:
            raise DamagedDump(notes[0].text, "Summary.Signature", base)
        cut = next((c for c in candidates if _is_cut(c, base, source.size)), None)
        if cut is None:
            raise DamagedDump("the summary header's sizes contradict each other or the file", "Summary", base)
        chosen = cut
        notes.append(Note("Summary.Bitmap", f"the bitmap of {cut.bits} bits is longer than the file", "fault"))
    data = source.read(base + chosen.bitmap_at, -(-chosen.bits // 8))
    bitmap = np.frombuffer(data, dtype=np.uint8).copy()
    if chosen.bits % 8 and len(bitmap) * 8 > chosen.bits:
        bitmap[-1] &= (1 << chosen.bits % 8) - 1
    return BitmapHeader(chosen.layout, chosen.first_page, chosen.pages, chosen.bits, bitmap, tuple(notes))


def _is_cut(candidate: _Candidate, base: int, size: int) -> bool:
    """Whether the file just ends inside the bitmap: sizes agree with one another, not with the file."""
    needed = base + candidate.bitmap_at + candidate.bits // 8
    return 0 < candidate.bits < 1 << 40 and size < needed <= candidate.first_page and candidate.pages <= candidate.bits


def _candidates(head: bytes, bits: int) -> tuple[_Candidate, ...]:
    def word(at: int, size: int) -> int:
        return int.from_bytes(head[at : at + size], "little")

    since_8 = _Candidate("Windows 8 and later", word(0x20, 8), word(0x28, 8), word(0x30, 8), 0x38)
    before_8 = _Candidate(
        "before Windows 8", word(0x0C, 4), word(0x14, 4), word(0x18, 4) or word(0x10, 4), 0x28 if bits == 64 else 0x20
    )
    return since_8, before_8


def expected_size(header: BitmapHeader, indexed: int) -> int:
    """Size that the whole file should have, bytes."""
    return header.first_page + indexed * PAGE_SIZE
