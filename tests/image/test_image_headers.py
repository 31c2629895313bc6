"""Headers of whole, half-present and hostile images."""

import struct

import pytest
from made_image import RSRC, SIZE, TEXT, MadeImage

from volplugins.image.headers import Section, read_headers
from volplugins.memory.reader import PageReader, SegmentReader


@pytest.mark.parametrize("bits", [32, 64])
def test_whole_headers(bits: int) -> None:
    made = MadeImage(bits)
    headers = read_headers(PageReader(made.pages()), made.base)
    assert headers is not None
    assert (headers.base, headers.bits, headers.machine) == (made.base, bits, {32: 0x14C, 64: 0x8664}[bits])
    assert (headers.timestamp, headers.checksum, headers.entry_point) == (0x5F5E1000, 0xC0FFEE, 0x1040)
    assert (headers.size_of_image, headers.subsystem, headers.notes) == (SIZE, 1, ())
    assert [s.name for s in headers.sections] == [".text", ".rdata", ".edata", ".rsrc"]
    assert headers.sections[0] == Section(".text", TEXT, 0x1000, 0x68000020)
    assert headers.sections[0].executable and not headers.sections[1].executable
    assert headers.section_at(RSRC + 5) == headers.sections[3]
    assert headers.section_at(SIZE) is None
    assert len(headers.directories) == 16 and headers.directories[6] == (0x2000, 28)


@pytest.mark.parametrize("bits", [32, 64])
def test_only_the_first_page_is_needed(bits: int) -> None:
    made = MadeImage(bits)
    first = {made.base: made.pages()[made.base]}
    assert read_headers(PageReader(first), made.base) == read_headers(PageReader(made.pages()), made.base)


def test_no_image() -> None:
    pages = MadeImage().pages()
    base = MadeImage().base
    assert read_headers(PageReader({}), base) is None
    assert read_headers(PageReader(pages), base + TEXT) is None
    assert read_headers(SegmentReader({base: b"MZ"}), base) is None


@pytest.mark.parametrize("pe", [0, 0x1000, 0x7FFFFFFF, 0xFFFFFFFF, 0x84])
def test_wild_e_lfanew(pe: int) -> None:
    image = MadeImage().build()
    struct.pack_into("<I", image, 0x3C, pe)
    assert read_headers(SegmentReader({0x1000: bytes(image)}), 0x1000) is None


@pytest.mark.parametrize(
    ("kept", "sections", "note"),
    [
        (0x98, 0, "optional header cut short"),
        (0xC0, 0, "optional header cut short"),
        (0x188 + 85, 2, "2 of 4 section headers missing"),
    ],
)
def test_half_present(kept: int, sections: int, note: str) -> None:
    image = MadeImage().build()
    headers = read_headers(SegmentReader({0x4000: bytes(image[:kept])}), 0x4000)
    assert headers is not None
    assert (headers.bits, headers.machine, headers.timestamp) == (64, 0x8664, 0x5F5E1000)
    assert len(headers.sections) == sections
    assert any(note in text for text in headers.notes), headers.notes


def test_headers_over_a_page_border() -> None:
    image = MadeImage().build()
    moved = bytearray(SIZE)
    moved[0xF80 : 0xF80 + 0x300] = image[0x80:0x380]
    moved[0:2] = b"MZ"
    struct.pack_into("<I", moved, 0x3C, 0xF80)
    pages = {at: bytes(moved[at : at + 0x1000]) for at in range(0, SIZE, 0x1000)}
    whole = read_headers(PageReader(pages), 0)
    assert whole is not None and len(whole.sections) == 4
    del pages[0x1000]
    half = read_headers(PageReader(pages), 0)
    assert half is not None and half.machine == 0x8664 and half.sections == ()
    assert "4 of 4 section headers missing" in half.notes


@pytest.mark.parametrize("size", [0, 0x80000001, 0xFFFFFFFF])
def test_impossible_size_of_image(size: int) -> None:
    image = MadeImage().build()
    struct.pack_into("<I", image, 0x98 + 56, size)
    headers = read_headers(SegmentReader({0: bytes(image)}), 0)
    assert headers is not None and headers.size_of_image == SIZE
    assert [note for note in headers.notes if "SizeOfImage" in note] == [
        f"SizeOfImage {size:#x} makes no sense; size taken from the sections"
    ]


def test_no_sections_no_size_from_them() -> None:
    """Where not one section header is there either, nothing is said to be taken from them."""
    image = MadeImage().build()
    cut = read_headers(SegmentReader({0x4000: bytes(image[:0x98])}), 0x4000)
    assert cut is not None and cut.sections == () and cut.stated_size is None
    assert [note for note in cut.notes if "SizeOfImage" in note] == ["SizeOfImage is cut off"]


def test_hostile_counts_are_cut() -> None:
    image = MadeImage().build()
    struct.pack_into("<H", image, 0x86, 0xFFFF)
    struct.pack_into("<I", image, 0x98 + 108, 0xFFFFFFFF)
    headers = read_headers(SegmentReader({0: bytes(image)}), 0)
    assert headers is not None
    assert len(headers.sections) == 96 and len(headers.directories) == 16
    assert {"NumberOfSections 65535 cut to 96", "NumberOfRvaAndSizes 4294967295 cut to 16"} <= set(headers.notes)


def test_directories_past_their_count_and_past_the_image() -> None:
    image = MadeImage().build()
    struct.pack_into("<I", image, 0x98 + 108, 3)
    struct.pack_into("<II", image, 0x98 + 112, SIZE, 1)
    headers = read_headers(SegmentReader({0: bytes(image)}), 0)
    assert headers is not None
    assert headers.directories[2][0] == RSRC and headers.directories[6] == (0, 0)
    assert any("directory 0" in note for note in headers.notes)


def test_unknown_magic_and_odd_names() -> None:
    image = MadeImage(32).build()
    struct.pack_into("<H", image, 0x98, 0x999)
    image[0x178 : 0x178 + 8] = b"\xffab\x07text"
    headers = read_headers(SegmentReader({0: bytes(image)}), 0)
    assert headers is not None and headers.bits == 32
    assert headers.sections[0].name == "\\xffab\x07text"
    assert any("magic 0x999" in note for note in headers.notes)


@pytest.mark.parametrize(("kept", "stated", "checksum"), [(56, None, None), (60, SIZE, None), (68, SIZE, 0xC0FFEE)])
def test_what_a_cut_header_does_not_hold_is_not_made_up(kept: int, stated: int | None, checksum: int | None) -> None:
    image = MadeImage().build()
    (pe,) = struct.unpack_from("<I", image, 0x3C)
    headers = read_headers(SegmentReader({0x4000: bytes(image[: pe + 24 + kept])}), 0x4000)
    assert headers is not None and headers.cut
    assert (headers.stated_size, headers.checksum) == (stated, checksum)
    whole = read_headers(SegmentReader({0x4000: bytes(image)}), 0x4000)
    assert whole is not None and not whole.cut and whole.stated_size == SIZE
