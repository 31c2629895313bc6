"""windows.kd.waits against what the lab built: every object, owner, verdict, deadlock and chain, on all machines."""

from __future__ import annotations

import tempfile
from collections import Counter
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.sampling import sampled
from volplugins.bugcheck.scene.crash_scene import CrashScene, build_scene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.findings.waits import of_waits
from volplugins.lab.machines.catalogue import MACHINES, build, hangs_of
from volplugins.lab.waits.hang_scenes import HANGS, RUNNING_HANGS
from volplugins.lab.writers import write
from volplugins.vol.commands.waits.row import WaitRow
from volplugins.vol.commands.waits.rows import Wanted, waits_rows
from volplugins.vol.scene.crash_scene import scene_below, scene_of
from volplugins.vol.scene.session import open_file
from volplugins.vol.scene.waits_scene import scene_waits

SCENES = [(machine, fault) for machine, fault in product(MACHINES, HANGS) if fault in hangs_of(machine)]
RUNNING = [(machine, fault) for machine, fault in product(MACHINES, RUNNING_HANGS) if fault in hangs_of(machine)]
EVERY = pytest.mark.parametrize(("machine", "fault"), sampled(SCENES, 23))
WITH = pytest.mark.parametrize("symbols", [True, False], ids=["symbols", "none"])
ALL, CHAINS, RESOURCES = Wanted(), Wanted(chains=True), Wanted(resources=True)


@lru_cache(maxsize=6)
def dump_of(machine: str, fault: str, kind: str = "full") -> tuple[bytes, dict[str, Any]]:
    snapshot = build(machine, fault)
    with tempfile.TemporaryDirectory() as folder:
        data = write(snapshot, kind, Path(folder) / "made.dmp").read_bytes()
    return data, snapshot.truth.get("waits", {})


def scene(data: bytes, symbols: bool = True) -> CrashScene:
    dump = open_dump(BytesSource(data))
    return scene_of(dump) if symbols else build_scene(dump)


@lru_cache(maxsize=12)
def shown(machine: str, fault: str, symbols: bool = True, wanted: Wanted = ALL) -> tuple[WaitRow, ...]:
    return tuple(waits_rows(scene(dump_of(machine, fault)[0], symbols), wanted))


def said(rows: tuple[WaitRow, ...]) -> list[WaitRow]:
    return [row for row in rows if row.process != "error"]


@EVERY
@WITH
def test_every_object_is_shown_with_owner_and_verdict(machine: str, fault: str, symbols: bool) -> None:
    truth = dump_of(machine, fault)[1]["threads"]
    rows = said(shown(machine, fault, symbols))
    expected = [
        (each["ethread"], each["pid"], each["tid"], each["reason"], waited["object"], waited["type"], waited["verdict"])
        for each in truth
        for waited in each["objects"]
    ]
    found = [(row.ethread, row.pid, row.tid, row.reason, row.object, row.object_type, row.verdict) for row in rows]
    assert Counter(found) == Counter(expected)
    seconds = {each["ethread"]: each["seconds"] for each in truth}
    assert all(row.waited == pytest.approx(seconds[row.ethread or 0], abs=0.05) for row in rows)
    owners = {(each["ethread"], waited["object"]): waited for each in truth for waited in each["objects"]}
    for row in rows:
        waited = owners[row.ethread or 0, row.object or 0]
        assert row.owner_thread in (waited["owners"] or [None])
        if waited["name"] and row.object_type != "Irp" and (symbols or "!" not in waited["name"]):
            assert row.object_name == waited["name"] or row.object_name.startswith("acmedrv")


@EVERY
@WITH
def test_deadlocks_are_those_that_were_built(machine: str, fault: str, symbols: bool) -> None:
    data, truth = dump_of(machine, fault)
    waits = scene_waits(scene(data, symbols))
    assert {frozenset(each) for each in waits.graph.deadlocks} == {frozenset(each) for each in truth["deadlocks"]}
    found = list(of_waits(waits.graph))
    assert len(found) == len(truth["deadlocks"]) and all(each.kind.name == "deadlock" for each in found)
    assert all(each.about.address in ring for each, ring in zip(found, waits.graph.deadlocks, strict=True))


@pytest.mark.parametrize("machine", MACHINES)
@WITH
def test_waits_with_a_time_limit_say_so(machine: str, symbols: bool) -> None:
    truth = dump_of(machine, "hang-deadlock-limited")[1]["threads"]
    rows = said(shown(machine, "hang-deadlock-limited", symbols))
    limited = {row.ethread: row.note for row in rows if "its wait has a time limit" in row.note}
    assert limited.keys() == {each["ethread"] for each in truth if each["limit"]}
    if machine == "win10-x64":  # it is told by the timer, which says when
        assert all("time limit, 60.0 s from now" in note for note in limited.values())
    assert {row.verdict for row in rows if row.ethread in limited} == {"deadlock"}
    found = list(of_waits(scene_waits(scene(dump_of(machine, "hang-deadlock-limited")[0], symbols)).graph))
    assert "one of the waits has a time limit" in found[0].evidence


