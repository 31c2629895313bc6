"""LiME images: a header of 32 bytes before each range of memory. Layout: LiME's documentation of its format."""

from __future__ import annotations

import struct

from volplugins.dumpfile.note import Note
from volplugins.dumpfile.source import ByteSource
from volplugins.imagefile.memory_image import MemoryImage, Segment, image_of_segments

MAGIC = b"EMiL"
_HEADER = struct.Struct("<4sIQQQ")  # magic, version, first and last address, reserved
_MOST_SEGMENTS = 1 << 16
_HIGHEST = 1 << 52


def open_lime(source: ByteSource) -> MemoryImage | None:
    """The image, up to the first header that is none; None where the file does not begin with one."""
    if source.read(0, 4) != MAGIC:
        return None
    segments: list[Segment] = []
    notes: list[Note] = []
    offset = 0
    while offset < source.size:
        segment = _segment(source, offset, notes)
        if segment is None:
            break
        if len(segments) == _MOST_SEGMENTS:
            notes.append(
                Note("segments", f"more than {_MOST_SEGMENTS} headers; those from {offset:#x} on are left out")
            )
            break
        segments.append(segment)
        offset = segment.offset + segment.size
    return image_of_segments(source, "LiME", segments, notes, end=offset)


def _segment(source: ByteSource, offset: int, notes: list[Note]) -> Segment | None:
    data = source.read(offset, _HEADER.size)
    if len(data) < _HEADER.size:
        notes.append(Note("header", f"the file ends inside the header at {offset:#x}"))
        return None
    magic, version, first, last, _ = _HEADER.unpack(data)
    if magic != MAGIC or version != 1:
        rest = source.size - offset
        what = f"version {version}" if magic == MAGIC else f"{magic.hex(' ')} where the next header should be"
        notes.append(Note("header", f"{what} at {offset:#x}: the {rest} bytes from there on are left out"))
        return None
    if last < first or last >= _HIGHEST:
        text = f"the header at {offset:#x} says {first:#x} to {last:#x}, which is no range of memory"
        notes.append(Note("header", f"{text}; what follows is left out"))
        return None
    if last - first + 1 > source.size - offset - _HEADER.size:
        lost = last - first + 1 - (source.size - offset - _HEADER.size)
        notes.append(
            Note("header", f"the range {first:#x} to {last:#x} (header at {offset:#x}) ends {lost} bytes past the file")
        )
    return Segment(first, last - first + 1, offset + _HEADER.size)
