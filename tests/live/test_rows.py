"""The same machine on the wire and as a file gives the same rows, of every plugin, on good lines and bad ones."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from tests.live.rows import attached, file_target, rows_of
from tests.live.serving import serving
from tests.sampling import sampled
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.memory.reader import MemoryReader, SegmentReader
from volplugins.processors.interrupts import interrupts_off
from volplugins.target.target import TargetKind
from volplugins.vol.commands.cpus.rows import cpu_rows
from volplugins.vol.commands.process.rows import Wanted, process_rows
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.processor_scene import processor_scene

# of a machine that did not crash, a file lacks the registers of its processors: stacks begin elsewhere there, and
# what level a processor ran at is not known
KNOWS_MORE = ("stacks", "segments", "cpus")
BAD_LINE = ("--lose", "1", "--double", "1", "--damage", "1")
# one byte in 50,000 each: at one in a thousand the whole of 32 MiB, which a search reads, takes more than an hour
WORN_LINE = ("--lose", "0.02", "--double", "0.02", "--damage", "0.02")


@pytest.mark.parametrize(
    ("scan", "fault", "machine"), sampled(product((False, True), ("none", "notmyfault"), MACHINES), 9)
)
def test_the_wire_gives_the_rows_of_the_file(scan: bool, fault: str, machine: str, tmp_path: Path) -> None:
    expected = rows_of(file_target(machine, fault, tmp_path), scan)
    with serving("--machine", machine, "--fault", fault) as served, attached(served.url) as live:
        assert live.target.kind is TargetKind.LIVE
        found = rows_of(live.target, scan)
    for name, rows in expected.items():
        if fault != "none" or name not in KNOWS_MORE:
            assert found[name] == rows, name
    stacks = {name: {row.ethread: row for row in rows["stacks"] if row.frame == 0} for name, rows in
              (("wire", found), ("file", expected))}  # fmt: skip
    for thread, row in stacks["wire"].items():
        assert row == stacks["file"][thread] or (row.state == "Running" and row.trust == "context")
    assert "0 writes" in served.said and "the machine runs" in served.said


def patched(memory: MemoryReader, changes: dict[int, int]) -> SegmentReader:
    """``memory`` with bytes of pages changed."""
    pages: dict[int, bytearray] = {}
    for address, value in changes.items():
        start = address & ~0xFFF
        pages.setdefault(start, bytearray(memory.read(start, 0x1000)))[address - start] = value
    return SegmentReader({start: bytes(page) for start, page in pages.items()})


@pytest.mark.parametrize("machine", ["win10-x64", "win7-x86-pae"])
def test_the_debugger_has_stopped_the_processors_of_a_live_machine(machine: str) -> None:
    """Their level is that of the break, and their flags count, crash or not."""
    with serving("--machine", machine, "--fault", "none") as served, attached(served.url) as live:
        scene = scene_of(live.target)
        rows = [row for row in cpu_rows(scene) if row.processor is not None]
        source = processor_scene(scene).source
        assert not live.target.crashed and source.stopped
        assert [row.irql for row in rows] == [0, 2]
        assert not [row for row in rows if "not stopped" in row.note or "interrupts" in row.note]
        frame = scene.layouts.processor.offset("ContextFrame") + (0x45 if scene.bits == 64 else 0xC1)
        off = patched(scene.memory, {scene.processors[0].prcb + frame: 0})
        assert interrupts_off(replace(source, memory=off), scene.processors[0].prcb)
    assert "0 writes" in served.said


@pytest.mark.slow
@pytest.mark.parametrize(("scan", "machine"), list(product((False, True), MACHINES)))
def test_a_bad_line_gives_the_same_rows(scan: bool, machine: str, tmp_path: Path) -> None:
    expected = rows_of(file_target(machine, "notmyfault", tmp_path), scan)
    line = WORN_LINE if scan else BAD_LINE
    with serving("--machine", machine, "--fault", "notmyfault", *line) as served, attached(served.url) as live:
        found = rows_of(live.target, scan)
        assert live.machine.session.link.damaged
    for name, rows in expected.items():
        assert found[name] == rows, name
    assert "0 writes" in served.said


def test_a_bad_line_gives_the_same_process(tmp_path: Path) -> None:
    expected = scene_of(file_target("xp-x86", "notmyfault", tmp_path))
    options = ("--machine", "xp-x86", "--fault", "notmyfault", *BAD_LINE, "--seed", "3")
    with serving(*options) as served, attached(served.url) as live:
        found = scene_of(live.target)
        wanted = Wanted(["pid:4"], scan=False)
        assert list(process_rows(found, wanted)) == list(process_rows(expected, wanted))
        assert live.machine.session.link.damaged
    assert "0 writes" in served.said and "the machine runs" in served.said
