"""Memory where a dump has a header: encoded data block, start block, bugcheck data, registers."""

from __future__ import annotations

import struct

import pytest

from tests.lab.machine_memory import kernel_bytes, lowest_entry, made, pointer
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.lab.machines.five_levels import with_five_levels
from volplugins.lab.writers.live_memory import live_memory

_ALL_ONES = (1 << 64) - 1


def _symbol(snapshot: Snapshot, name: str) -> int:
    return int(snapshot.truth["modules"][0]["base"] + snapshot.truth["symbols"]["nt"][name])


def _decoded(snapshot: Snapshot, size: int) -> bytes:
    """The debugger data block by the published way to decode it."""
    never, always = (pointer(snapshot, _symbol(snapshot, name)) for name in ("KiWaitNever", "KiWaitAlways"))
    flag = _symbol(snapshot, "KdpDataBlockEncoded")
    words = []
    for (word,) in struct.iter_unpack("<Q", kernel_bytes(snapshot, _symbol(snapshot, "KdDebuggerDataBlock"), size)):
        value, count = word ^ never, (never & 0xFF) % 64
        value = (value << count | value >> (64 - count)) & _ALL_ONES
        value = int.from_bytes((value ^ (flag | 0xFFFF000000000000)).to_bytes(8, "little"), "big")
        words.append(value ^ always)
    return struct.pack(f"<{len(words)}Q", *words)


@pytest.mark.parametrize(("base", "host"), [(0, 0), (1, 1), (2, 0)])
def test_windows_10_encodes_its_data_block(base: int, host: int) -> None:
    plain = made("win10-x64", "driver-read", base, host)
    live = live_memory(plain)
    block, flag = _symbol(plain, "KdDebuggerDataBlock"), _symbol(plain, "KdpDataBlockEncoded")
    assert live.truth["live_memory"]["kdbg_encoded"] and kernel_bytes(live, flag, 1) == b"\1"
    assert kernel_bytes(live, block, 0x380) != kernel_bytes(plain, block, 0x380) == _decoded(live, 0x380)
    assert not any(b"KDBG" in page for page in live.pages.values())
    assert kernel_bytes(plain, flag, 1) == b"\0"  # what dumps are written from
    assert live_memory(live) is live


def test_it_can_stay_in_clear_and_older_ones_do() -> None:
    for snapshot in (live_memory(made("win10-x64"), encoded=False), live_memory(made("win7-x64"))):
        assert not snapshot.truth["live_memory"]["kdbg_encoded"]
        assert kernel_bytes(snapshot, _symbol(snapshot, "KdDebuggerDataBlock") + 0x10, 4) == b"KDBG"


