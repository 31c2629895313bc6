"""Crashes in a task of their own (x86): the registers and the stack of the task that was left, by its segment."""

from __future__ import annotations

import struct

import pytest

from tests.bugcheck.tasks import SELECTOR, USUAL, TaskCrash, segment, task_crash
from tests.vol.test_irps import scene
from tests.vol.test_irps_damaged import writable
from volplugins.bugcheck.analysis import analyse
from volplugins.bugcheck.scene.crash_walk import crash_stack
from volplugins.stack.frame import Frame, Stop, Trust
from volplugins.vol.commands.analyze.rows import analyze_rows
from volplugins.vol.scene.stack_scene import StackScene

MACHINES = pytest.mark.parametrize("machine", ["xp-x86", "win7-x86-pae"])
SYMBOLS = pytest.mark.parametrize("symbols", [True, False], ids=["symbols", "none"])


def places(frames: tuple[Frame, ...]) -> list[tuple[int, int]]:
    return [(frame.ip, frame.sp) for frame in frames]


def built(crash: TaskCrash) -> list[tuple[int, int]]:
    return [(each["ip"], each["sp"]) for each in crash.stack]


@MACHINES
@SYMBOLS
def test_a_trap_frame_of_the_new_task_is_completed_by_the_old_ones_segment(machine: str, symbols: bool) -> None:
    crash = task_crash(machine)
    found = crash_stack(crash.scene(symbols))
    assert places(found.frames) == built(crash)
    left = next(frame for frame in found.frames if frame.ip == crash.left["ip"])
    assert left.trust is Trust.TASK_STATE and found.stop is Stop.END_OF_STACK


@MACHINES
@SYMBOLS
def test_where_nothing_leads_back_the_link_does(machine: str, symbols: bool) -> None:
    crash = task_crash(machine, 8)
    crash.no_trap_frame()
    found = crash_stack(crash.scene(symbols))
    assert places(found.frames)[-3:] == built(crash)[-3:]
    assert found.frames[-3].trust is Trust.TASK_STATE


@MACHINES
def test_stacks_shows_the_same(machine: str) -> None:
    crash = task_crash(machine)
    at = crash.scene()
    assert at.thread is not None
    walk = StackScene(at, None).walk(at.process, at.thread)
    shown = [(each.frame.ip, each.frame.sp, each.frame.trust) for each in walk.frames(kernel_only=True)]
    assert [each[:2] for each in shown] == built(crash)
    assert (crash.left["ip"], crash.left["sp"], Trust.TASK_STATE) in shown


@MACHINES
@pytest.mark.parametrize("named", [True, False], ids=["by-parameter", "by-link"])
def test_a_double_fault_has_the_registers_of_the_task_that_was_left(machine: str, named: bool) -> None:
    crash = task_crash(machine, 8)
    crash.no_trap_frame()
    crash.bugcheck(0x7F, 8, crash.usual if named else 0, 0, 0)
    found = analyse(crash.scene())
    left = crash.left
    assert (found.fault.ip, found.fault.sp, found.fault.trust) == (left["ip"], left["sp"], Trust.TASK_STATE)
    assert found.fault.registers["ebx"] == left["registers"]["ebx"] and found.fault.registers["cs"] == 8
    assert f"task state segment {crash.usual:#x}" in found.fault.ip_sources
    assert places(found.fault_stack.frames) == built(crash)[-3:]
    shown = {row.field: row for row in analyze_rows(found)}
    assert shown["STACK_COMMAND"].value == ".tss 0x28 ; kv"
    assert shown["REGISTERS"].evidence == "from the task state segment"


@pytest.mark.parametrize(("code", "kind", "vector"), [(0x9C, 0, 0x12), (0x7F, 2, 2), (0x7F, 0x12, 0x12)])
def test_machine_checks_and_nmis_likewise(code: int, kind: int, vector: int) -> None:
    crash = task_crash("win7-x86-pae", vector)
    crash.no_trap_frame()
    crash.bugcheck(code, kind, 0, 0, 0)
    found = analyse(crash.scene()).fault
    assert (found.ip, found.sp) == (crash.left["ip"], crash.left["sp"])


@MACHINES
def test_the_stacks_of_tasks_are_the_processors(machine: str) -> None:
    dump = writable(machine)
    stacks = {(each.kind, each.processor, each.high) for each in scene(bytes(dump.data)).processor_stacks}
    kinds = {0x50: "Task08", 0x58: "Task02", 0xA0: "Task12"}
    assert stacks >= {
        (kinds[selector], processor["number"], task["stack"])
        for processor in dump.truth["descriptors"]["processors"]
        for selector, task in processor["tasks"].items()
        if selector in kinds
    }


def test_tr_tells_where_the_stack_does_not() -> None:
    """A double fault because the stack pointer was bad: the segment names another stack than the one in use."""
    crash = task_crash("xp-x86", 8)
    crash.no_trap_frame()
    crash.write(crash.segment, segment(USUAL, 0xE0000000, esp=0xE0000000, cs=8))
    layouts, at = crash.scene().layouts.descriptors, crash.scene().crashed
    assert at is not None
    special = at.processor.prcb + layouts.processor.offset("ProcessorState") + layouts.state.offset("SpecialRegisters")
    crash.dump.put(special + layouts.special.offset("Tr"), SELECTOR, 2)
    frames = crash_stack(crash.scene()).frames
    assert places(frames)[-3:] == built(crash)[-3:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda crash: crash.write(crash.segment, struct.pack("<I", SELECTOR)),  # the link leads to itself
        lambda crash: crash.write(crash.segment, struct.pack("<I", 0xFFF8)),  # beyond the table
        lambda crash: crash.write(crash.segment, struct.pack("<I", 0x10)),  # to a data segment
        lambda crash: crash.write(crash.gdt + SELECTOR, struct.pack("<HHBBH", 0, SELECTOR, 0, 0x85, 0)),
        lambda crash: crash.write(crash.gdt + SELECTOR, bytes(8)),
        lambda crash: crash.write(crash.usual, segment(0, 0, eip=0x1234, esp=0x1000, efl=2, cs=8)),
        lambda crash: crash.write(crash.usual, b"\xff" * 0x68),
        lambda crash: crash.write(crash.usual, segment(SELECTOR, 0, eip=0x41414141, esp=0x80000000, efl=2, cs=8)),
    ],
)
def test_segments_that_lead_nowhere_end_the_walk(damage: object) -> None:
    crash = task_crash("xp-x86", 8)
    crash.no_trap_frame()
    crash.bugcheck(0x7F, 8, 0, 0, 0)
    damage(crash)  # type: ignore[operator]
    found = analyse(crash.scene())
    assert Trust.TASK_STATE not in [frame.trust for frame in found.crash_stack.frames]
    assert found.fault.trust is not Trust.TASK_STATE


def test_user_mode_that_an_nmi_interrupted_is_gone_on_with() -> None:
    crash = task_crash("xp-x86")
    crash.no_trap_frame()
    crash.write(crash.usual, segment(0, 0, eip=0x401000, esp=0x12FF00, ebp=0x12FF40, efl=0x202, cs=0x1B, ss=0x23))
    found = crash_stack(crash.scene())
    assert (found.crossed, found.stop) == (0x401000, Stop.END_OF_STACK)
