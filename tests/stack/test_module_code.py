"""Which addresses of a module are code: by its section table, by known variables where that is missing."""

from __future__ import annotations

import struct

import pytest

from volplugins.kernel.debugger_data import decode_debugger_data
from volplugins.loader.module import Module, ModuleTable
from volplugins.loader.symbolizer import Symbolizer
from volplugins.memory.reader import SegmentReader
from volplugins.threads.module_code import ModuleCode

BASE, SIZE = 0xFFFFF80000000000, 0x80000
TEXT, DATA, INIT, WRITABLE_CODE = 0x60000020, 0xC0000040, 0x62000020, 0xE0000020
SECTIONS = ((0x1000, TEXT), (0x2000, DATA), (0x3000, INIT), (0x4000, WRITABLE_CODE))


def headers(sections=SECTIONS) -> bytes:
    page = bytearray(0x1000)
    page[:2], page[0x3C:0x40] = b"MZ", struct.pack("<I", 0x80)
    page[0x80:0x98] = struct.pack("<4sHHIIIHH", b"PE\0\0", 0x8664, len(sections), 1, 0, 0, 240, 0x22)
    page[0x98:0x9A] = struct.pack("<H", 0x20B)
    page[0x98 + 56 : 0x98 + 60] = struct.pack("<I", SIZE)
    for number, (rva, kind) in enumerate(sections):
        row = struct.pack("<8sIIII12xI", b"s", 0x1000, rva, 0x1000, 0x400, kind)
        page[0x188 + 40 * number : 0x188 + 40 * number + 40] = row
    return bytes(page)


def code(segments: dict[int, bytes], variables: tuple[int, ...] = ()) -> ModuleCode:
    module = Module(BASE, SIZE, "ntoskrnl.exe", "", None, None, "test")
    return ModuleCode(SegmentReader(segments), ModuleTable([module]), None, variables)


@pytest.mark.parametrize(
    ("rva", "there", "wanted"),
    [(0x1800, False, True), (0x2800, True, False), (0x3800, True, True), (0x3800, False, False),
     (0x4800, True, True), (0x4800, False, False), (0x800, True, False), (0x9000, True, False)],
)  # fmt: skip
def test_sections_say_what_is_code(rva: int, there: bool, wanted: bool) -> None:
    """INIT is code as long as it has not been given back: a driver crashes in DriverEntry too."""
    segments = {BASE: headers()} | ({BASE + rva - 8: bytes(16)} if there else {})
    assert code(segments).holds(BASE + rva) is wanted


@pytest.mark.parametrize("start", [b"", headers()[:0x100], headers()[: 0x188 + 40]])
def test_without_the_section_table_known_variables_mark_the_data(start: bytes) -> None:
    """Their pages, and what lies between close ones; nothing else is taken away."""
    found = code({BASE: start} if start else {}, (BASE + 0x20010, BASE + 0x24100, BASE + 0x60000, 0x1234))
    holds = {rva: found.holds(BASE + rva) for rva in (0x1800, 0x20FFF, 0x22000, 0x24FFF, 0x25000, 0x40000, 0x60800)}
    assert holds == {0x1800: True, 0x20FFF: False, 0x22000: False, 0x24FFF: False, 0x25000: True, 0x40000: True,
                     0x60800: False}  # fmt: skip


def test_the_debugger_block_gives_variables_but_no_routines() -> None:
    block = bytearray(0x340)
    block[0x10:0x18] = b"KDBG" + struct.pack("<I", 0x340)
    for at in range(0x18, 0x298, 8):
        block[at : at + 8] = struct.pack("<Q", BASE + at)
    data = decode_debugger_data(bytes(block), BASE, 64)
    assert data is not None
    offsets = {at - BASE for at in data.variables}
    assert {0x48, 0x50, 0x218, 0x290} <= offsets
    assert not offsets & {0x18, 0x20, 0x38, 0x40, 0x208, 0x298}


class Names:
    """A table of two symbols, as a PDB or as exports."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def lookup(self, name: str) -> int | None:
        return None

    def nearest(self, rva: int) -> tuple[str, int] | None:
        known = [(0x1000, "IoFirst"), (0x3000, "guard_dispatch_icall"), (0x4000, "??_C@_1DO@text@")]
        below = [(at, name) for at, name in known if at <= rva]
        return (below[-1][1], rva - below[-1][0]) if below else None


def test_only_a_pdb_says_where_a_function_starts() -> None:
    module = Module(BASE, SIZE, "ntoskrnl.exe", "", None, None, "test")
    pdb, exports = (Symbolizer(ModuleTable([module]), lambda _m, k=kind: Names(k)) for kind in ("pdb", "export"))
    assert pdb.function_start(BASE + 0x1234) == BASE + 0x1000
    assert exports.function_start(BASE + 0x1234) is None
    assert exports.function_start(BASE + 0x1000) == BASE + 0x1000
    assert exports.locate(BASE + 0x1234).text() == "nt!IoFirst+0x234"
    assert pdb.function_start(BASE + 0x4010) is None, "a constant between functions is none"
    assert pdb.function_start(BASE + 0x2FFFF + 0x1000) is None
    assert (pdb.dispatches(BASE + 0x3000), pdb.dispatches(BASE + 0x1000)) == (True, False)
    assert exports.dispatches(BASE + 0x3000) is None
