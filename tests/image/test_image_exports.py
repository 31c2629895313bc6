"""Export tables: nearest name, ordinals, forwarders, missing pages, hostile counts."""

import struct

import pytest
from made_image import EDATA, NAMES, MadeImage

from volplugins.image import exports
from volplugins.image.exports import ExportTable, read_exports
from volplugins.image.headers import read_headers
from volplugins.memory.reader import MemoryReader, PageReader, SegmentReader

EXPORTS: list[tuple[str, int | str]] = [
    ("KeBugCheckEx", 0x1100),
    ("", 0x1200),
    ("ExAllocatePool", 0x1080),
    ("RtlAllocate", "NTDLL.RtlAllocateHeap"),
    ("AAlias", 0x1100),
    ("", 0),
]


def table_of(memory: MemoryReader, base: int) -> ExportTable | None:
    headers = read_headers(memory, base)
    assert headers is not None
    return read_exports(memory, headers)


def made_table(bits: int = 64, ordinal_base: int = 7) -> ExportTable:
    made = MadeImage(bits, exports=EXPORTS, ordinal_base=ordinal_base)
    table = table_of(PageReader(made.pages()), made.base)
    assert table is not None
    return table


@pytest.mark.parametrize("bits", [32, 64])
def test_names_ordinals_forwarders(bits: int) -> None:
    table = made_table(bits)
    assert table.lookup("KeBugCheckEx") == 0x1100
    assert table.lookup("Ordinal_8") == 0x1200
    assert table.lookup("RtlAllocate") is None and table.lookup("nothing") is None
    assert table.forwarders == {"RtlAllocate": "NTDLL.RtlAllocateHeap"}
    assert (len(table), table.image_name, table.kind, table.notes) == (5, "CONTOSO.sys", "export", ())


def test_nearest() -> None:
    table = made_table()
    assert table.rvas.tolist() == [0x1080, 0x1100, 0x1200]
    assert table.nearest(0x107F) is None
    assert table.nearest(0x1080) == ("ExAllocatePool", 0)
    assert table.nearest(0x10FF) == ("ExAllocatePool", 0x7F)
    assert table.nearest(0x1100) == ("AAlias", 0), "first in alphabetical order where two share an RVA"
    assert table.nearest(0xFFFFFFFF) == ("Ordinal_8", 0xFFFFFFFF - 0x1200)
    assert table.nearest(-1) is None and table.nearest(1 << 40) is None


def test_no_exports() -> None:
    made = MadeImage()
    assert table_of(PageReader(made.pages()), made.base) is None
    made.exports = EXPORTS
    assert table_of(PageReader(made.pages(EDATA)), made.base) is None


def test_missing_name_pages_cost_names_only() -> None:
    made = MadeImage(exports=EXPORTS)
    table = table_of(PageReader(made.pages(NAMES)), made.base)
    assert table is not None
    assert table.rvas.tolist() == [0x1080, 0x1100, 0x1200]
    assert table.nearest(0x1104) == ("Ordinal_1", 4)
    assert "4 export names unreadable" in table.notes


def test_missing_part_of_the_function_table() -> None:
    many: list[tuple[str, int | str]] = [("", 0x1000 + i) for i in range(1500)]
    made = MadeImage(exports=many)
    table = table_of(PageReader(made.pages(EDATA + 0x1000)), made.base)
    assert table is not None and len(table) == (0x1000 - 0x100) // 4
    assert table.notes == ("540 of 1500 entries of the export function table missing",)


@pytest.mark.parametrize("field", [20, 24])
def test_hostile_counts_end(field: int) -> None:
    image = MadeImage(exports=EXPORTS).build()
    struct.pack_into("<I", image, EDATA + field, 0xFFFFFFFF)
    table = table_of(SegmentReader({0: bytes(image)}), 0)
    assert table is not None
    assert table.lookup("KeBugCheckEx") == 0x1100
    assert any("cut to 65536" in note for note in table.notes)


