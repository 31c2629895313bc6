"""Version resources: whole, missing and hostile."""

import struct

import pytest
from made_image import RSRC, MadeImage

from volplugins.image.headers import read_headers
from volplugins.image.version import ImageVersion, read_version
from volplugins.memory.reader import MemoryReader, PageReader, SegmentReader


def version_of(memory: MemoryReader, base: int) -> ImageVersion | None:
    headers = read_headers(memory, base)
    assert headers is not None
    return read_version(memory, headers)


@pytest.mark.parametrize("bits", [32, 64])
def test_numbers_and_strings(bits: int) -> None:
    made = MadeImage(bits)
    found = version_of(PageReader(made.pages()), made.base)
    assert found == ImageVersion("10.0.19041.1", "10.0.19041.1", (("CompanyName", "Contoso"), ("FileVersion", "1x")))
    assert found.string("CompanyName") == "Contoso" and found.string("Nothing") == ""


def test_absent() -> None:
    made = MadeImage(version=None)
    assert version_of(PageReader(made.pages()), made.base) is None
    made = MadeImage()
    assert version_of(PageReader(made.pages(RSRC)), made.base) is None


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        (0x14, 0x80000000),  # type directory leads to itself
        (0x2C, 0x80000000),  # a loop one level down
        (0x44, 0x80000048),  # the data entry claims to be a directory
        (0x10, 17),  # no version among the types
        (0x48, 0xFFFFFFF0),  # data outside the image
        (0x60, 0x0000FFFF),  # root longer than the resource
        (0x60, 0),  # root of no length
        (0x88, 0),  # wrong signature of the fixed part
    ],
)
def test_hostile_resources_end(offset: int, value: int) -> None:
    image = MadeImage().build()
    struct.pack_into("<I", image, RSRC + offset, value)
    assert version_of(SegmentReader({0: bytes(image)}), 0) is None


def test_endless_strings_are_cut() -> None:
    made = MadeImage(strings=[(f"S{i}", "") for i in range(120)])
    found = version_of(PageReader(made.pages()), made.base)
    assert found is not None and len(found.strings) == 120
    image = made.build()
    where = bytes(image).index("S5\0".encode("utf-16-le")) - 6
    struct.pack_into("<H", image, where, 0)
    cut = version_of(SegmentReader({0: bytes(image)}), 0)
    assert cut is not None and [name for name, _ in cut.strings] == ["S0", "S1", "S2", "S3", "S4"]
