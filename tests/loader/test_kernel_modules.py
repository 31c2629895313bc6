"""The loaded-module list: good, broken, looped and hostile."""

import struct

import pytest

from volplugins.loader.kernel_modules import read_unicode_string, walk_loaded_modules
from volplugins.loader.module import Module, ModuleTable
from volplugins.loader.unloaded_modules import read_unloaded_modules
from volplugins.memory.reader import SegmentReader

HEAD = 0xFFFFF80000001000
ENTRY = 0xFFFFF80000002000


def entry64(flink: int, blink: int, base: int, size: int, name_at: int, name: str) -> bytes:
    data = bytearray(0x80)
    struct.pack_into("<QQ", data, 0, flink, blink)
    struct.pack_into("<QQI", data, 0x30, base, base + 0x100, size)
    struct.pack_into("<HHIQ", data, 0x48, 0, 0, 0, 0)
    struct.pack_into("<HHIQ", data, 0x58, 2 * len(name), 2 * len(name), 0, name_at)
    return bytes(data)


def machine(count: int) -> dict[int, bytes]:
    where = [ENTRY + i * 0x1000 for i in range(count)]
    ring = [HEAD, *where]
    memory = {HEAD: struct.pack("<QQ", where[0], where[-1])}
    for i, address in enumerate(where):
        name = f"drv{i}.sys" if i else "ntoskrnl.exe"
        flink, blink = ring[(i + 2) % len(ring)], ring[i]
        memory[address] = entry64(flink, blink, 0xFFFFF80100000000 + i * 0x10000, 0x8000, address + 0x100, name)
        memory[address + 0x100] = name.encode("utf-16-le")
    return memory


def test_all_modules_in_load_order() -> None:
    found = walk_loaded_modules(SegmentReader(machine(4)), HEAD, 64)
    assert [m.image_name for m in found.modules] == ["ntoskrnl.exe", "drv1.sys", "drv2.sys", "drv3.sys"]
    assert found.notes == ()


@pytest.mark.parametrize("path", ["\\SystemRoot\\drivers\\acmedrv.sys", "", "\0\0"])
def test_a_name_of_nuls_gives_way_to_the_path(path: str) -> None:
    memory = machine(2)
    entry = ENTRY + 0x1000
    memory[entry + 0x100] = bytes(16)
    data = bytearray(memory[entry])
    struct.pack_into("<HHIQ", data, 0x48, 2 * len(path), 2 * len(path), 0, entry + 0x200)
    memory |= {entry: bytes(data), entry + 0x200: path.encode("utf-16-le").ljust(8, b"\0")}
    module = walk_loaded_modules(SegmentReader(memory), HEAD, 64).modules[1]
    assert module.name == ("acmedrv" if len(path) > 2 else "unnamed")
    assert module.image_name == ("acmedrv.sys" if len(path) > 2 else "")
    assert module.note == "BaseDllName is 8 NULs"


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("characters", [511, 512, 513, 4000, 32767])
def test_a_string_is_as_long_as_its_own_length_says(bits: int, characters: int) -> None:
    text = "".join(chr(0x21 + number % 90) for number in range(characters))
    half = bits // 8
    descriptor = (2 * characters).to_bytes(2, "little").ljust(half, b"\0") + (0x10000).to_bytes(half, "little")
    memory = SegmentReader({0x10000: text.encode("utf-16-le")})
    assert read_unicode_string(memory, descriptor) == text


def test_bad_entries_cost_themselves_alone() -> None:
    memory = machine(8)
    for number in (2, 6):  # between them nothing is lost, from either end
        entry = bytearray(memory[ENTRY + number * 0x1000])
        struct.pack_into("<I", entry, 0x40, 0)
        memory[ENTRY + number * 0x1000] = bytes(entry)
    found = walk_loaded_modules(SegmentReader(memory), HEAD, 64)
    assert [m.image_name for m in found.modules] == ["ntoskrnl.exe", *(f"drv{n}.sys" for n in (1, 3, 4, 5, 7))]
    assert [note.split(" is ")[0] for note in found.notes] == [f"list entry {ENTRY + n * 0x1000:#x}" for n in (2, 6)]


def test_what_does_not_lead_back_is_not_followed() -> None:
    """A link that was smashed leads into a list of something else: what follows there are no modules of this list."""
    memory = machine(5)
    other = 0xFFFFF80000F00000
    smashed = bytearray(memory[ENTRY + 0x1000])
    struct.pack_into("<Q", smashed, 0, other)
    memory[ENTRY + 0x1000] = bytes(smashed)
    memory[other] = struct.pack("<QQ", other + 0x1000, other + 0x1000).ljust(0x80, b"\0")
    memory[other + 0x1000] = entry64(other, other, 0xFFFFF80300000000, 0x1000, 0, "")
    found = walk_loaded_modules(SegmentReader(memory), HEAD, 64)
    assert [m.image_name for m in found.modules] == ["ntoskrnl.exe", "drv1.sys", "drv2.sys", "drv3.sys", "drv4.sys"]
    assert any("does not lead back" in note for note in found.notes)


