"""Images as symbol servers file them: where a dump lacks a module's headers, its file says which PDB it needs."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.image.debug_record import DebugRecord, read_debug_record
from volplugins.image.headers import DIRECTORY_DEBUG, read_headers
from volplugins.image.image_files import file_name, store_key
from volplugins.image.pe_file import LARGEST_FILE, PeFile, laid_out
from volplugins.loader.module import KERNEL_IMAGES
from volplugins.memory.reader import MemoryReader, SegmentReader

Key = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Image:
    """An image as a list of modules has it.

    Attributes:
        name: of its file.
        timestamp, size: TimeDateStamp and SizeOfImage, in bytes.
        kernel: whether it is the kernel's.
    """

    name: str
    timestamp: int
    size: int
    kernel: bool = False

    @property
    def key(self) -> Key:
        """What makes two the same."""
        return self.name.casefold(), self.timestamp, self.size

    @property
    def store_path(self) -> str:
        """Path of the file below a symbol server or in a symbol store."""
        return f"{self.name}/{store_key(self.timestamp, self.size)}/{self.name}"


def image_of(name: str, timestamp: int | None, size: int) -> Image | None:
    """The image of an entry in a list of modules; None where the entry says too little to ask for it."""
    named = file_name(name)
    if not named or not timestamp or not 0 < timestamp < 1 << 32 or not 0 < size <= LARGEST_FILE:
        return None
    return Image(named, timestamp, size, named.lower() in KERNEL_IMAGES)


def lacks_record(memory: MemoryReader, base: int) -> bool:
    """Whether the file of the module at ``base`` could tell more of its PDB than its memory, which names none."""
    headers = read_headers(memory, base)
    return headers is None or bool(headers.notes) or headers.directories[DIRECTORY_DEBUG][0] != 0


def record_in(file: PeFile) -> DebugRecord | None:
    """The debug record of an image's file."""
    try:
        memory = SegmentReader({0: laid_out(file)})
    except OSError:
        return None
    headers = read_headers(memory, 0)
    return read_debug_record(memory, headers) if headers is not None else None
