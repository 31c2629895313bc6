"""The lab's target on the wire: a debugger of a few lines attaches, asks, and leaves."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from tests.lab.kd_client import Client
from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.machines.five_levels import with_five_levels
from volplugins.lab.serve.served_machine import serve_snapshot
from volplugins.lab.serve.server import MachineServer

FAILED = 0xC0000001
KINDS = (*MACHINES, "win10-x64-la57")


@lru_cache(maxsize=8)
def snapshot_of(name: str, fault: str = "driver-read", processor: int = 0) -> Snapshot:
    made = build(name.removesuffix("-la57"), fault, processor=processor)
    return with_five_levels(made) if name.endswith("-la57") else made


@pytest.fixture(params=KINDS)
def served(request: pytest.FixtureRequest) -> Iterator[tuple[MachineServer, Client, Snapshot]]:
    """Each machine, stopped by a debugger."""
    snapshot = snapshot_of(request.param)
    with MachineServer(serve_snapshot(snapshot)) as server, Client(server.address) as client:
        client.break_in()
        yield server, client, snapshot


def kernel_base(snapshot: Snapshot) -> int:
    return int(next(each["base"] for each in snapshot.truth["modules"] if each["name"] == "nt"))


def extended(snapshot: Snapshot, address: int) -> int:
    return address if snapshot.bits == 64 else address | 0xFFFFFFFF00000000


def symbol(snapshot: Snapshot, name: str) -> int:
    return kernel_base(snapshot) + int(snapshot.truth["symbols"]["nt"][name])


def wait_until(condition: object, seconds: float = 3) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize("name", KINDS)
def test_break_in_and_state_change(name: str) -> None:
    snapshot = snapshot_of(name)
    with MachineServer(serve_snapshot(snapshot)) as server, Client(server.address) as client:
        assert server.running
        payload = client.break_in()
        assert not server.running
        assert len(payload) == (0xF0 if snapshot.bits == 64 else 0xF4)
        state, _level, processor, count = struct.unpack_from("<IHHI", payload)
        thread, pc = struct.unpack_from("<QQ", payload, 16)
        assert (state, processor, count) == (0x3030, 0, 2)
        assert thread == extended(snapshot, snapshot.truth["thread"]["ethread"])
        at, width = (0xF8, 8) if snapshot.bits == 64 else (0xB8, 4)
        ip = int.from_bytes(snapshot.context[at : at + width], "little")
        assert pc == extended(snapshot, ip)
        assert struct.unpack_from("<I", payload, 32)[0] == 0x80000003
        code_at = 192 + (24 if snapshot.bits == 64 else 12)
        assert payload[code_at : code_at + 16] == client.read(ip, 16)[1]
    first = client.frames[0]
    assert (first.kind, first.id) == (7, 0x80800800)


def test_version_and_data_block(served: tuple[MachineServer, Client, Snapshot]) -> None:
    _, client, snapshot = served
    status, union, data = client.request(0x3146)
    wide = snapshot.bits == 64
    assert (status, data) == (0, b"")
    major, build_number, protocol, _, flags, machine = struct.unpack_from("<HHBBHH", union)
    assert (major, build_number, protocol) == (0xF, snapshot.header["MinorVersion"], 6)
    assert (flags, machine) == ((7, 0x8664) if wide else (3, 0x14C))
    base, modules, head = struct.unpack_from("<QQQ", union, 16)
    assert base == extended(snapshot, kernel_base(snapshot))
    assert modules == extended(snapshot, symbol(snapshot, "PsLoadedModuleList"))
    entry = int.from_bytes(client.read(head, snapshot.bits // 8)[1], "little")
    assert entry == symbol(snapshot, "KdDebuggerDataBlock")
    assert client.read(entry, 0x14)[1][0x10:] == b"KDBG"
    assert client.read(base, 2) == (0, b"MZ")


def test_version_bytes_are_laid_out_as_those_of_windows_8_1() -> None:
    # the first sixteen bytes of a real target of build 9600, from a published transcript (libKDNET): all but the build
    real = bytes.fromhex("0f00 8025 0602 0700 6486 0c03 3100 0000")
    served = serve_snapshot(snapshot_of("win10-x64"))
    assert served.version[:2] + real[2:4] + served.version[4:16] == real
    assert int.from_bytes(real[2:4], "little") == 9600
    assert len(served.version) == 40


def test_every_mapped_page_reads_as_it_is(served: tuple[MachineServer, Client, Snapshot]) -> None:
    server, client, snapshot = served
    pages = server.kernel.machine.pages
    some = sorted(snapshot.virtual.items())[::37]
    assert len(some) > 5
    for page, pfn in some:
        assert client.read(page + 0x10, 0x80) == (0, pages.get(pfn, bytes(PAGE))[0x10:0x90])
        assert client.read(pfn * PAGE + 0x10, 0x80, api=0x313D) == (0, pages.get(pfn, bytes(PAGE))[0x10:0x90])


def test_user_memory_of_the_process_that_was_running(served: tuple[MachineServer, Client, Snapshot]) -> None:
    _, client, snapshot = served
    peb = snapshot.truth["process"]["peb"]
    if not peb:
        pytest.skip("a process without user memory was running")
    wide = snapshot.bits == 64
    status, data = client.read(peb + (0x10 if wide else 8), 8 if wide else 4)  # ImageBaseAddress
    assert status == 0
    assert client.read(int.from_bytes(data, "little"), 2) == (0, b"MZ")


def test_reads_that_end_early(served: tuple[MachineServer, Client, Snapshot]) -> None:
    _, client, snapshot = served
    end = next(page + PAGE for page in sorted(snapshot.virtual) if page + PAGE not in snapshot.virtual)
    assert client.read(end - 8, 0x20)[0] == FAILED
    assert len(client.read(end - 8, 0x20)[1]) == 8
    assert client.read(end, 0x20) == (FAILED, b"")
    gap = (snapshot.runs[0][0] + snapshot.runs[0][1]) * PAGE
    status, data = client.read(gap - 8, 0x20, api=0x313D)
    assert (status, len(data)) == (FAILED, 8)
    assert client.read(1 << 45, 0x20, api=0x313D) == (FAILED, b"")
    if snapshot.bits == 64:
        assert client.read(0x8000000000000000, 8) == (FAILED, b"")


def test_a_large_read_is_cut_to_what_a_packet_holds(served: tuple[MachineServer, Client, Snapshot]) -> None:
    _, client, snapshot = served
    start = next(page for page in sorted(snapshot.virtual) if page + PAGE in snapshot.virtual)
    assert [len(data) for _, data in (client.read(start, 0x2000), client.read(start, 0xFFFFFFFF))] == [3944, 3944]


def test_control_space(served: tuple[MachineServer, Client, Snapshot]) -> None:
    _, client, snapshot = served
    for number, (cpu, block) in enumerate(zip(snapshot.cpus, snapshot.truth["processors"], strict=True)):
        if snapshot.bits == 64:
            words = [client.read(base, 8, 0x3137, number)[1] for base in (0, 1, 3)]
            pcr, prcb, thread = (int.from_bytes(each, "little") for each in words)
            assert (pcr, prcb) == (block["pcr"], block["prcb"])
            assert int.from_bytes(client.read(prcb + 8, 8)[1], "little") == thread
            status, special = client.read(2, 0x1000, 0x3137, number)
            assert (status, len(special)) == (0, 0xF0 if snapshot.machine.startswith("win10") else 0xD8)
            assert struct.unpack_from("<QQQQ", special) == (cpu.cr0, cpu.cr2, cpu.cr3, cpu.cr4)
            assert struct.unpack_from("<HQ", special, 0x66) == (cpu.idt[1], cpu.idt[0])
            assert client.read(9, 8, 0x3137, number) == (FAILED, b"")
        else:
            status, state = client.read(0, 0x320, 0x3137, number)
            assert (status, state[:0x2CC]) == (0, cpu.context)
            assert struct.unpack_from("<IIII", state, 0x2CC) == (cpu.cr0, cpu.cr2, cpu.cr3, cpu.cr4)
            assert client.read(0x2D4, 4, 0x3137, number)[1] == struct.pack("<I", cpu.cr3)
            assert struct.unpack_from("<HI", state, 0x2FE) == (cpu.idt[1], cpu.idt[0])
            assert client.read(0x300, 0x40, 0x3137, number) == (FAILED, b"")


def test_contexts_of_every_processor(served: tuple[MachineServer, Client, Snapshot]) -> None:
    _, client, snapshot = served
    size = 0x4D0 if snapshot.bits == 64 else 0x2CC
    for number, cpu in enumerate(snapshot.cpus):
        status, _, context = client.request(0x3132, struct.pack("<I", 0x10001F), processor=number)
        assert (status, len(context), context) == (0, size, cpu.context[:size])
        status, union, part = client.request(0x315F, struct.pack("<II", 0x30, 0x100), processor=number)
        assert (status, part) == (0, context[0x30:0x130])
        assert struct.unpack_from("<I", union, 8)[0] == 0x100
    assert client.request(0x3132, processor=7)[0] == FAILED


def test_registers_and_requests_that_are_not_there(served: tuple[MachineServer, Client, Snapshot]) -> None:
    _, client, snapshot = served
    status, union, _ = client.request(0x3152, struct.pack("<I", 0xC0000080))
    assert (status, struct.unpack_from("<I", union)[0]) == (0, 0xC0000080)
    if snapshot.bits == 64:
        _, union, _ = client.request(0x3152, struct.pack("<I", 0xC0000101), processor=1)
        assert struct.unpack_from("<Q", union, 4)[0] == snapshot.truth["processors"][1]["pcr"]
    assert client.request(0x3152, struct.pack("<I", 0x12345678))[0] == FAILED
    assert client.request(0x3156, struct.pack("<QQI", 0, 0x1000, 4), b"KDBG") == (
        FAILED, struct.pack("<QQI", 0, 0x1000, 4).ljust(40, b"\0"), b"",
    )  # fmt: skip
    assert client.request(0x3FFF)[0] == FAILED
    status, union, _ = client.request(0x315C, struct.pack("<Q", extended(snapshot, kernel_base(snapshot))))
    assert (status, struct.unpack_from("<II", union, 16)) == (0, (2, 7))


def test_switching_processors_is_answered_by_a_state_change(served: tuple[MachineServer, Client, Snapshot]) -> None:
    _, client, snapshot = served
    client.data(2, struct.pack("<IHHII", 0x3150, 0, 1, 0, 0) + bytes(40))
    payload = client.wait(7).payload
    assert struct.unpack_from("<IHH", payload)[::2] == (0x3030, 1)
    assert client.frames[-1].id & 0x800 == 0
    assert client.read(kernel_base(snapshot), 2) == (0, b"MZ")


def test_it_runs_on_and_nothing_was_written(served: tuple[MachineServer, Client, Snapshot]) -> None:
    server, client, snapshot = served
    client.read(kernel_base(snapshot), 2)
    client.go(dr7=0x455, wide=snapshot.bits == 64)
    wait_until(lambda: server.running)
    assert server.log.continues == [(0x10002, 0x455)]
    assert server.log.writes == []
    client.break_in()
    assert client.frames[-1].id == 0x80800800
    for api in (0x3131, 0x313E, 0x3133, 0x3153, 0x3134):
        assert client.request(api, struct.pack("<QI", kernel_base(snapshot), 2), b"\xcc\xcc")[0] == FAILED
    assert client.read(kernel_base(snapshot), 2) == (0, b"MZ")
    assert [each.api for each in server.log.writes] == [0x3131, 0x313E, 0x3133, 0x3153, 0x3134]


def test_a_plain_continue(served: tuple[MachineServer, Client, Snapshot]) -> None:
    server, client, _ = served
    client.data(2, struct.pack("<IHHIII", 0x3136, 0, 0, 0, 0, 0x10002).ljust(56, b"\0"))
    wait_until(lambda: server.running)
    assert server.log.continues == [(0x10002, None)]


def test_a_machine_that_ran_has_saved_its_registers_and_shows_its_data_block() -> None:
    snapshot = snapshot_of("win10-x64", "none-user")
    machine = serve_snapshot(snapshot)
    with MachineServer(machine) as server, Client(server.address) as client:
        client.break_in()
        assert client.read(symbol(snapshot, "KdDebuggerDataBlock") + 0x10, 4)[1] == b"KDBG"
        context = snapshot.cpus[0].context
        at = snapshot.truth["processors"][0]["prcb"] + 0x100 + 0xF0
        assert client.read(at, len(context))[1] == context
        assert client.request(0x3132)[2] == context


def test_a_shadowed_process_is_read_by_the_directory_of_the_kernel() -> None:
    snapshot = build("win10-x64", "none-user", host=1)
    process = snapshot.truth["process"]
    assert process["shadow"]
    with MachineServer(serve_snapshot(snapshot)) as server, Client(server.address) as client:
        client.break_in()
        assert struct.unpack_from("<Q", client.read(2, 0x18, 0x3137)[1], 0x10)[0] == process["dtb"]
        assert client.read(kernel_base(snapshot), 2) == (0, b"MZ")


def test_a_short_data_block_has_no_processors() -> None:
    snapshot = snapshot_of("win7-x86-pae")
    block = symbol(snapshot, "KdDebuggerDataBlock")
    with MachineServer(serve_snapshot(snapshot, short_data_block=True)) as server, Client(server.address) as client:
        client.break_in()
        size = struct.unpack("<I", client.read(block + 0x14, 4)[1])[0]
        assert size == 0x218
        assert client.read(block + 0x218, 16) == (0, bytes(16))


def test_at_a_unix_socket_which_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "a" / "kd.sock"
    machine = serve_snapshot(snapshot_of("xp-x86"))
    with MachineServer(machine, str(path)) as server:
        assert server.address == str(path)
        with Client(str(path)) as client:
            client.break_in()
        with pytest.raises(OSError):
            MachineServer(machine, str(path)).start()
    assert not path.exists()
