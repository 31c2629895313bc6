"""From a stack of the processor back to the one that it was entered from, by unwind data: each stack is left once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bugcheck.labelled import analysed
from volplugins.lab.crashes.other_stacks import OTHER_STACKS
from volplugins.lab.machines.catalogue import build, hard_faults_of
from volplugins.memory.reader import SegmentReader
from volplugins.stack import walker as walker_module
from volplugins.stack.frame import Frame, Stop, Trust
from volplugins.stack.registers import from_names
from volplugins.stack.unwind_x64 import Unwound
from volplugins.stack.walker import Walker

X64 = ("win10-x64", "win7-x64")
EVERY = [(machine, fault) for machine in X64 for fault in OTHER_STACKS if fault in hard_faults_of(machine)]


@pytest.mark.parametrize(("machine", "fault"), EVERY)
def test_every_kernel_frame_of_a_full_dump_is_reached_across_all_stacks(
    machine: str, fault: str, tmp_path: Path
) -> None:
    labelled = analysed(build(machine, fault, 1, 1), "bitmap-kernel", tmp_path)
    built = [(frame["ip"], frame["sp"]) for frame in labelled.truth["stack"] if frame["ip"] >> 63]
    found = labelled.analysis.crash_stack
    assert [(frame.ip, frame.sp) for frame in found.frames] == built
    assert not {frame.trust for frame in found.frames} & {Trust.SCAN, Trust.TRAP_FRAME}
    assert found.stop is Stop.END_OF_STACK


# -- unwind data that lead where they like

IP, LIMIT = 0xFFFFF80000100000, 1 << 47
STACKS = tuple((0xFFFFA00000000000 + 0x10000 * number, 0xFFFFA00000006000 + 0x10000 * number) for number in range(3))


class Code:
    def holds(self, address: int) -> bool:
        return address == IP

    def image_at(self, _address: int) -> None:
        return None


def walk(places: list[int], trust: Trust, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Frame], Stop]:
    """A walk that begins at the first place and that unwind data of this trust lead to the others."""
    left: Iterator[int] = iter(places[1:])

    def unwound(*_: object) -> Unwound:
        return Unwound(from_names(64, {"rip": IP, "rsp": next(left)}), trust, None)

    monkeypatch.setattr(walker_module, "unwind", unwound)
    made = Walker(SegmentReader({}), Code(), STACKS, LIMIT)
    frames = list(made.frames(from_names(64, {"rip": IP, "rsp": places[0]}), Trust.CONTEXT))
    return frames, made.stop


@pytest.mark.parametrize("way", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_walk_goes_on_on_any_other_stack(way: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    places = [STACKS[number][0] + at for number in way for at in (0x100, 0x200)]
    frames, stop = walk([*places, places[-1]], Trust.UNWIND_INFO, monkeypatch)
    assert [frame.sp for frame in frames] == places and stop is Stop.LOOP


def test_stacks_that_lead_to_each_other_end(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = STACKS[0][0] + 0x100, STACKS[1][0] + 0x100
    frames, stop = walk([first, second, first + 0x100, second + 0x100], Trust.UNWIND_INFO, monkeypatch)
    assert [frame.sp for frame in frames] == [first, second] and stop in (Stop.LOOP, Stop.OUT_OF_BOUNDS)


@pytest.mark.parametrize("place", [STACKS[2][1] + 0x100, 0, 0x7000])
def test_what_is_no_stack_of_this_processor_is_not_entered(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    frames, _ = walk([STACKS[0][0] + 0x100, place], Trust.UNWIND_INFO, monkeypatch)
    assert len(frames) == 1


def test_a_leaf_function_does_not_change_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, _ = walk([STACKS[0][0] + 0x100, STACKS[1][0] + 0x100], Trust.LEAF, monkeypatch)
    assert len(frames) == 1
