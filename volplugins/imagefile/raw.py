"""Raw images: physical memory byte for byte, address 0 first; holes are whatever the writer put there."""

from __future__ import annotations

from volplugins.dumpfile.note import Note
from volplugins.dumpfile.page_index import PAGE_SIZE
from volplugins.dumpfile.source import ByteSource
from volplugins.imagefile.memory_image import MemoryImage, Segment, image_of_segments

RAW = "raw"


def open_raw(source: ByteSource) -> MemoryImage:
    """The file as an image; whether there is a Windows kernel in it is for others to find out."""
    rest = source.size % PAGE_SIZE
    notes = (
        [Note("file", f"{rest} bytes follow the last whole page: the image may have been cut short")] if rest else []
    )
    return image_of_segments(source, RAW, [Segment(0, source.size - rest, 0)], notes, end=source.size)
