"""Frames in functions that nothing names: Note has the function by the exception directory, and stacks fold by it."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.vol.test_unknown_builds import opened
from volplugins.bugcheck.analysis import analyse
from volplugins.bugcheck.scene.crash_scene import build_scene
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.writers.symbol_tables import symbol_table
from volplugins.stack.functions import bounds_at
from volplugins.vol.commands.analyze.stack_rows import stack_rows
from volplugins.vol.commands.stacks import rows as stack_module
from volplugins.vol.commands.stacks.files import folded
from volplugins.vol.commands.stacks.rows import Wanted, stacks_rows
from volplugins.vol.commands.stacks.shown import kind

_BOUNDS = re.compile(r"function 0x([0-9a-f]+)…0x([0-9a-f]+)")


def test_a_frame_that_nothing_names_has_its_function(dumps):
    dump, _ = opened(dumps, "win10-x64")
    scene = build_scene(dump)
    seen = []
    rows = list(stacks_rows(scene, Wanted(kernel_only=True), seen=seen))
    starts = {each["address"] for each in symbol_table(PROFILES["win10-x64"])["symbols"].values()}
    bare = [row for row in rows if row.symbol.startswith("nt+") and row.ring == "kernel"]
    told = [(row, found) for row in bare if (found := _BOUNDS.search(row.note))]
    assert told and len(told) >= len(bare) - 2  # leaf functions have no entry
    for row, found in told:
        start, end = (int(found[number], 16) for number in (1, 2))
        assert start in starts and start <= int(row.symbol.partition("+")[2], 16) <= end, row
    calls = {call for line in folded(seen).splitlines() for call in line.rpartition(" ")[0].split(";")[1:]}
    assert {f"nt+{int(found[1], 16):#x}" for _, found in told} <= calls


def test_analyze_says_it_too(dumps):
    dump, _ = opened(dumps, "win10-x64")
    scene = build_scene(dump)
    rows = list(stack_rows(analyse(scene)))
    assert any("Symbol=nt+0x" in str(row.value) and _BOUNDS.search(row.evidence) for row in rows)
    assert bounds_at(scene.code, 0x1000) is None


def elsewhere(stack, number):
    """The same stack, frame ``number`` at another place of its function."""
    found, name = stack.frames[number], stack.names[number]
    moved = replace(found, frame=replace(found.frame, ip=found.frame.ip + 1))
    module, _, offset = name.rpartition("+")
    names = (*stack.names[:number], f"{module}+{int(offset, 16) + 1:#x}", *stack.names[number + 1 :])
    return replace(stack, frames=(*stack.frames[:number], moved, *stack.frames[number + 1 :]), names=names)


def with_symbol(stack, number):
    """The same stack, frame ``number`` named by a symbol."""
    names, bounds = list(stack.names), list(stack.bounds)
    names[number], bounds[number] = "nt!KiFrame+0x10", None
    return replace(stack, names=tuple(names), bounds=tuple(bounds))


def test_group_compares_such_frames_by_their_function_and_named_ones_exactly(dumps, monkeypatch):
    dump, _ = opened(dumps, "win10-x64")
    scene = build_scene(dump)
    seen = []
    list(stacks_rows(scene, Wanted(kernel_only=True), seen=seen))
    stack = next(each for each in seen if sum(bounds is not None for bounds in each.bounds) > 1)
    placed, named = [number for number, bounds in enumerate(stack.bounds) if bounds is not None][:2]
    stack = with_symbol(stack, named)
    other = elsewhere(stack, placed)
    assert other.names != stack.names and kind(other) == kind(stack) != kind(elsewhere(stack, named))
    outside = replace(other, bounds=(*other.bounds[:placed], None, *other.bounds[placed + 1 :]))
    assert kind(outside) != kind(stack)  # no function is known: by its offset, as before
    # through the command: the two are one row's threads
    monkeypatch.setattr(stack_module, "thread_stacks", lambda *_: iter((stack, other, elsewhere(stack, named))))
    shown = list(stacks_rows(scene, Wanted(grouped=True)))
    ends = [row.note for row in shown if row.stop]
    assert len(ends) == 2 and "2 threads: " in ends[0] and "1 thread" in ends[1]
    assert [row.ip for row in shown][: len(stack.frames)] == [each.frame.ip for each in stack.frames]