@pytest.mark.parametrize("machine", ["win10-x64", "win7-x64"])
def test_the_start_block_is_where_others_look_for_it(machine: str) -> None:
    plain = made(machine, "none", 1, 1)
    snapshot = live_memory(plain)
    at = snapshot.truth["live_memory"]["start_block"]
    assert 0 < at < 1 << 20 and at // PAGE not in plain.pages
    page = snapshot.pages[at // PAGE]
    target, directory = (struct.unpack_from("<Q", page, offset)[0] for offset in (0x70, 0xA0))
    assert struct.unpack_from("<Q", page)[0] & 0xFFFFFFFFFFFF00FF == 0x00000001000600E9
    kernel = snapshot.truth["modules"][0]
    assert kernel["base"] < target < kernel["base"] + kernel["size"]
    assert directory == snapshot.truth["system_directory"] and directory & 0xFFFFFF0000000FFF == 0


def test_x86_has_no_start_block() -> None:
    assert live_memory(made("xp-x86")).pages == made("xp-x86").pages


@pytest.mark.parametrize("machine", MACHINES)
def test_the_bugcheck_is_recorded_where_there_was_one(machine: str) -> None:
    for fault in ("driver-read", "none"):
        snapshot = made(machine, fault)
        width = snapshot.bits // 8
        at = pointer(snapshot, _symbol(snapshot, "KdDebuggerDataBlock") + 0x88)
        words = [pointer(snapshot, at + width * index) for index in range(5)]
        names = ("BugCheckCode", *(f"BugCheckParameter{number}" for number in range(1, 5)))
        assert words == [snapshot.header[name] for name in names] and any(words) == (fault != "none")


@pytest.mark.parametrize("machine", MACHINES)
def test_a_processors_block_holds_its_context_after_a_crash_only(machine: str) -> None:
    known = PROFILES[machine].structures
    context_at, cr3_at = (
        known.offset("_KPRCB", f"ProcessorState.{path}") for path in ("ContextFrame", "SpecialRegisters.Cr3")
    )
    size = known.size("_CONTEXT")
    for fault in ("driver-read", "none"):
        snapshot = made(machine, fault)
        for each, cpu in zip(snapshot.truth["processors"], snapshot.cpus, strict=True):
            kept = kernel_bytes(snapshot, each["prcb"] + context_at, size)
            assert kept == (cpu.context[:size] if snapshot.crashed else bytes(size))
            directory = pointer(snapshot, each["prcb"] + cr3_at)
            assert directory == (cpu.cr3 if snapshot.crashed else snapshot.truth["system_directory"])
            assert cpu.block == each["pcr"]
        assert snapshot.cpus[0].context == snapshot.context


@pytest.mark.parametrize("machine", MACHINES)
def test_blocks_of_processors_lead_to_themselves(machine: str) -> None:
    snapshot, known = made(machine, "none"), PROFILES[machine].structures
    mine, current = ("Self", "CurrentPrcb") if snapshot.bits == 64 else ("SelfPcr", "Prcb")
    for each in snapshot.truth["processors"]:
        assert pointer(snapshot, each["pcr"] + known.offset("_KPCR", mine)) == each["pcr"]
        assert pointer(snapshot, each["pcr"] + known.offset("_KPCR", current)) == each["prcb"]


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("host", [0, 1])
def test_shared_user_data_agrees_with_the_header(machine: str, host: int) -> None:
    snapshot, profile = made(machine, "none", 0, host), PROFILES[machine]
    page = kernel_bytes(snapshot, profile.shared_user_data, PAGE)

    def time(offset: int) -> int:
        low, high, again = struct.unpack_from("<III", page, offset)
        assert high == again
        return int(high << 32 | low)

    assert time(0x14) == snapshot.header["SystemTime"] and time(0x08) == snapshot.header["SystemUpTime"]
    assert struct.unpack_from("<II", page, 0x26C) == profile.version
    if profile.build >= 10240:
        assert struct.unpack_from("<I", page, 0x260)[0] == profile.build
    if profile.build >= 6000:
        assert struct.unpack_from("<I", page, 0x3C0)[0] == snapshot.header["NumberProcessors"]
    assert time(0x20) & _ALL_ONES == ((-60, 480)[host] * 600_000_000) & _ALL_ONES


@pytest.mark.parametrize("machine", MACHINES)
def test_what_the_kernel_exports_leads_to_the_lists(machine: str) -> None:
    snapshot = made(machine, "none", 2, 0)
    base = snapshot.truth["modules"][0]["base"]
    exports = {name: base + rva for name, rva in snapshot.truth["exports"]["nt"].items()}
    system = next(each for each in snapshot.truth["processes"] if each["pid"] == 4)
    assert pointer(snapshot, exports["PsInitialSystemProcess"]) == system["eprocess"]
    assert exports["PsLoadedModuleList"] == snapshot.header["PsLoadedModuleList"]
    number = int.from_bytes(kernel_bytes(snapshot, exports["NtBuildNumber"], 4), "little")
    assert number == 0xF0000000 | PROFILES[machine].build


@pytest.mark.parametrize("machine", MACHINES)
def test_the_runs_of_ram_are_in_memory_too(machine: str) -> None:
    snapshot = made(machine, "none")
    width = snapshot.bits // 8
    block = pointer(snapshot, pointer(snapshot, _symbol(snapshot, "KdDebuggerDataBlock") + 0x270))
    count, pages, *words = [pointer(snapshot, block + width * index) for index in range(8)]
    assert count == 3 and pages == sum(length for _, length in snapshot.runs)
    assert list(zip(words[::2], words[1::2], strict=True)) == snapshot.runs


def test_systems_directory_maps_itself() -> None:
    for machine in MACHINES:
        snapshot = made(machine, "none")
        directory = snapshot.truth["system_directory"]
        slot = snapshot.truth["self_map"]
        at = {"x64": 0xFFFF << 48 | slot << 39, "pae": 0xC0600000, "x86": 0xC0000000}[PROFILES[machine].mode.name]
        if snapshot.pae:
            frame = struct.unpack_from("<Q", snapshot.pages[directory >> 12], directory & 0xFFF)[0] >> 12
        else:
            at |= slot << 30 | slot << 21 | slot << 12 if snapshot.bits == 64 else 0x300 << 12
            frame = directory >> 12
        assert lowest_entry(snapshot, directory, at) >> 12 & 0xFFFFFFFFF == frame


def test_five_levels_are_in_the_registers_too() -> None:
    snapshot = with_five_levels(made("win10-x64"))
    offset = PROFILES["win10-x64"].structures.offset("_KPRCB", "ProcessorState.SpecialRegisters.Cr3")
    directories = {each["dtb"] for each in snapshot.truth["processes"]}
    for each, cpu in zip(snapshot.truth["processors"], snapshot.cpus, strict=True):
        assert cpu.cr3 in directories and cpu.cr4 & 1 << 12
        assert pointer(snapshot, each["prcb"] + offset) == cpu.cr3
        assert pointer(snapshot, each["prcb"] + offset + 8) == cpu.cr4
    at = live_memory(snapshot).truth["live_memory"]["start_block"]
    assert (
        struct.unpack_from("<Q", live_memory(snapshot).pages[at >> 12], 0xA0)[0] == snapshot.truth["system_directory"]
    )
