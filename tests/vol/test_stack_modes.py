"""Which mode a stack is walked in: that of CS, and not the one whose half of the address space IP leads to."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from volplugins.bugcheck.analysis import analyse
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.lab.machine.page_edit import PageEdit
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.memory.reader import SegmentReader
from volplugins.stack.frame import Trust
from volplugins.stack.registers import USER_LIMIT, from_names
from volplugins.stack.trap_frame import decode_trap_frame, segmented_trap
from volplugins.vol.commands.analyze.stack_rows import stack_rows
from volplugins.vol.commands.stacks.row import StackRow
from volplugins.vol.commands.stacks.rows import Wanted, stacks_rows
from volplugins.vol.commands.stacks.starts import Typed
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.stack_scene import StackScene

EVERY = pytest.mark.parametrize("machine", ["win10-x64", "win7-x86-pae", "xp-x86"])


def crashed(dumps, machine: str, fault: str):
    path, _ = dumps(machine, fault, kind="full")
    return scene_of(open_dump(FileSource(path)))


def begun(scene, **typed: str) -> list[StackRow]:
    rows = stacks_rows(scene, Wanted(start=Typed(**typed)), scan=False)
    return [row for row in rows if isinstance(row, StackRow)]


def kernel(rows: list[StackRow]) -> list[int]:
    return [row.ip for row in rows if row.ring == "kernel"]


@EVERY
@pytest.mark.parametrize("crash", ["null-call", "null-call-7e"])
def test_a_call_through_null_has_the_whole_kernel_stack_from_any_start(dumps, machine: str, crash: str) -> None:
    scene = crashed(dumps, machine, crash)
    analysis = analyse(scene)
    wanted = [frame.ip for frame in analysis.fault_stack.frames]
    assert wanted[0] == 0 and len(wanted) > 5
    fault = analysis.fault
    start = {"trap": f"{fault.trap_frame:#x}"} if fault.trap_frame else {"context": f"{fault.context:#x}"}
    rows = begun(scene, **start)
    assert kernel(rows) == wanted and rows[0].ring == "kernel"
    rows = begun(scene, registers=f"0,{fault.sp:#x},{fault.fp:#x}")
    assert kernel(rows)[:2] == wanted[:2] and (scene.bits == 32 or kernel(rows) == wanted)


@EVERY
def test_analyze_says_the_ring_by_the_mode(dumps, machine: str) -> None:
    rows = list(stack_rows(analyse(crashed(dumps, machine, "null-call"))))
    assert " IP=0x0 " in rows[0].value
    assert {row.evidence.split()[0] for row in rows} == {"Ring=kernel"}


def test_a_processor_that_ran_at_a_user_address_in_the_kernel_is_walked_there(tmp_path) -> None:
    """As where a driver has called through a bad pointer, and another processor has stopped the machine."""
    snapshot = build("win10-x64", "driver-read")
    scene = scene_of(open_dump(FileSource(write(snapshot, "full", tmp_path / "a.dmp"))))
    other = next(each for each in scene.processors if each.current_thread != scene.thread)
    assert other.current_thread is not None
    at = other.prcb + scene.layouts.processor.offset("ContextFrame")
    for ip in (0, 0x7FF600001000):
        pages = PageEdit(snapshot)
        pages.write(at + 0xF8, struct.pack("<Q", ip))
        path = write(replace(snapshot, pages=pages.pages), "full", tmp_path / "b.dmp")
        walk = StackScene(scene_of(open_dump(FileSource(path))), None).walk(None, other.current_thread)
        first = next(walk.frames())
        assert (first.frame.ip, first.ring, first.frame.trust) == (ip, "kernel", Trust.CONTEXT)


@pytest.mark.parametrize(
    ("bits", "cs", "ip", "sp", "user"),
    [
        (64, 0x10, 0, 0xFFFFB88A6B3FD788, False),
        (64, 0x10, 0x7FF600001000, 0x14F000, False),
        (64, 0x33, 0xFFFFF80000001000, 0x14F000, True),
        (64, 0x23, 0x401000, 0x14F000, True),
        (64, 0, 0, 0xFFFFB88A6B3FD788, False),  # CS is not known: by the pointers
        (64, 0, 0xFFFFF80000001000, 0x14F000, False),
        (64, 0, 0x7FF600001000, 0x14F000, True),
        (64, 0x5A, 0, 0xFFFFB88A6B3FD788, False),  # no selector of Windows
        (32, 0x8, 0, 0xF7A3C000, False),
        (32, 0x1B, 0x9F001000, 0x9F120000, True),  # user space of three gigabytes
        (32, 0xF, 0x1000, 0x2000, True),  # of an LDT
    ],
)
def test_the_mode_is_that_of_cs(bits: int, cs: int, ip: int, sp: int, user: bool) -> None:
    names = ("rip", "rsp") if bits == 64 else ("eip", "esp")
    values = {names[0]: ip, names[1]: sp, "efl": 0x246}
    assert from_names(bits, {**values, "cs": cs}).in_user_mode(USER_LIMIT[bits]) is user
    if not cs:
        assert from_names(bits, values).in_user_mode(USER_LIMIT[bits]) is user


def test_without_cs_the_border_is_that_of_the_machine() -> None:
    values = {"eip": 0xA0001000, "esp": 0xA0002000}
    assert from_names(32, values).in_user_mode(0xC0000000) and not from_names(32, values).in_user_mode(USER_LIMIT[32])


@pytest.mark.parametrize("cs", [0x8, 0x1B, 0xF000])
def test_virtual_8086_mode_is_user_mode_whatever_its_cs(cs: int) -> None:
    values = {"eip": 0x100, "esp": 0xFFFE, "cs": cs, "efl": 0x20246}
    assert from_names(32, values).in_user_mode(USER_LIMIT[32])
    data = bytearray(0x8C)
    for at, value in ((0x60, 0x100), (0x68, 0x100), (0x6C, cs), (0x70, 0x20246), (0x74, 0xFFFE), (0x78, 0x2000)):
        struct.pack_into("<I", data, at, value)
    assert decode_trap_frame(bytes(data), 0xF7A3CD64, 32) is None
    trap = segmented_trap(SegmentReader({0xF7A3CD64: bytes(data)}), 0xF7A3CD64)
    assert trap is not None and trap.user and trap.ip == 0x100