@pytest.mark.parametrize(("machine", "fault"), sampled(RUNNING, 15))
def test_images_of_machines_that_run_show_the_same(machine: str, fault: str, tmp_path: Path) -> None:
    snapshot = build(machine, fault)
    context, layer = open_file(write(snapshot, "raw", tmp_path / "made.raw"), ())
    here = scene_below(context, layer)
    truth = snapshot.truth["waits"]
    expected = Counter((each["ethread"], one["object"], one["type"], one["verdict"])
                       for each in truth["threads"] for one in each["objects"])  # fmt: skip
    rows = said(tuple(waits_rows(here, ALL)))
    assert Counter((row.ethread, row.object, row.object_type, row.verdict) for row in rows) == expected
    assert {frozenset(each) for each in scene_waits(here).graph.deadlocks} == {
        frozenset(each) for each in truth["deadlocks"]
    }


def paths(rows: list[WaitRow]) -> list[list[int]]:
    """From the root of each tree to every row."""
    found: list[list[int]] = []
    path: list[int] = []
    for row in rows:
        path = [*path[: row.depth], row.ethread or 0]
        found.append(path)
    return found


@EVERY
def test_chains_stand_as_parent_and_children(machine: str, fault: str) -> None:
    rows = said(shown(machine, fault, wanted=CHAINS))
    truth = dump_of(machine, fault)[1]
    found = paths(rows)
    missing = [chain for chain in truth["chains"] if not any(each[: len(chain)] == chain for each in found)]
    assert not missing
    depths = [row.depth for row in rows]
    assert all(after <= before + 1 for before, after in zip([-1, *depths], depths, strict=False))
    roots = [
        int(row.note.split("a chain of ")[1].split()[0]) for row in rows if row.depth == 0 and "chain of" in row.note
    ]
    assert roots == sorted(roots, reverse=True) and len(roots) >= len({chain[0] for chain in truth["chains"]})


@EVERY
@WITH
def test_resources_have_their_owners_and_waiters(machine: str, fault: str, symbols: bool) -> None:
    rows = said(shown(machine, fault, symbols, RESOURCES))
    truth = {each["address"]: each for each in dump_of(machine, fault)[1]["resources"]}
    roots = {row.object: row for row in rows if row.depth == 0 and row.object is not None}
    in_use = {address: each for address, each in truth.items() if each["owners"]}
    assert roots.keys() >= in_use.keys()
    for address, each in in_use.items():
        row = roots[address]
        assert f"waiters: {each['shared']} shared, {each['exclusive']} exclusive" in row.note or "fast" in row.note
        if len(each["owners"]) == 1:
            assert row.owner_thread == each["owners"][0]
        else:
            below = [
                child.owner_thread for child in rows if child.depth == 1 and child.object == address and not child.tid
            ]
            assert below == each["owners"]


def test_deadlocks_come_first_and_idle_workers_last() -> None:
    rows = said(shown("win10-x64", "hang-deadlock-2"))
    verdicts = [row.verdict for row in rows]
    assert verdicts[:3] == ["deadlock", "deadlock", "blocked"]
    idle = verdicts.index("idle")
    assert set(verdicts[idle:]) == {"idle"} and all(row.object_type == "Queue" for row in rows[idle:])


def test_waits_of_one_process() -> None:
    truth = dump_of("win10-x64", "hang-deadlock-2")[1]["threads"]
    rows = shown("win10-x64", "hang-deadlock-2", wanted=Wanted(("lsass.exe",)))
    expected = {each["ethread"] for each in truth if each["pid"] == rows[0].pid}
    assert {row.ethread for row in rows} == expected and {row.process for row in rows} == {"lsass.exe"}
    assert shown("win10-x64", "hang-deadlock-2", wanted=Wanted(("nobody.exe",)))[-1].process == "error"
    chains = said(shown("win10-x64", "hang-deadlock-2", wanted=Wanted(("lsass.exe",), chains=True)))
    assert {row.process for row in chains} >= {"lsass.exe", "services.exe"}


def test_a_small_dump_says_what_it_lacks() -> None:
    data, _ = dump_of("win10-x64", "hang-deadlock-2", "triage")
    rows = list(waits_rows(scene(data), ALL))
    assert rows[-1].process == "error"
    assert any("a small dump holds the crashing thread alone" in row.note for row in rows)


def test_a_usual_crash_has_no_deadlock() -> None:
    for machine in MACHINES:
        rows = said(shown(machine, "driver-read"))
        assert rows and not [row for row in rows if row.verdict == "deadlock"]
