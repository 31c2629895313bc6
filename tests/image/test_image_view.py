"""Reads by RVA over memory with holes."""

import pytest

from volplugins.image.image_view import ImageView
from volplugins.memory.reader import PageReader, ReadError, SegmentReader

BASE = 0x140000000


def view(missing: int | None = None) -> ImageView:
    pages = {BASE + at: bytes([at >> 12]) * 0x1000 for at in range(0, 0x4000, 0x1000) if at != missing}
    return ImageView(PageReader(pages), BASE, 0x3800)


def test_reads_stay_inside_the_image() -> None:
    assert view().read(0xFFF, 2) == b"\x00\x01"
    assert view().read(0x37FF, 1) == b"\x03"
    for rva, size in ((0x3800, 1), (0x37FF, 2), (-1, 1), (0, -1)):
        with pytest.raises(ReadError, match="outside-image"):
            view().read(rva, size)


def test_sparse_reads_mark_what_is_missing() -> None:
    data, present = view(0x1000).read_sparse(0xFF0, 0x1020)
    assert data == bytes(0x1010) + b"\x02" * 0x10
    assert present[:0x10].all() and not present[0x10:0x1010].any() and present[0x1010:].all()


def test_text_over_pages_and_over_a_hole() -> None:
    pages = {0: bytes(0xFFE) + b"ab", 0x1000: b"cd\0".ljust(0x1000, b"x"), 0x3000: b"y" * 0x1000}
    whole = ImageView(PageReader(pages), 0, 0x4000)
    assert whole.text(0xFFE, 100) == b"abcd"
    assert whole.text(0x1002, 100) == b""
    with pytest.raises(ReadError, match="not-in-dump"):
        whole.text(0x1FF0, 100)
    with pytest.raises(ReadError, match="no-terminator"):
        whole.text(0x3000, 100)
    with pytest.raises(ReadError, match="outside-image"):
        whole.text(0x3FF0, 100)


def test_text_in_memory_of_pieces() -> None:
    pieces = ImageView(SegmentReader({0x1010: b"name\0rest", 0x1030: b"tail"}), 0, 0x4000)
    assert pieces.text(0x1010, 100) == b"name"
    with pytest.raises(ReadError):
        pieces.text(0x1030, 100)
