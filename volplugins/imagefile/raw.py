"""Raw images: physical memory byte for byte, address 0 first; holes are whatever the writer put there."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.dumpfile.note import Note
from volplugins.dumpfile.page_index import PAGE_SIZE
from volplugins.dumpfile.source import ByteSource
from volplugins.imagefile.memory_image import MemoryImage, Segment, image_of_segments

RAW = "raw"
_SECTOR = 512
_PARTITIONS, _PARTITION = 446, 16  # of a master boot record: four entries
_BOOT_FLAGS = (0x00, 0x80)


def open_raw(source: ByteSource) -> MemoryImage:
    """The file as an image; whether there is a Windows kernel in it is for others to find out."""
    rest = source.size % PAGE_SIZE
    notes = [Note("file", text) for text in _disk_notes(source)]
    if rest:
        notes.append(Note("file", f"{rest} bytes follow the last whole page: the image may have been cut short"))
    return image_of_segments(source, RAW, [Segment(0, source.size - rest, 0)], notes, end=source.size)


def _disk_notes(source: ByteSource) -> Iterator[str]:
    """What the first sectors say where they are a disk's: layouts of the UEFI specification (5.2, 5.3) and of NTFS."""
    head = source.read(0, 2 * _SECTOR)
    if head[_SECTOR : _SECTOR + 8] == b"EFI PART":
        yield "it begins with a partition table (GPT): the image of a disk, not of memory"
    elif head[3:11] in (b"NTFS    ", b"-FVE-FS-"):
        yield "it begins with a boot sector: the image of a volume, not of memory"
    elif head[_SECTOR - 2 : _SECTOR] == b"\x55\xaa" and _partitioned(head):
        yield "it begins with a partition table (MBR): the image of a disk, not of memory"


def _partitioned(head: bytes) -> bool:
    """Whether the four entries are partitions or empty, and at least one is a partition."""
    entries = [head[at : at + _PARTITION] for at in range(_PARTITIONS, _PARTITIONS + 4 * _PARTITION, _PARTITION)]
    used = [entry for entry in entries if any(entry)]
    sound = [each for each in used if each[0] in _BOOT_FLAGS and each[4] and any(each[12:16])]
    return bool(used) and len(sound) == len(used)
