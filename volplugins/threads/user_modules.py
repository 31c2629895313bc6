"""The images of a process's user space that code may run through, and the one name that each of them has.

The loader's lists give names. An image that is in none of them, or whose entry's name cannot be read, is named by the
file that its VAD maps, then by its own export directory, then by its debug record. Every command takes the name from
here, so that all of them call an image the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from volplugins.image.debug_record import read_debug_record
from volplugins.image.exports import read_export_name
from volplugins.image.headers import ImageHeaders, read_headers
from volplugins.kernel.vads import IMAGE_MAP, Vad
from volplugins.loader.loader_lists import ListsReader, in_order, read_loader_lists
from volplugins.loader.module import Module, ModuleTable
from volplugins.loader.peb import read_peb
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.threads.image_ranges import whole_images

IMAGE_VAD = IMAGE_MAP
MOST_IMAGES = 4096
# gives the path of the file that a range maps; empty where there is none, or it cannot be read
PathOf = Callable[[Vad], str]


def user_modules(
    memory: MemoryReader,
    peb: int | None,
    vads: Iterable[Vad],
    bits: int,
    path_of: PathOf,
    taken: Callable[[int], str] | None = None,
    lists: ListsReader | None = None,
) -> ModuleTable:
    """The images by address; never raises. Of those that no list names, what ``unnamed`` counts is left out.

    Args:
        memory: the process's address space.
        peb: of the bitness ``bits``; None or 0 where the process has none.
        taken: as ``read_loader_lists`` takes it; lists: reads them in its place.
    """
    images = whole_images(memory, (vad for vad in vads if vad.kind == IMAGE_VAD), path_of).vads
    found: dict[int, Module] = {}
    reader = lists or (lambda ldr, width: read_loader_lists(memory, ldr, width, taken))
    for module in _listed(memory, peb, bits, images, path_of, reader):
        found.setdefault(module.base, module)
    for start, vad in images.items():
        if start not in found and len(found) < MOST_IMAGES:
            found[start] = mapped_image(memory, vad, path_of(vad))
    return ModuleTable(found.values())


def listed_names(memory: MemoryReader, peb: int | None, bits: int, reader: ListsReader) -> dict[int, str]:
    """The names that the loader's lists of one PEB give to images, by base; empty where the lists cannot be read."""
    found: dict[int, str] = {}
    for module in _listed(memory, peb, bits, {}, lambda vad: "", reader, own=False):
        if module.image_name:
            found.setdefault(module.base, module.image_name)
    return found


def unnamed(modules: ModuleTable, vads: Iterable[Vad]) -> int:
    """How many images of the ranges are left out of ``modules``."""
    return sum(vad.kind == IMAGE_VAD and modules.at(vad.start) is None for vad in vads)


def mapped_image(memory: MemoryReader, vad: Vad, path: str) -> Module:
    """The image that ``vad`` maps, as it is where no list names it; ``path`` is that of the range's file."""
    headers = read_headers(memory, vad.start)
    timestamp = headers.timestamp if headers is not None else None
    checksum = headers.checksum if headers is not None else None
    name = _name(memory, headers, vad.start, path)
    return Module(vad.start, vad.end - vad.start, name, path, timestamp, checksum, "vad")


def image_name(memory: MemoryReader, base: int, path: str) -> str:
    """The name of an image that no list names: of the file that is mapped, else its own, else by its address."""
    return file_of(path) or _name(memory, read_headers(memory, base), base, path)


def file_of(path: str) -> str:
    """The last part of a path."""
    return path.replace("/", "\\").rsplit("\\", 1)[-1]


def _name(memory: MemoryReader, headers: ImageHeaders | None, base: int, path: str) -> str:
    own = file_of(path) or (_own_name(memory, headers) if headers is not None else "")
    return own or f"image_{base:x}"


def _own_name(memory: MemoryReader, headers: ImageHeaders) -> str:
    """The name that an image has of itself: that of its export directory, else that of its symbols."""
    name = read_export_name(memory, headers)
    if name:
        return file_of(name)
    record = read_debug_record(memory, headers)
    return file_of(record.pdb_name).rsplit(".", 1)[0] if record is not None else ""


def _listed(
    memory: MemoryReader,
    peb: int | None,
    bits: int,
    images: Mapping[int, Vad],
    path_of: PathOf,
    reader: ListsReader,
    own: bool = True,
) -> Iterable[Module]:
    """What the lists of one PEB hold, in load order; nothing where they cannot be read.

    Args:
        own: whether an entry without a name takes that of its file or image.
    """
    try:
        ldr = read_peb(memory, peb, bits).unsigned("Ldr") if peb else 0
        lists = reader(ldr, bits) if ldr else None
    except ReadError:
        return
    for entry, _ in in_order(lists) if lists is not None else ():
        module = Module(entry.base, entry.size, entry.name, entry.path, entry.timestamp, None, "ldr", entry.address)
        if own and not module.image_name:
            vad = images.get(entry.base)
            module = replace(module, image_name=image_name(memory, entry.base, path_of(vad) if vad else ""))
        yield module