def test_an_entry_across_two_pages_of_which_one_is_absent() -> None:
    memory = machine(6)
    for number in (1, 4):
        memory[ENTRY + number * 0x1000] = memory[ENTRY + number * 0x1000][:0x58]
    found = walk_loaded_modules(SegmentReader(memory), HEAD, 64)
    assert [m.base >> 16 & 0xF for m in found.modules] == [0, 1, 2, 3, 4, 5]
    assert [bool(m.image_name) for m in found.modules] == [True, False, True, True, False, True]
    assert "cannot be read (not-in-dump)" in found.modules[1].note and found.notes == ()


def test_many_bad_entries_are_counted() -> None:
    memory = machine(100)
    for number in range(1, 100):
        memory[ENTRY + number * 0x1000] = memory[ENTRY + number * 0x1000][:0x30] + bytes(0x50)
    found = walk_loaded_modules(SegmentReader(memory), HEAD, 64)
    assert (len(found.modules), len(found.notes)) == (1, 17)
    assert found.notes[-1] == "83 more list entries are no modules"


def test_a_hole_is_bridged_from_the_other_end() -> None:
    memory = machine(5)
    del memory[ENTRY + 0x2000]
    found = walk_loaded_modules(SegmentReader(memory), HEAD, 64)
    assert [m.image_name for m in found.modules] == ["ntoskrnl.exe", "drv1.sys", "drv3.sys", "drv4.sys"]
    assert any("not-in-dump" in note for note in found.notes)


def test_a_loop_ends_with_what_was_good() -> None:
    memory = machine(3)
    looped = bytearray(memory[ENTRY + 0x2000])
    struct.pack_into("<Q", looped, 0, ENTRY + 0x1000)
    memory[ENTRY + 0x2000] = bytes(looped)
    found = walk_loaded_modules(SegmentReader(memory), HEAD, 64)
    assert len(found.modules) == 3
    assert any("loop" in note for note in found.notes)


def test_a_missing_name_costs_the_name_only() -> None:
    memory = machine(3)
    del memory[ENTRY + 0x1100]
    found = walk_loaded_modules(SegmentReader(memory), HEAD, 64)
    assert [m.image_name for m in found.modules] == ["ntoskrnl.exe", "", "drv2.sys"]
    assert "unreadable" in found.modules[1].note


def test_an_absent_list_is_named() -> None:
    found = walk_loaded_modules(SegmentReader({}), HEAD, 64)
    assert found.modules == ()
    assert found.notes


@pytest.mark.parametrize(
    ("image", "name"),
    [("ntoskrnl.exe", "nt"), ("ntkrpamp.exe", "nt"), ("halmacpi.dll", "hal"), ("dump_diskdump.sys", "dump_diskdump"),
     ("a-b.sys", "a_b"), ("noext", "noext")],
)  # fmt: skip
def test_windbg_names(image: str, name: str) -> None:
    assert Module(0x1000, 0x1000, image, "", None, None, "loaded-list").name == name


def test_module_of_an_address() -> None:
    table = ModuleTable(
        [Module(0x5000, 0x1000, "b.sys", "", 0, 0, "x"), Module(0x1000, 0x2000, "a.sys", "", 0, 0, "x")]
    )
    assert table.at(0x1000).image_name == "a.sys"
    assert table.at(0x2FFF).image_name == "a.sys"
    assert table.at(0x3000) is None
    assert table.at(0xFFF) is None
    assert table.named("B.SYS").base == 0x5000


def test_unloaded_drivers() -> None:
    ring = struct.pack("<HHIQQQQ", 14, 14, 0, 0x9000, 0x10000, 0x18000, 1) + bytes(0x28 * 49)
    memory = SegmentReader({0x100: struct.pack("<Q", 0x8000), 0x8000: ring, 0x9000: "old.sys".encode("utf-16-le")})
    (module,) = read_unloaded_modules(memory, 0x100, 64)
    assert (module.image_name, module.base, module.end, module.source) == (
        "old.sys",
        0x10000,
        0x18000,
        "unloaded",
    )
    assert read_unloaded_modules(SegmentReader({}), 0x100, 64) == ()


def test_an_unloaded_driver_without_its_name() -> None:
    entry = struct.pack("<HHIQQQQ", 14, 14, 0, 0x9000, 0xFFFFF80000010000, 0xFFFFF80000018000, 1)
    memory = SegmentReader({0x100: struct.pack("<Q", 0x8000), 0x8000: entry + bytes(0x28 * 49)})
    (module,) = read_unloaded_modules(memory, 0x100, 64)
    assert (module.image_name, module.base, module.note) == (
        "", 0xFFFFF80000010000, "Name unreadable (not-in-dump)",
    )  # fmt: skip


def test_names_that_share_one_buffer_are_no_longer_than_a_real_list() -> None:
    memory = machine(600)
    for index in range(1, 600):
        entry = bytearray(memory[ENTRY + index * 0x1000])
        struct.pack_into("<HHIQ", entry, 0x48, 65534, 65534, 0, 0xFFFFF90000000000)
        memory[ENTRY + index * 0x1000] = bytes(entry)
    memory[0xFFFFF90000000000] = b"x\0" * 32767
    modules = walk_loaded_modules(SegmentReader(memory), HEAD, 64).modules
    assert len(modules) == 600
    assert sum(len(module.path) for module in modules) <= 1 << 23
    assert modules[-1].note == "FullDllName unreadable (too-much-text)"
    assert [len(module.path) for module in modules[1:100]] == [32767] * 99