def test_every_name_the_same_endless_string() -> None:
    class Filled:
        """Memory of As, but for the image's own first pages."""

        def __init__(self, image: bytes) -> None:
            self.image = image

        def read(self, address: int, size: int) -> bytes:
            return self.image[address : address + size].ljust(size, b"A")

    image = MadeImage(exports=EXPORTS).build()[:EDATA] + struct.pack(
        "<12x7I", 0, 1, 65536, 65536, 0x100000, 0x200000, 0x300000
    )
    struct.pack_into("<I", image, 0x98 + 56, 1 << 30)
    image += bytes(0x100000 - len(image)) + struct.pack("<65536I", *range(0x400000, 0x410000))
    image += bytes(0x200000 - len(image)) + struct.pack("<65536I", *[0x500000] * 65536)
    image += bytes(0x300000 - len(image)) + struct.pack("<65536H", *range(65536))
    image += bytes(0x500000 - len(image)) + b"N" * 4000 + b"\0"
    table = table_of(Filled(bytes(image)), 0)
    assert table is not None
    assert any("left out" in note for note in table.notes)


def forwarding(places: list[int], string: bytes) -> ExportTable:
    """An image whose exports all lead elsewhere: to the texts at ``places`` in a run of ``string``."""
    image = MadeImage(exports=EXPORTS).build()
    where = len(image)
    image += struct.pack(f"<{len(places)}I", *(where + 4 * len(places) + place for place in places)) + string
    struct.pack_into("<I", image, 0x98 + 56, len(image))
    struct.pack_into("<II", image, 0x98 + 112, EDATA, len(image) - EDATA)
    struct.pack_into("<5I", image, EDATA + 16, 1, len(places), 0, where, 0)
    table = table_of(SegmentReader({0: bytes(image)}), 0)
    assert table is not None
    return table


def test_forwarders_to_one_long_string_hold_it_once() -> None:
    table = forwarding([0] * 65536, b"\xff" * 500 + b"\0")
    assert len(table.forwarders) == 65536 and not table.cut
    assert len({id(target) for target in table.forwarders.values()}) == 1
    assert not forwarding([0], b"D." * 2048 + b"\0").forwarders, "no name is this long"


def test_targets_of_forwarders_are_left_out_where_they_are_too_much() -> None:
    table = forwarding([place % 0x8000 for place in range(65536)], (b"\xff" * 500 + b"\0") * 90)
    assert table.cut == ("targets of forwarded exports past 8 MiB left out",)
    assert sum(map(len, set(table.forwarders.values()))) < 9 << 20


def test_targets_and_names_share_their_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "_MOST_NAME_BYTES", sum(len(name) + 1 for name, _ in EXPORTS if name))
    table = made_table()
    assert not table.forwarders and table.lookup("KeBugCheckEx") == 0x1100
    assert table.cut == ("targets of forwarded exports past 0 MiB left out",)


def test_names_with_odd_bytes_stay_readable() -> None:
    image = MadeImage(exports=[("NameX", 0x1000)]).build()
    where = bytes(image).index(b"NameX")
    image[where : where + 5] = b"N\xff\x01e\x80"
    table = table_of(SegmentReader({0: bytes(image)}), 0)
    assert table is not None and table.names == ("N\\xff\x01e\\x80",)


@pytest.mark.parametrize("bits", [32, 64])
def test_as_pefile_says(bits: int) -> None:
    pefile = pytest.importorskip("pefile")
    image = bytes(MadeImage(bits, exports=EXPORTS, ordinal_base=7).build())
    judge = pefile.PE(data=image).DIRECTORY_ENTRY_EXPORT.symbols
    table = table_of(SegmentReader({0: image}), 0)
    assert table is not None
    ours = {**{name: table.lookup(name) for name in table.names}, "AAlias": table.lookup("AAlias")}
    theirs = {
        symbol.name.decode() if symbol.name else f"Ordinal_{symbol.ordinal}": symbol.address
        for symbol in judge
        if symbol.forwarder is None and symbol.address
    }
    assert theirs == {**ours, "KeBugCheckEx": table.lookup("KeBugCheckEx")}
    assert {s.name.decode(): s.forwarder.decode() for s in judge if s.forwarder} == table.forwarders
