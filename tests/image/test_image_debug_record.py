"""Debug records: RSDS and NB10, by the directory and by search, whole and hostile."""

import struct

import pytest
from made_image import GUID_TEXT, RDATA, MadeImage

from volplugins.image import debug_record
from volplugins.image.debug_record import MOST_ENTRIES, DebugRecord, cut_entries, read_debug_record
from volplugins.image.headers import read_headers
from volplugins.memory.reader import MemoryReader, PageReader, SegmentReader
from volplugins.vol.symbols.image_facts import ImageFactsReader

DIRECTORY_AT = {32: 0x98 + 96 + 48, 64: 0x98 + 112 + 48}


def record_of(memory: MemoryReader, base: int) -> DebugRecord | None:
    headers = read_headers(memory, base)
    assert headers is not None
    return read_debug_record(memory, headers)


@pytest.mark.parametrize("bits", [32, 64])
def test_rsds(bits: int) -> None:
    made = MadeImage(bits, age=0x1A)
    found = record_of(PageReader(made.pages()), made.base)
    assert found == DebugRecord("contoso.pdb", "d:\\os\\obj\\amd64\\contoso.pdb", GUID_TEXT, 26, "debug-directory")
    assert found.guid_age == GUID_TEXT + "1a"
    assert found.symbol_path == f"contoso.pdb/{GUID_TEXT}1a/contoso.pdb"


def test_nb10_of_old_images() -> None:
    made = MadeImage(32, b"ntoskrnl.pdb", 2, nb10=True)
    found = record_of(PageReader(made.pages()), made.base)
    assert found is not None
    assert (found.guid, found.age, found.symbol_path) == ("3B7D84E3", 2, "ntoskrnl.pdb/3B7D84E32/ntoskrnl.pdb")


def test_found_by_search_where_the_directory_is_gone() -> None:
    made = MadeImage()
    image = made.build()
    struct.pack_into("<II", image, DIRECTORY_AT[64], 0, 0)
    found = record_of(SegmentReader({0: bytes(image)}), 0)
    assert found is not None
    assert (found.source, found.guid, found.pdb_name) == ("scan", GUID_TEXT, "contoso.pdb")


def test_missing_pages_give_nothing() -> None:
    made = MadeImage()
    assert record_of(PageReader(made.pages(RDATA)), made.base) is None


def test_a_search_passes_false_starts() -> None:
    image = MadeImage().build()
    struct.pack_into("<II", image, DIRECTORY_AT[64], 0, 0)
    image[RDATA + 8 : RDATA + 12] = b"RSDS"
    image[RDATA + 0x40 : RDATA + 0x44] = b"RSDS"
    found = record_of(SegmentReader({0: bytes(image)}), 0)
    assert found is not None and found.pdb_name == "contoso.pdb"


def test_a_search_through_tags_alone_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 pages of tags, each the start of one long path."""
    made = MadeImage()
    image = made.build().ljust(0x80000, b"\0")
    filled = b"RSDS" * 0x10000 + b"RSDS" * 24000 + b"\n.pdb\0"
    image[0x8000 : 0x8000 + len(filled)] = filled
    struct.pack_into("<I", image, 0x98 + 56, len(image))
    struct.pack_into("<II", image, 0x98 + 240 + 40 + 8, 0x40000, 0x8000)
    struct.pack_into("<II", image, DIRECTORY_AT[64], 0, 0)
    decoded = counted_paths(monkeypatch)
    assert record_of(SegmentReader({0: bytes(image)}), 0) is None
    assert sum(decoded) <= 256 << 10


@pytest.mark.parametrize(("tags", "name"), [(255, "contoso.pdb"), (256, None)])
def test_a_search_goes_on_behind_what_is_no_record(tags: int, name: str | None) -> None:
    image = MadeImage().build().ljust(0x80000, b"\0")
    image[0x8000 : 0x8000 + 4 * tags] = b"RSDS" * tags
    image[0x9000:0x9200] = image[RDATA + 0x100 : RDATA + 0x300]
    struct.pack_into("<I", image, 0x98 + 56, len(image))
    struct.pack_into("<II", image, 0x98 + 240 + 40 + 8, 0x40000, 0x8000)
    struct.pack_into("<II", image, DIRECTORY_AT[64], 0, 0)
    found = record_of(SegmentReader({0: bytes(image)}), 0)
    assert (found.pdb_name if found else None) == name


def test_a_directory_of_long_paths_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of entries lead to one record whose long path is no path."""
    image = MadeImage().build().ljust(0x80000, b"\0")
    struct.pack_into("<I", image, 0x98 + 56, len(image))
    path = b"\xff" * 90000 + b"\n\0"
    image[0x40000 : 0x40000 + 24 + len(path)] = b"RSDS" + bytes(20) + path
    entry = struct.pack("<12x4I", 2, 0, 0x40000, 0)
    image[0x8000 : 0x8000 + 28 * MOST_ENTRIES] = entry * MOST_ENTRIES
    struct.pack_into("<II", image, DIRECTORY_AT[64], 0x8000, 28 * MOST_ENTRIES)
    decoded = counted_paths(monkeypatch)
    found = record_of(SegmentReader({0: bytes(image)}), 0)
    assert found is not None and found.source == "scan"
    assert sum(decoded) <= 100_000


