"""Dump files read back: by volatility3's own layers, and by a reader of the published layouts written here."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.writers import KINDS, KINDS32, write

RUNS = [(1, 0x9E), (0x100, 0x205), (0x1000, 3)]
USER = {0x9E, 0x102, 0x1001}
KERNEL = {1, 2, 3, 0x100, 0x1F0, 0x304, 0x1002}


def page(pfn: int) -> bytes:
    return struct.pack("<I", 0xC0DE0000 | pfn) * (PAGE // 4)


def snapshot(bits: int) -> Snapshot:
    header = {
        "MinorVersion": 19041 if bits == 64 else 2600,
        "DirectoryTableBase": 0x1AD000,
        "PsLoadedModuleList": 0xFFFFF80312340000 if bits == 64 else 0x80561FA0,
        "PsActiveProcessHead": 0xFFFFF80312350000 if bits == 64 else 0x80562FA0,
        "KdDebuggerDataBlock": 0xFFFFF80312360000 if bits == 64 else 0x80546AE0,
        "BugCheckCode": 0xD1,
        "BugCheckParameter1": 0x10,
        "BugCheckParameter2": 2,
        "BugCheckParameter3": 8,
        "BugCheckParameter4": 0xFFFFF80300001000 if bits == 64 else 0xF8A51000,
        "SystemTime": 133500000000000000,
        "SystemUpTime": 36000000000,
        "Comment": "made by the lab",
    }
    return Snapshot(
        machine=f"tiny-{bits}",
        bits=bits,
        pae=bits == 32,
        pages={pfn: page(pfn) for pfn in USER | KERNEL},
        runs=list(RUNS),
        kernel_pfns=set(KERNEL),
        header=header,
        context=bytes(range(256)) * (4 if bits == 64 else 2),
        exception=b"\x05\0\0\xc0".ljust(0x98 if bits == 64 else 0x50, b"\1"),
    )


ALL = {pfn for base, count in RUNS for pfn in range(base, base + count)}
HELD = {
    "full": ALL,
    "bitmap-full": ALL,
    "live-complete": ALL,
    "kernel-summary": KERNEL,
    "kernel-summary-old": KERNEL,
    "bitmap-kernel": KERNEL,
    "live-kernel": KERNEL,
    "active": KERNEL | USER,
    "live-kernel-user": KERNEL | USER,
}
PAGED_KINDS = [(64, kind) for kind in KINDS if kind in HELD] + [(32, kind) for kind in KINDS32 if kind in HELD]
TYPES = {
    "full": 1,
    "kernel-summary": 2,
    "kernel-summary-old": 2,
    "triage": 4,
    "bitmap-full": 5,
    "bitmap-kernel": 6,
    "active": 6,
    "live-kernel": 8,
    "live-kernel-user": 9,
    "live-complete": 10,
}


def u32(data: bytes, offset: int) -> int:
    return int(struct.unpack_from("<I", data, offset)[0])


def u64(data: bytes, offset: int) -> int:
    return int(struct.unpack_from("<Q", data, offset)[0])


def pages_by_bitmap(data: bytes, first: int, bits: int, start: int) -> dict[int, bytes]:
    found = {}
    for pfn in range(bits):
        if data[start + pfn // 8] >> (pfn % 8) & 1:
            offset = first + len(found) * PAGE
            found[pfn] = data[offset : offset + PAGE]
    return found


def pages_by_runs(data: bytes, bits: int) -> dict[int, bytes]:
    base, word = (0x88, 8) if bits == 64 else (0x64, 4)
    number = u64 if word == 8 else u32
    found: dict[int, bytes] = {}
    for index in range(u32(data, base)):
        at = base + 2 * word + index * 2 * word
        for pfn in range(number(data, at), number(data, at) + number(data, at + word)):
            offset = (0x2000 if bits == 64 else 0x1000) + len(found) * PAGE
            found[pfn] = data[offset : offset + PAGE]
    assert number(data, base + word) == len(found)
    return found


def pages_by_ranges(data: bytes) -> dict[int, bytes]:
    marker, signature, valid, _, metadata, first = struct.unpack_from("<I4s4sIQQ", data, 0x2000)
    assert (marker, signature, valid) == (0x40, b"RDMP", b"DUMP")
    assert metadata - 0x20 == first - 0x2040 and metadata % 16 == 0
    found: dict[int, bytes] = {}
    for at in range(0x2030, 0x2030 + metadata, 16):
        pfn, count = struct.unpack_from("<QQ", data, at)
        if not pfn:
            break
        for one in range(pfn, pfn + count):
            found[one] = data[first + len(found) * PAGE :][:PAGE]
    if u32(data, 0xF98) == 0xA:
        assert u64(data, 0x2028) == len(found)
    return found


def read_pages(data: bytes, bits: int, kind: str) -> dict[int, bytes]:
    summary = 0x2000 if bits == 64 else 0x1000
    if kind == "full":
        return pages_by_runs(data, bits)
    if kind.startswith("live"):
        return pages_by_ranges(data)
    signature = b"FDMPDUMP" if kind == "bitmap-full" else b"SDMPDUMP"
    assert data[summary : summary + 8] == signature
    if kind == "kernel-summary-old":
        first, size, present, rtl_size = (u32(data, summary + at) for at in (0xC, 0x10, 0x14, 0x18))
        assert size == rtl_size
        found = pages_by_bitmap(data, first, size, summary + (0x28 if bits == 64 else 0x20))
    else:
        first, present, size = (u64(data, summary + at) for at in (0x20, 0x28, 0x30))
        found = pages_by_bitmap(data, first, size, summary + 0x38)
    assert present == len(found) and first % PAGE == 0
    return found


@pytest.mark.parametrize(("bits", "kind"), PAGED_KINDS)
def test_every_page_comes_back_and_no_other(bits: int, kind: str, tmp_path: Path) -> None:
    machine = snapshot(bits)
    data = write(machine, kind, tmp_path / "a.dmp").read_bytes()
    found = read_pages(data, bits, kind)
    assert set(found) == HELD[kind]
    assert all(found[pfn] == machine.pages.get(pfn, bytes(PAGE)) for pfn in found)


@pytest.mark.parametrize(("bits", "kind"), PAGED_KINDS)
def test_header_says_what_the_file_is(bits: int, kind: str, tmp_path: Path) -> None:
    data = write(snapshot(bits), kind, tmp_path / "a.dmp").read_bytes()
    assert data[:8] == (b"PAGEDU64" if bits == 64 else b"PAGEDUMP")
    type_at, space_at = (0xF98, 0xFA0) if bits == 64 else (0xF88, 0xFA0)
    assert u32(data, type_at) == TYPES[kind]
    assert u64(data, space_at) == len(data)


def test_header64_fields_are_where_windows_has_them(tmp_path: Path) -> None:
    machine = snapshot(64)
    data = write(machine, "full", tmp_path / "a.dmp").read_bytes()
    assert u64(data, 0x10) == 0x1AD000 and u64(data, 0x80) == 0xFFFFF80312360000
    assert u32(data, 0x30) == 0x8664 and u32(data, 0x38) == 0xD1 and u64(data, 0x58) == 0xFFFFF80300001000
    assert data[0x348:].startswith(machine.context) and data[0xF00:].startswith(machine.exception)
    assert u64(data, 0xFA8) == 133500000000000000 and u64(data, 0x1030) == 36000000000
    assert data[0xFB0:0xFC0] == b"made by the lab\0"
    assert u32(data, 0x1050) == 0 and u32(data, 0x1054) == 1
    assert data[0x3C:0x40] == data[0x8C:0x90] == data[0x1058:0x105C] == data[0x1FFC:0x2000] == b"PAGE"


def test_header32_fields_are_where_windows_has_them(tmp_path: Path) -> None:
    machine = snapshot(32)
    data = write(machine, "full", tmp_path / "a.dmp").read_bytes()
    assert u32(data, 0x10) == 0x1AD000 and u32(data, 0x60) == 0x80546AE0 and u32(data, 0x38) == 0xF8A51000
    assert u32(data, 0x20) == 0x14C and data[0x5C] == 1
    assert data[0x320:].startswith(machine.context) and data[0x7D0:].startswith(machine.exception)
    assert u64(data, 0xFB8) == 36000000000 and u64(data, 0xFC0) == 133500000000000000
    assert data[0x8A0:0x8A8] == b"PAGEPAGE"  # no Attributes before Windows 8


def test_live_dumps_say_so_in_their_attributes(tmp_path: Path) -> None:
    data = write(snapshot(64), "live-kernel", tmp_path / "a.dmp").read_bytes()
    assert u32(data, 0x1050) & 0x10


def test_free_pages_take_no_room_on_disk(tmp_path: Path) -> None:
    machine = snapshot(64)
    machine.runs = [(1, 0x4000)]
    path = write(machine, "full", tmp_path / "a.dmp")
    assert path.stat().st_size == 0x2000 + 0x4000 * PAGE
    if path.stat().st_blocks * 512 > path.stat().st_size // 2:
        pytest.skip("this file system knows no sparse files")
    assert path.stat().st_blocks * 512 < 1 << 20


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in KINDS32])
def test_no_64_bit_kind_of_a_32_bit_machine(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="32-bit"):
        write(snapshot(32), kind, tmp_path / "a.dmp")


def test_a_misspelt_header_field_is_refused(tmp_path: Path) -> None:
    machine = snapshot(64)
    machine.header["DirectoryTablebase"] = 1
    with pytest.raises(ValueError, match="DirectoryTablebase"):
        write(machine, "full", tmp_path / "a.dmp")


@pytest.mark.parametrize(("bits", "room"), [(64, 42), (32, 86)])
def test_more_runs_than_the_header_has_room_for(bits: int, room: int, tmp_path: Path) -> None:
    machine = snapshot(bits)
    machine.runs = [(2 * index + 1, 1) for index in range(room)]
    data = write(machine, "full", tmp_path / "a.dmp").read_bytes()
    assert len(pages_by_runs(data, bits)) == room
    assert data[0x348 if bits == 64 else 0x320 :].startswith(machine.context)
    machine.runs.append((0x9000, 1))
    with pytest.raises(ValueError, match="runs"):
        write(machine, "full", tmp_path / "a.dmp")


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("kind", ["full", "bitmap-full"])
def test_volatility3_reads_every_page(bits: int, kind: str, tmp_path: Path) -> None:
    contexts = pytest.importorskip("volatility3.framework.contexts")
    from volatility3.framework.layers import crash, physical

    machine = snapshot(bits)
    path = write(machine, kind, tmp_path / "a.dmp")
    context = contexts.Context()
    context.config["file.location"] = path.as_uri()
    context.add_layer(physical.FileLayer(context, "file", "file"))
    context.config["dump.base_layer"] = "file"
    layer_class = crash.WindowsCrashDump64Layer if bits == 64 else crash.WindowsCrashDump32Layer
    layer = layer_class(context, "dump", "dump")
    context.add_layer(layer)
    assert layer.dtb == 0x1AD000
    for pfn in ALL:
        assert layer.read(pfn * PAGE, PAGE) == machine.pages.get(pfn, bytes(PAGE)), hex(pfn)
    for pfn in (0, 0x9F, 0xFF, 0x305, 0xFFF, 0x1003):
        assert not layer.is_valid(pfn * PAGE, PAGE), hex(pfn)


@pytest.mark.parametrize("kind", [kind for kind in HELD if "summary" not in kind])
def test_kdmp_parser_reads_every_page(kind: str, tmp_path: Path) -> None:
    kdmp_parser = pytest.importorskip("kdmp_parser", reason="kdmp-parser is not installed")
    machine = snapshot(64)
    context = bytearray(0x4D0)
    context[0x34:0x38] = context[0x118:0x11C] = b"\x80\x1f\0\0"  # it wants both copies of MXCSR to be equal
    machine.context = bytes(context)
    dump = kdmp_parser.KernelDumpParser(write(machine, kind, tmp_path / "a.dmp"))
    assert int(dump.type) == TYPES[kind] and dump.directory_table_base == 0x1AD000
    found = {address // PAGE: bytes(dump.pages[address]) for address in dump.pages}
    assert set(found) == HELD[kind]
    assert all(found[pfn] == machine.pages.get(pfn, bytes(PAGE)) for pfn in found)
