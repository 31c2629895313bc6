"""Images whose sections are ranges of their own are one; what begins an image, or is of another file, is not joined."""

from __future__ import annotations

import struct

from volplugins.kernel.vads import IMAGE_MAP, Vad
from volplugins.memory.reader import ReadError
from volplugins.threads.image_ranges import whole_images
from volplugins.threads.user_modules import user_modules

BASE = 0x400000


class Space:
    """An image's header of one page at ``BASE``, and what else is put there."""

    def __init__(self, size: int, absent: tuple[int, ...] = ()) -> None:
        optional = struct.pack("<HBBIIIIIIIIIHHHHHHIIIIHH", 0x10B, 0, 0, 0, 0, 0, 0x1000, 0, 0, BASE, 0x1000, 0x200,
                               4, 0, 0, 0, 4, 0, 0, size, 0x400, 0, 2, 0)  # fmt: skip
        pe = b"PE\0\0" + struct.pack("<HHIIIHH", 0x14C, 0, 7, 0, 0, 0xE0, 0x102) + optional.ljust(0xE0, b"\0")
        self.pages = {BASE: (b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40) + pe).ljust(0x1000, b"\0")}
        self.absent = absent

    def read(self, address: int, size: int) -> bytes:
        page = address & -0x1000
        if page in self.absent or (address + size - 1) & -0x1000 != page:
            raise ReadError(address, "not-in-dump")
        return self.pages.get(page, bytes(0x1000))[address - page : address - page + size]


def vad(start: int, pages: int, kind: int = IMAGE_MAP, section: int = 0) -> Vad:
    return Vad(start, start, start + pages * 0x1000, False, kind, 7, 0, None, None, section)


def path_of(vad: Vad) -> str:
    return f"file {vad.section}"


RANGES = [vad(BASE + 0x1000, 2), vad(BASE, 1), vad(BASE + 0x3000, 1)]


def starts(space: Space, ranges: list[Vad]) -> dict[int, tuple[int, int]]:
    found = whole_images(space, ranges, path_of)
    return {start: (each.end - BASE, found.pieces.get(start, 1)) for start, each in found.vads.items()}


def test_sections_are_joined_up_to_the_stated_size() -> None:
    assert starts(Space(0x3F80), RANGES) == {BASE: (0x4000, 3)}
    assert starts(Space(0x3F80, (BASE + 0x1000,)), RANGES) == {BASE: (0x4000, 3)}
    assert starts(Space(0x3000), RANGES) == {BASE: (0x3000, 2), BASE + 0x3000: (0x4000, 1)}
    assert [each.base for each in user_modules(Space(0x4000), None, RANGES, 32, lambda _: "")] == [BASE]


def test_what_is_an_image_of_its_own_stays_one() -> None:
    space = Space(0x10000)
    space.pages[BASE + 0x3000] = b"MZ".ljust(0x1000, b"\0")
    assert starts(space, RANGES) == {BASE: (0x3000, 2), BASE + 0x3000: (0x4000, 1)}
    for other in (vad(BASE + 0x4000, 1), vad(BASE + 0x3000, 1, section=9), vad(BASE + 0x3000, 1, kind=0)):
        assert len(starts(Space(0x10000), [*RANGES[:2], other])) == 2


def test_without_headers_nothing_is_joined() -> None:
    assert len(starts(Space(0x10000, (BASE,)), RANGES)) == 3