def counted_paths(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Lengths of the paths that are decoded from now on."""
    lengths: list[int] = []
    checked = debug_record._checked

    def count(raw: debug_record._Raw, source: str) -> DebugRecord | None:
        lengths.append(len(raw.path))
        return checked(raw, source)

    monkeypatch.setattr(debug_record, "_checked", count)
    return lengths


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (b"contoso.pdb", "contoso.pdb"),
        (b"/build/out/contoso.pdb", "contoso.pdb"),
        (b"..\\..\\x.pdb", "x.pdb"),
        ("d:\\größe.pdb".encode(), "größe.pdb"),
        (b"", None),
        (b"d:\\dir\\", None),
        (b"d:\\dir\\..", None),
        (b"a\nb.pdb", None),
        (b"d:\\" + b"x" * 2000 + b"\\deep.pdb", "deep.pdb"),
    ],
)
def test_paths(path: bytes, name: str | None) -> None:
    made = MadeImage(pdb_path=path)
    found = record_of(PageReader(made.pages()), made.base)
    assert (found.pdb_name if found else None) == name


@pytest.mark.parametrize("pair", [(RDATA, 0xFFFFFFFF), (0xFFFFFFFF, 28), (0x6FFF, 0x10000), (RDATA, 27), (1, 28)])
def test_hostile_directories_end(pair: tuple[int, int]) -> None:
    image = MadeImage().build()
    struct.pack_into("<II", image, DIRECTORY_AT[64], *pair)
    found = record_of(SegmentReader({0: bytes(image)}), 0)
    assert found is not None and found.guid == GUID_TEXT


def test_first_usable_entry_wins() -> None:
    image = MadeImage().build()
    image[RDATA + 28 : RDATA + 56] = image[RDATA : RDATA + 28]
    struct.pack_into("<I", image, RDATA + 20, 0x7F000000)
    struct.pack_into("<II", image, DIRECTORY_AT[64], RDATA, 56)
    found = record_of(SegmentReader({0: bytes(image)}), 0)
    assert found is not None and found.source == "debug-directory"


def many_records(count: int) -> SegmentReader:
    """An image whose directory has ``count`` entries, the last one that of the PDB."""
    made = MadeImage()
    image = made.build().ljust(0x40000, b"\0")
    entry = bytes(image[RDATA : RDATA + 28])
    image[RDATA : RDATA + 4] = bytes(4)
    struct.pack_into("<I", image, 0x80 + 24 + 56, len(image))
    other = struct.pack("<12xI12x", 12)
    image[0x8000 : 0x8000 + 28 * count] = other * (count - 1) + entry
    struct.pack_into("<II", image, DIRECTORY_AT[64], 0x8000, 28 * count)
    return SegmentReader({0: bytes(image)})


@pytest.mark.parametrize("count", [40, MOST_ENTRIES])
def test_no_number_of_entries_that_linkers_write_is_cut(count: int) -> None:
    memory = many_records(count)
    headers = read_headers(memory, 0)
    assert headers is not None and cut_entries(headers) == ""
    found = read_debug_record(memory, headers)
    assert found is not None and found.source == "debug-directory"


def test_more_entries_are_said_to_be_cut() -> None:
    count = MOST_ENTRIES + 1
    memory = many_records(count)
    facts = ImageFactsReader().read(memory, 0, "contoso.sys")
    assert f"of {count} debug records the first {MOST_ENTRIES} are looked at" in facts.missing
