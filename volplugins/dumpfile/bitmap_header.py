"""The summary header of bitmap dumps (types 2, 5 and 6): which pages are in the file.

Two layouts are known. Since Windows 8: offset of the first page at 0x20, pages in the file at 0x28, bits of the bitmap
at 0x30, bitmap at 0x38 (volatility3, kdmp-parser). Before, for kernel dumps: HeaderSize at 0xc (offset of the first
page), BitmapSize at 0x10, Pages at 0x14, an RTL_BITMAP whose SizeOfBitMap is at 0x18, bitmap behind it at 0x20
(32-bit) or 0x28 (64-bit), as the structure's members lie. Both are read, and the one is taken whose numbers fit
each other, the bitmap and the file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from volplugins.dumpfile.bitmap import Bitmap
from volplugins.dumpfile.errors import DamagedDump, TruncatedDump
from volplugins.dumpfile.note import Note
from volplugins.dumpfile.page_index import PAGE_SIZE
from volplugins.dumpfile.source import ByteSource

_SIGNATURES = (b"SDMP", b"FDMP")
_HEAD = 0x38
MAX_BITS = 1 << 34  # 64 TiB, more than Windows supports
_FURTHEST = 1 << 60  # no file offset is higher


@dataclass(frozen=True, slots=True)
class BitmapHeader:
    """What the header says.

    Attributes:
        layout: which of the two it is, in words.
        first_page: file offset of the first page.
        pages: how many pages the header says are in the file.
        bits: how many pages of the machine the bitmap covers.
        bitmap: the bitmap, which is cut where the file ends inside it.
        cut: whether it does.
        notes: what was odd.
    """

    layout: str
    first_page: int
    pages: int
    bits: int
    bitmap: Bitmap
    cut: bool
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    layout: str
    first_page: int
    pages: int
    claimed: int  # bits of the bitmap as the header has them
    bitmap_at: int  # offset in the file
    bits: int  # those that are taken

    @property
    def bitmap_end(self) -> int:
        return self.bitmap_at + -(-self.bits // 8)

    def is_possible(self) -> bool:
        """Whether the numbers agree with each other, whatever the file holds."""
        sane = 0 < self.bits <= MAX_BITS and self.first_page < _FURTHEST
        return sane and self.bitmap_end <= self.first_page and self.pages <= self.bits


_Measured = tuple[tuple[bool, bool, bool, bool], _Candidate, Bitmap]


def read_bitmap_header(source: ByteSource, base: int, bits: int) -> BitmapHeader:
    """Read the summary header at ``base`` (the size of the dump header).

    Raises:
        TruncatedDump: the file ends before the bitmap.
        DamagedDump: neither layout makes sense.
    """
    head = source.read(base, _HEAD)
    if len(head) < _HEAD:
        raise TruncatedDump("the file ends inside the summary header that says which pages it holds", "Summary", base)
    notes = []
    if head[:4] not in _SIGNATURES or head[4:8] != b"DUMP":
        text = f"the summary header's signature is {head[:8].hex(' ')}, neither SDMPDUMP nor FDMPDUMP"
        notes.append(Note("Summary.Signature", text))
    measured = [found for made in _candidates(head, base, bits) if (found := _measured(made, source))]
    if not measured:
        reason = notes[0].text if notes else "the summary header's sizes contradict each other"
        raise DamagedDump(reason, "Summary", base)
    _, chosen, bitmap = max(measured, key=lambda found: found[0])
    cut = chosen.bitmap_end > source.size
    if cut or chosen.bits < chosen.claimed:
        end = "the file, which ends inside it" if cut else f"the room for it; the {chosen.bits} bits there are taken"
        notes.append(Note("Summary.Bitmap", f"the bitmap of {chosen.claimed} bits is longer than {end}"))
    return BitmapHeader(chosen.layout, chosen.first_page, chosen.pages, chosen.bits, bitmap, cut, tuple(notes))


def _candidates(head: bytes, base: int, bits: int) -> tuple[_Candidate, _Candidate]:
    def word(at: int, size: int) -> int:
        return int.from_bytes(head[at : at + size], "little")

    new, old = word(0x30, 8), word(0x18, 4) or word(0x10, 4)
    bitmap_at = base + (0x28 if bits == 64 else 0x20)
    return (
        _Candidate("Windows 8 and later", word(0x20, 8), word(0x28, 8), new, base + 0x38, new),
        _Candidate("before Windows 8", word(0x0C, 4), word(0x14, 4), old, bitmap_at, old),
    )


def _measured(candidate: _Candidate, source: ByteSource) -> _Measured | None:
    """The candidate, if it can be; with the bits that have room, if these prove right by their count."""
    if candidate.is_possible():
        return _fitness(candidate, source)
    room = 8 * (candidate.first_page - candidate.bitmap_at)
    shorter = replace(candidate, bits=room)
    if candidate.claimed <= room or not shorter.is_possible() or not candidate.pages:
        return None
    found = _fitness(shorter, source)
    return found if found[0][0] else None


def _fitness(candidate: _Candidate, source: ByteSource) -> _Measured:
    """How well a layout's numbers fit, most telling test first: the bitmap is there and has as many bits set as there
    are pages, the file ends where the pages do, and the first page is aligned."""
    bitmap = Bitmap(source, candidate.bitmap_at, candidate.bits)
    there = candidate.bitmap_end <= source.size
    counted = there and bitmap.count == candidate.pages
    ends = candidate.first_page + candidate.pages * PAGE_SIZE <= source.size
    return (counted, there, ends, candidate.first_page % PAGE_SIZE == 0), candidate, bitmap
