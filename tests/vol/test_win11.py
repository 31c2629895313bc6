"""The core on the lab's Windows 11 24H2: with the symbols of its kernel, and with none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bugcheck.frame_truth import crash_score, thread_score
from tests.bugcheck.labelled import analysed
from tests.vol.test_irps import scene
from volplugins.lab.damage.unknown_kernel import without_symbols
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.vol.commands.segments.rows import Wanted, segment_rows
from volplugins.vol.scene.process_selection import gather

MACHINE = "win11-24h2-x64"
WITH = pytest.mark.parametrize("symbols", [True, False], ids=["symbols", "none"])


def machine(symbols: bool, fault: str = "driver-read") -> Snapshot:
    made = build(MACHINE, fault)
    return made if symbols else without_symbols(made)


@WITH
def test_processes_are_those_that_were_made(symbols: bool, tmp_path: Path) -> None:
    snapshot = machine(symbols)
    at = scene(write(snapshot, "full", tmp_path / "a.dmp").read_bytes(), symbols)
    seen = {(each.pid, each.name, each.parent_pid) for each in gather(at, False).processes}
    assert {(each["pid"], each["name"][:14], each["ppid"]) for each in snapshot.truth["processes"]} <= seen
    assert len(seen) <= len(snapshot.truth["processes"]) + 1  # the idle process


@WITH
def test_every_thread_has_its_true_stack(symbols: bool, tmp_path: Path) -> None:
    total = thread_score(machine(symbols), symbols, tmp_path)
    assert total.true > 100 and (total.lost, total.false) == (0, 0)


@WITH
@pytest.mark.parametrize("fault", ["driver-read", "keyboard", "dpc-watchdog", "double-fault"])
def test_crashes(fault: str, symbols: bool, tmp_path: Path) -> None:
    snapshot = machine(symbols, fault)
    total = crash_score(snapshot, symbols, tmp_path)
    assert total.true > 2 and (total.lost, total.false) == (0, 0)
    culprit = analysed(snapshot, "full", tmp_path).analysis.culprit
    assert (culprit.image_name.partition(".")[0] if culprit else "") == snapshot.truth["culprit"]


@WITH
def test_interrupts_are_told_by_the_table_of_its_own_block(symbols: bool, tmp_path: Path) -> None:
    snapshot = machine(symbols)
    at = scene(write(snapshot, "full", tmp_path / "a.dmp").read_bytes(), symbols)
    rows = [each for each in segment_rows(at, Wanted()) if each.type == "interrupt"]
    told = [each for one in snapshot.truth["descriptors"]["processors"] for each in one["interrupts"]]
    assert [(each.number, each.target) for each in rows] == [(each["vector"], each["routine"]) for each in told]
