"""Layouts without symbols: built in by build, corrected by KDBG, found in an unknown build."""

import json
import lzma
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from volplugins.kernel.debugger_data import decode_debugger_data
from volplugins.kernel.layouts import (
    STRUCTURES,
    built_in,
    with_debugger_data,
)
from volplugins.kernel.system_process import find_process_layout, system_faults
from volplugins.memory.reader import SegmentReader
from volplugins.paging.invalid_entry import built_in_layout
from volplugins.paging.mode import PagingMode
from volplugins.vol.symbols.symbol_layouts import kernel_layouts

TABLES = Path(__file__).parents[2].parent / "shared" / "data" / "isf" / "windows"
EPROCESS = 0xFFFFA80012345000


def system_process(pid_at: int, name_at: int, size: int = 0xA40) -> dict[int, bytes]:
    data = bytearray(size)
    data[0] = 3
    struct.pack_into("<QQQ", data, 8, EPROCESS + 8, EPROCESS + 8, 0)
    struct.pack_into("<Q", data, 0x28, 0x1AD000)
    struct.pack_into("<QQQ", data, pid_at, 4, 0xFFFFA80099990000, 0xFFFFF80000001000)
    data[name_at : name_at + 6] = b"System"
    return {EPROCESS: bytes(data)}


@pytest.mark.parametrize(
    ("build", "name_at"), [(7601, 0x2E0), (9600, 0x438), (17763, 0x450), (19045, 0x5A8), (22631, 0x5A8)]
)
def test_built_in_rows_follow_the_build(build: int, name_at: int) -> None:
    assert built_in(64, build).process.offset("ImageFileName") == name_at


def test_a_layout_that_does_not_fit_is_noticed_and_another_found() -> None:
    memory = SegmentReader(system_process(0x1D0, 0x338))  # as a later build has it
    wrong = built_in(64, 19041).process
    assert system_faults(memory, EPROCESS + 0x1D8, wrong, 64)
    found = find_process_layout(memory, EPROCESS + 0x1D8, wrong, 64)
    assert found is not None
    assert (found.offset("UniqueProcessId"), found.offset("ImageFileName")) == (0x1D0, 0x338)
    assert system_faults(memory, EPROCESS + 0x1D8, replace(found, members=_known(found)), 64) == ()


def _known(found):
    known = ("UniqueProcessId", "ActiveProcessLinks", "ImageFileName", "DirectoryTableBase")
    return {name: found.members[name] for name in known}


def test_nothing_is_found_where_there_is_no_process() -> None:
    assert (
        find_process_layout(SegmentReader({EPROCESS: bytes(0x1000)}), EPROCESS + 0x448, built_in(64, 1).process, 64)
        is None
    )
    assert find_process_layout(SegmentReader({}), EPROCESS, built_in(64, 1).process, 64) is None


def kdbg(size: int = 0x360) -> bytearray:
    data = bytearray(size)
    data[0x10:0x14] = b"KDBG"
    struct.pack_into("<I", data, 0x14, size)
    struct.pack_into("<Q", data, 0x18, 0xFFFFFFFF804D7000)
    struct.pack_into("<H", data, 0x2B4, 0x18)
    return data


def test_debugger_data_wins_over_built_in() -> None:
    data = decode_debugger_data(bytes(kdbg()), 0x1000, 64)
    assert with_debugger_data(built_in(64, 7601), data, 64).processor.offset("CurrentThread") == 0x18


def test_32_bit_addresses_are_cut_from_their_sign_extension() -> None:
    assert decode_debugger_data(bytes(kdbg()), 0x1000, 32).addresses["KernBase"] == 0x804D7000


def test_a_block_without_its_tag_or_of_no_length_is_none() -> None:
    assert decode_debugger_data(bytes(0x360), 0, 64) is None
    assert decode_debugger_data(b"KDBG", 0, 64) is None


@pytest.mark.parametrize(
    ("pdb", "guid", "bits", "build"),
    [
        ("ntkrnlmp.pdb", "339E74133576439CBCDF7E0229DA3773", 64, 7601),
        ("ntkrnlmp.pdb", "169C65213E3E42DDBEB4E3AC66312B82", 64, 9600),
        ("ntkrnlmp.pdb", "DBBC830E3E9A48FDA25A2144C146930E", 64, 14393),
        ("ntkrnlmp.pdb", "1806D020A6E46538D7AC3325FAC114D8", 64, 17763),
        ("ntkrnlmp.pdb", "5278AFF86C341677D7D7835C85B7B844", 64, 19041),
        ("ntkrnlmp.pdb", "879AD95F3461091BB6318FA98072AD8E", 64, 20348),
        ("ntkrnlmp.pdb", "DCC3FFCBE9C59B5668C1DE2BD6CBC6DF", 64, 22000),
        ("ntkrpamp.pdb", "7A11000000000000000000000000E861", 32, 7601),
        ("ntkrpamp.pdb", "A190410000000000000000000000E861", 32, 19041),
        ("ntoskrnl.pdb", "5A03000000000000000000000000E861", 32, 2600),
    ],
)
def test_built_in_tables_agree_with_real_symbol_tables(pdb: str, guid: str, bits: int, build: int) -> None:
    path = TABLES / pdb / f"{guid}-1.json.xz"
    if not path.exists():
        pytest.skip("real kernels' symbol tables are not beside the repository")
    with lzma.open(path) as file:
        table = json.load(file)
    said = kernel_layouts(table["user_types"], table["base_types"], {}, bits)
    stated = built_in(bits, build)
    for field in STRUCTURES:
        ours, theirs = getattr(stated, field), getattr(said, field)
        for member in (*ours.members, *ours.bits):
            if member == "ContextFrame":
                assert ours.offset(member) == theirs.offset(member)
            else:
                place = theirs.members.get(member) or theirs.bits.get(member)
                assert (ours.members.get(member) or ours.bits[member]) == place, f"{ours.name}.{member}"
    assert said.invalid is not None
    mode = PagingMode.X64 if bits == 64 else PagingMode.X86 if pdb == "ntoskrnl.pdb" else PagingMode.PAE
    assert (said.invalid.prototype_parts is not None) == (mode is PagingMode.X86)
    modern = build >= 17763 or mode is not PagingMode.X64
    own = built_in_layout(mode, build)
    if modern:
        assert said.invalid.page_file_low == own.page_file_low
        assert (said.invalid.swizzle, said.invalid.prototype_parts) == (own.swizzle, own.prototype_parts)
    assert said.invalid.page_file_high == own.page_file_high


@pytest.mark.parametrize("build", [26100, 26200, 28000])
def test_windows_11_24h2_and_later_have_a_row_of_their_own(build: int) -> None:
    """EPROCESS shrank from 0xB80 to 0x840 bytes: nothing of the rows before holds."""
    layouts, before = built_in(64, build), built_in(64, 22631)
    for member in ("UniqueProcessId", "ActiveProcessLinks", "ImageFileName", "Peb", "VadRoot", "ObjectTable"):
        assert layouts.process.offset(member) != before.process.offset(member)
    assert layouts.process.size <= 0x840 and layouts.thread.size <= 0x788
    assert layouts.thread.offset("ThreadListEntry") == 0x578
    # the session is another structure there, with its number where it was
    assert (layouts.process.offset("Session"), layouts.session.offset("SessionId")) == (0x2E8, 8)
    assert layouts.vad.bits["MemCommit"] == (0x30, 4, 25, 1) and before.vad.bits["MemCommit"] == (0x34, 4, 31, 1)
