"""Which files may hold a machine's memory: by how they start, or by their names where nothing at the start tells."""

from __future__ import annotations

import os

from volplugins.imagefile import avml, elf_core, lime

DUMP_MAGIC = (b"PAGEDU64", b"PAGEDUMP", b"ZDMP")  # live dumps too: their RDMP follows behind the same header
_IMAGE_MAGIC = (lime.MAGIC, avml.MAGIC)
_CORE = 4  # e_type of an ELF file
_PACKED = (".gz", ".xz", ".zip", ".cab")
_DUMP_NAMES = (".dmp", ".zdmp")
_IMAGE_NAMES = (".raw", ".mem", ".vmem", ".img", ".bin", ".dd")
# a smaller file of such a name holds no machine's memory
SMALLEST_IMAGE = 1 << 20
# of which the page file that they lie beside is no part
PAGE_FILES = frozenset(("pagefile.sys", "swapfile.sys"))


def starts_as_memory(head: bytes) -> bool:
    """Whether a file that starts so is a dump or an image."""
    if head.startswith((*DUMP_MAGIC, *_IMAGE_MAGIC)):
        return True
    return head.startswith(elf_core.MAGIC) and int.from_bytes(head[16:18], "little") == _CORE


def called_a_dump(name: str) -> bool:
    """Whether the name says that it is a dump, packed or not: then one that is none is worth a line."""
    return _plain_suffix(name) in _DUMP_NAMES


def called_an_image(name: str, size: int) -> bool:
    """Whether name and size (bytes, of the file as it lies there) allow a memory image."""
    return _plain_suffix(name) in _IMAGE_NAMES and (is_called_packed(name) or size >= SMALLEST_IMAGE)


def is_called_packed(name: str) -> bool:
    """Whether the name says that it is packed."""
    return os.path.splitext(name.lower())[1] in _PACKED


def is_page_file(name: str) -> bool:
    """Whether a member is a page file by its name."""
    return name.replace("\\", "/").rpartition("/")[2].lower() in PAGE_FILES


def suffix_to_keep(name: str) -> str:
    """What the unpacked file's name should end in: what tells its format where nothing else does; else ``.dmp``."""
    suffix = _plain_suffix(name)
    return suffix if suffix in (*_IMAGE_NAMES, ".vmrs") else ".dmp"


def _plain_suffix(name: str) -> str:
    """The end of the name, without that of what it is packed in."""
    stem, suffix = os.path.splitext(name.lower())
    return os.path.splitext(stem)[1] if suffix in _PACKED else suffix
