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


def test_every_string_is_kept() -> None:
    """Lengths within a version block have 16 bits; what they can hold is all taken."""
    image = MadeImage(strings=[(f"{number:x}", "") for number in range(2000)]).build()
    struct.pack_into("<I", image, 0x98 + 56, len(image))
    found = version_of(SegmentReader({0: bytes(image)}), 0)
    assert found is not None and [name for name, _ in found.strings] == [f"{number:x}" for number in range(2000)]


def test_the_version_behind_every_other_type() -> None:
    """A directory has as many entries as its two counts of 16 bits say."""
    image = MadeImage().build()
    others, grown = 6000, 8 * 6000
    behind = bytearray(image[RSRC + 0x18 :])
    for at in (0x2C, 0x44, 0x48):  # the directories below, the data entry, the data
        value = int.from_bytes(behind[at - 0x18 : at - 0x14], "little")
        behind[at - 0x18 : at - 0x14] = (value + grown).to_bytes(4, "little")
    image[RSRC + 0xC :] = struct.pack("<HH", 0, others + 1) + struct.pack("<II", 1, 0) * others
    image += struct.pack("<II", 16, 0x80000018 + grown) + behind
    struct.pack_into("<I", image, 0x98 + 56, len(image))
    found = version_of(SegmentReader({0: bytes(image)}), 0)
    assert found is not None and found.string("CompanyName") == "Contoso"
