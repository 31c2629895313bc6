"""analyze's own stack held against the crashing thread's shadow stack: all agree, or the first that does not."""

from __future__ import annotations

import pytest

from tests.bugcheck.labelled import analysed
from volplugins.bugcheck.scene import crash_walk
from volplugins.cli.main import main
from volplugins.lab.damage.shadow_stacks import with_shadow_defect
from volplugins.lab.machines.catalogue import build
from volplugins.stack.frame import Stack, Trust
from volplugins.vol.commands.analyze.stack_rows import stack_rows

MACHINE = "win11-24h2-x64"
DEFECTS = ("smashed-kernel-stack", "rop-chain-kernel")


def bare(_scene, frames, stop, crossed):
    return Stack(tuple(frames), stop, crossed)


def blame(labelled):
    culprit = labelled.analysis.culprit
    found = (culprit.image_name, culprit.address, culprit.confidence) if culprit is not None else None
    return found, labelled.analysis.signature


@pytest.mark.parametrize("fault", ["driver-read", "keyboard", "nmi", "double-fault"])
def test_a_sound_stack_agrees_and_its_blame_is_as_without(tmp_path, monkeypatch, fault):
    held = analysed(build(MACHINE, fault), "full", tmp_path)
    last = list(stack_rows(held.analysis))[-1]
    assert "shadow stack agrees (" in last.evidence and "first difference" not in last.evidence
    monkeypatch.setattr(crash_walk, "held_against_shadow", bare)
    plain = analysed(build(MACHINE, fault), "full", tmp_path)
    assert blame(plain) == blame(held)
    assert getattr(plain.analysis.culprit, "reason", "") == getattr(held.analysis.culprit, "reason", "")
    places = [[frame.ip for frame in each.analysis.fault_stack.frames] for each in (plain, held)]
    assert places[0] == places[1]


@pytest.mark.parametrize("fault", ["driver-read", "pool", "system-thread"])
@pytest.mark.parametrize("name", DEFECTS)
def test_an_overwritten_stack_is_shown_where_it_begins_and_blames_the_same(tmp_path, name, fault):
    sound = build(MACHINE, fault)
    told = with_shadow_defect(sound, name)
    labelled, truth = analysed(told, "full", tmp_path), told.truth["shadow_defect"]
    stack = labelled.analysis.crash_stack
    (number,) = (at for at, said in enumerate(stack.shadow) if "first difference" in said)
    assert (
        stack.frames[number].ip == truth["true"] and f"the stack has {truth['false']:#x} here" in stack.shadow[number]
    )
    assert ("a chain of returns: 4 words" in stack.shadow[number]) == name.startswith("rop")
    assert {frame.trust for frame in stack.frames[number:]} == {Trust.SHADOW_STACK}
    wanted = [each["address"] for each in told.truth["shadow_stacks"][truth["ethread"]]["kernel"]["returns"]]
    assert [frame.ip for frame in stack.frames if frame.ip in wanted] == wanted
    assert blame(labelled) == blame(analysed(sound, "full", tmp_path))


@pytest.mark.parametrize("name", DEFECTS)
def test_analyze_shows_it(tmp_path, rows, name):
    path = tmp_path / "a.dmp"
    assert main(["lab", "make", "--machine", MACHINE, "--shadow", name, "-o", str(path)]) == 0
    found = [row for row in rows(path, "windows.kd.analyze") if row["Section"] == "stack"]
    (row,) = (each for each in found if "first difference: the stack has 0x" in each["Evidence"])
    assert "Trust=shadow-stack" in row["Evidence"] and "Symbol=acmedrv" in row["Value"]
    assert "by the shadow stack" in found[-1]["Evidence"] and "Stop=end-of-stack" in found[-1]["Evidence"]


@pytest.mark.parametrize(("machine", "kind"), [("win10-x64", "full"), (MACHINE, "triage"), ("win7-x86-pae", "full")])
def test_where_there_is_no_shadow_stack_nothing_is_said_of_one(tmp_path, machine, kind):
    rows = list(stack_rows(analysed(build(machine), kind, tmp_path).analysis))
    assert rows and not [row for row in rows if "shadow" in row.evidence]
