"""AVML images: ranges of memory, each a stream of snappy frames that unpack to at most 64 KiB.

Layouts: the README of AVML (a header as LiME's with version 2, and 8 bytes with the packed size behind each range) and
snappy's "framing format description". Frames are unpacked by cramjam when a page in them is asked for.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

import cramjam

from volplugins.dumpfile.completeness import Completeness
from volplugins.dumpfile.note import Note
from volplugins.dumpfile.source import ByteSource
from volplugins.imagefile.memory_image import MemoryImage, Segment, image_of_segments

MAGIC = b"AVML"
_HEADER = struct.Struct("<4sIQQQ")
_COMPRESSED, _PLAIN, _IDENTIFIER = 0x00, 0x01, 0xFF
_LARGEST_FRAME = 1 << 16
_SMALL_FRAMES = 1 << 16  # the format's frames hold 64 KiB, the last of each range less: so many may hold little
_SMALL_FRAME = 1 << 12  # bytes that those beyond have to hold, on the average
_MOST_RANGES = 1 << 18
_KEPT = 256  # unpacked frames: 16 MiB


class _Frame(NamedTuple):
    """A frame: its place among the unpacked bytes, and where its data lie in the file."""

    start: int
    size: int
    offset: int
    packed: int
    compressed: bool


class _Frames:
    """The frames of the whole file, 24 bytes each."""

    def __init__(self) -> None:
        self.starts, self._offsets = array("Q"), array("Q")
        self._sizes, self._packed = array("I"), array("I")  # of the packed size the lowest bit says: compressed
        self.size = 0
        self._seen = 0

    def add(self, frame: _Frame) -> None:
        """Take the next one."""
        self.size = frame.start + frame.size
        for column, value in (
            (self.starts, frame.start), (self._offsets, frame.offset), (self._sizes, frame.size),
            (self._packed, frame.packed << 1 | frame.compressed),
        ):  # fmt: skip
            column.append(value)

    def frame(self, number: int) -> _Frame:
        """The frame with this number."""
        packed = self._packed[number]
        return _Frame(self.starts[number], self._sizes[number], self._offsets[number], packed >> 1, bool(packed & 1))

    def too_many(self, held: int) -> bool:
        """Whether one more frame is more than ``held`` unpacked bytes can have come in; counts it."""
        self._seen += 1
        return self._seen > _SMALL_FRAMES + held // _SMALL_FRAME


class UnpackedSource:
    """The bytes of all frames one after another, unpacked as they are asked for."""

    def __init__(self, source: ByteSource, frames: _Frames) -> None:
        self._source, self._frames = source, frames
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self.size = frames.size

    def read(self, offset: int, size: int) -> bytes:
        """Bytes at ``offset``; fewer at the end, or where a frame cannot be unpacked."""
        parts: list[bytes] = []
        while size > 0 and 0 <= offset < self.size:
            number = bisect_right(self._frames.starts, offset) - 1
            data = self._frame(number)[offset - self._frames.starts[number] :][:size]
            if not data:
                break
            parts.append(data)
            offset, size = offset + len(data), size - len(data)
        return b"".join(parts)

    def view(self) -> memoryview | None:
        """None: the bytes are nowhere as a whole."""
        return None

    def _frame(self, number: int) -> bytes:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        frame = self._frames.frame(number)
        raw = self._source.read(frame.offset, frame.packed)
        data = (_unpacked(raw, frame.size) if frame.compressed else raw) or b""
        self._kept[number] = data
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return data


def open_avml(source: ByteSource) -> MemoryImage | None:
    """The image, up to the first frame that is none; None where the file does not begin with AVML's header."""
    if source.read(0, 4) != MAGIC:
        return None
    notes: list[Note] = []
    frames = _Frames()
    segments: list[Segment] = []
    end = _read_ranges(source, frames, segments, notes)
    unpacked = UnpackedSource(source, frames)
    image = image_of_segments(unpacked, "AVML", segments, notes)
    memory = image.memory
    memory.plain = False
    truncated = end > source.size or any(note.severity == "fault" for note in notes)
    found = Completeness(None, source.size, truncated, memory.pages_described, memory.pages_in_file)
    return MemoryImage(image.format, memory, found, image.notes)


def _read_ranges(source: ByteSource, frames: _Frames, segments: list[Segment], notes: list[Note]) -> int:
    """Every range's frames; returns where the last one ends in the file."""
    offset = start = 0
    while offset + _HEADER.size <= source.size:
        magic, version, first, last, _ = _HEADER.unpack(source.read(offset, _HEADER.size))
        if magic != MAGIC or version != 2 or last < first or last >> 52:
            notes.append(Note("header", f"no header of a range at {offset:#x}: what follows is left out"))
            break
        if len(segments) == _MOST_RANGES:
            notes.append(Note("header", f"more than {_MOST_RANGES} ranges; those from {offset:#x} on are left out"))
            break
        wanted, had = last - first + 1, start
        offset += _HEADER.size
        for frame in _frames(source, offset, start, wanted, notes):
            if frames.too_many(start):
                text = f"more frames than so much memory comes in: what follows from {offset:#x} on is left out"
                notes.append(Note("frame", text))
                break
            if frame.size:
                frames.add(frame)
            start, offset = frame.start + frame.size, frame.offset + frame.packed
        segments.append(Segment(first, wanted, had))
        if start - had < wanted:
            notes.append(Note("range", f"of {first:#x} to {last:#x} the first {start - had} bytes can be unpacked"))
            segments[-1] = Segment(first, start - had, had)
            break
        offset += 8
    return offset


def _frames(source: ByteSource, offset: int, start: int, wanted: int, notes: list[Note]) -> Iterator[_Frame]:
    """The frames of one range; frames without data have size 0."""
    end = start + wanted
    while True:
        head = source.read(offset, 4)
        if start >= end or len(head) < 4:
            return
        kind, size = head[0], int.from_bytes(head[1:4], "little")
        at = offset + 4
        if kind in (_COMPRESSED, _PLAIN) and size > 4:
            length = _length(source.read(at + 4, 8)) if kind == _COMPRESSED else size - 4
            if not length or length > _LARGEST_FRAME or at + size > source.size:
                notes.append(Note("frame", f"the frame at {offset:#x} is damaged or cut"))
                return
            yield _Frame(start, min(length, end - start), at + 4, size - 4, kind == _COMPRESSED)
            start += min(length, end - start)
        elif kind == _IDENTIFIER or kind >= 0x80:
            yield _Frame(start, 0, at, size, False)
        else:
            notes.append(Note("frame", f"a frame of unknown kind {kind:#x} at {offset:#x}"))
            return
        offset = at + size


def _length(data: bytes) -> int:
    """The unpacked size that a snappy block begins with, as a little-endian base-128 number."""
    value = 0
    for place, byte in enumerate(data[:5]):
        value |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return value
    return 0


def _unpacked(data: bytes, size: int) -> bytes | None:
    try:
        return bytes(cramjam.snappy.decompress_raw(data))[:size]
    except Exception:  # cramjam's own error for damaged data
        return None
