"""Images that are mapped as one range for each of their sections, put together again.

Windows maps an image as one range. Other kernels of the family map every section by itself (seen on a running one):
what follows an image's first range without a gap, within the size that its header states, maps the same file and does
not begin an image of its own, belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from volplugins.image.headers import read_headers
from volplugins.kernel.vads import IMAGE_MAP, Vad
from volplugins.memory.reader import MemoryReader, ReadError


@dataclass(frozen=True, slots=True)
class ImageRanges:
    """Ranges by their start, those of one image as one.

    Attributes:
        pieces: how many ranges an image was put together from, by its base; one is not mentioned.
    """

    vads: dict[int, Vad]
    pieces: dict[int, int]


def whole_images(memory: MemoryReader, vads: Iterable[Vad], path_of: Callable[[Vad], str]) -> ImageRanges:
    """The ranges, with those that continue an image joined to it; never raises.

    Args:
        memory: the process's address space.
        vads: in any order.
        path_of: the file that a range maps; empty where it is not known.
    """
    found, pieces = dict[int, Vad](), dict[int, int]()
    last: Vad | None = None
    limit = 0  # where the image ends that may go on; 0 where it is not known yet
    for vad in sorted(vads, key=lambda each: each.start):
        if last is not None and vad.kind == last.kind == IMAGE_MAP and vad.start == last.end:
            limit = limit or _stated_end(memory, last.start)
            if vad.end <= limit and path_of(vad) == path_of(last) and not _begins_image(memory, vad.start):
                last = found[last.start] = replace(last, end=vad.end)
                pieces[last.start] = pieces.get(last.start, 1) + 1
                continue
        found[vad.start], last, limit = vad, vad, 0
    return ImageRanges(found, pieces)


def _stated_end(memory: MemoryReader, base: int) -> int:
    headers = read_headers(memory, base)
    # the last section's range is as long as its pages, the size stated may end within one
    return (base + headers.size_of_image + 0xFFF) & -0x1000 if headers is not None else base


def _begins_image(memory: MemoryReader, start: int) -> bool:
    try:
        return memory.read(start, 2) == b"MZ"
    except ReadError:
        return False
