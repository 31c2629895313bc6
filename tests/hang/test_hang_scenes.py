"""analyze --hang on the lab's hangs: the cause that is true comes first, and leads to the driver that has it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.hang.hung import Hung, hung
from volplugins.bugcheck.analysis import analyse
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.lab.machines.catalogue import MACHINES, build, hangs_of
from volplugins.lab.writers import write
from volplugins.target.of_dump import as_target
from volplugins.target.target import NO_BUGCHECK, Bugcheck
from volplugins.vol.commands.analyze.hang_rows import chosen_hang
from volplugins.vol.commands.analyze.rows import later_rows
from volplugins.vol.scene.crash_scene import scene_below
from volplugins.vol.scene.hang_scene import why_hang
from volplugins.vol.scene.session import open_file

NOTHING = ("hang-addresses", "hang-objects", "hang-any-open")
SCENES = tuple(each for each in hangs_of("win10-x64") if not each.endswith("-running"))
# of these the lab's driver is to blame: it holds the request or the lock, or runs and does not stop
DRIVERS = {
    "hang-chain": "high", "hang-resources": "medium", "hang-fast-mutexes": "medium", "hang-push-locks": "medium",
    "hang-deadlock-5": "medium", "hang-stuck-dpc": "high", "hang-inversion": "medium", "hang-owner-gone": "low",
    "hang-starved-queue": "medium",
}  # fmt: skip


@pytest.mark.parametrize("machine", MACHINES)
def test_a_deadlock_of_two_comes_first(machine: str) -> None:
    found = hung(machine, "hang-deadlock-2")
    members = found.truth["deadlocks"][0]
    row, verdict = found.only("DEADLOCK"), found.only("VERDICT")
    assert verdict.confidence == row.confidence == "certain"
    assert str(verdict.value).startswith("deadlock: 2 threads wait for each other")
    assert all(found.who(each) in str(row.value) and found.who(each) in str(verdict.value) for each in members)
    assert str(row.value).count(" > ") == 2 and "1 thread waits for one of them" in row.evidence
    assert found.only("MODULE_NAME").confidence == "low"


@pytest.mark.parametrize("machine", MACHINES)
def test_a_deadlock_that_may_end_by_itself_is_not_certain(machine: str) -> None:
    found = hung(machine, "hang-deadlock-limited")
    row = found.only("DEADLOCK")
    assert row.confidence == found.only("VERDICT").confidence == "high"
    assert "a wait of them has a time limit" in row.evidence


@pytest.mark.parametrize("machine", MACHINES)
def test_a_chain_of_twelve_ends_in_a_driver(machine: str) -> None:
    found = hung(machine, "hang-chain")
    chain = found.truth["chains"][0]
    row = found.of("CHAIN")[0]
    steps = str(row.value).split(" > ")
    assert [found.who(each) for each in chain] == [step.split(" (")[0].split(" ")[-1] for step in steps[:-1]]
    assert steps[-1] == "\\Driver\\acmedrv" and row.evidence.startswith("12 threads")
    assert "\\Driver\\acmedrv holds IRP" in str(found.only("VERDICT").value)
    assert found.only("VERDICT").evidence.startswith("12 threads wait for it")
    blamed = found.only("MODULE_NAME")
    assert (blamed.value, blamed.confidence) == ("acmedrv", "high")
    assert found.of("DEVICE_INSTANCE")[0].value


@pytest.mark.parametrize("scene", [each for each in SCENES if each in DRIVERS])
def test_the_driver_at_fault(scene: str) -> None:
    blamed = hung("win10-x64", scene).only("MODULE_NAME")
    assert (blamed.value, blamed.confidence) == ("acmedrv", DRIVERS[scene])


@pytest.mark.parametrize("scene", SCENES)
def test_every_deadlock_and_no_other(scene: str) -> None:
    found = hung("win10-x64", scene)
    expected = {frozenset(found.who(each) for each in ring) for ring in found.truth["deadlocks"]}
    rows = found.of("DEADLOCK")
    assert {frozenset(_threads(str(row.value))) for row in rows} == expected and len(rows) == len(expected)


def _threads(text: str) -> list[str]:
    return [step.split(" (")[0].split(" ")[-1] for step in text.split(" > ")]


@pytest.mark.parametrize("scene", NOTHING)
def test_waits_that_are_usual_are_no_cause(scene: str) -> None:
    """What is left is the power request that every machine of the lab has; no thread waits for it."""
    verdict = hung("win10-x64", scene).only("VERDICT")
    assert "e1express holds IRP" in str(verdict.value) and "no other thread waits for it" in verdict.evidence


def test_a_processor_that_is_not_given_up() -> None:
    found = hung("win10-x64", "hang-inversion")
    assert str(found.only("VERDICT").value).startswith("processor 1 runs services.exe")
    ready = found.of("READY_THREAD")
    wanted = {ethread for each in found.truth["cpus"] for ethread in each["ready"]}
    shown = {str(row.value).split(" ")[1] for row in ready}  # those of the queue that processors share are more
    assert {found.who(each) for each in wanted} <= shown | {""} and "70 s" in str(ready[0].value)
    assert "2 threads wait for it" in ready[0].evidence


def test_a_deferred_call_that_does_not_end_in_the_idle_thread() -> None:
    found = hung("win10-x64", "hang-stuck-dpc")
    assert "runs DPC acmedrv" in str(found.only("PROCESSOR").value)


def test_interrupts_that_are_off() -> None:
    row = hung("win10-x64", "hang-interrupts-off").only("PROCESSOR")
    assert "with interrupts off" in str(row.value) and row.confidence == "medium"


def test_resources_with_most_waiters_first() -> None:
    found = hung("win10-x64", "hang-resources")
    counts = sorted((each["shared"] + each["exclusive"] for each in found.truth["resources"]), reverse=True)
    shown = [int(str(row.value).split(": ")[1].split(" ")[0]) for row in found.of("RESOURCE")]
    assert shown == [each for each in counts if each]


@pytest.mark.parametrize("fault", ["hang-chain", "keyboard"])
def test_chosen_by_itself(fault: str) -> None:
    assert "by itself: bugcheck 0xe2" in str(hung("win10-x64", fault).only("CHOSEN").value)


@pytest.mark.parametrize(("code", "chosen"), [(0xE2, True), (0x80, True), (0x1C8, True), (0x161, True), (0xD1, False)])
def test_codes_for_which_it_is_chosen(code: int, chosen: bool, tmp_path: Path) -> None:
    data = write(build("win10-x64", "keyboard"), "triage", tmp_path / "a.dmp").read_bytes()
    target = as_target(open_dump(BytesSource(data)))
    assert bool(why_hang(replace(target, bugcheck=Bugcheck(code, (0, 0, 0, 0), "test")))) is chosen
    assert why_hang(replace(target, bugcheck=NO_BUGCHECK)) == "no bugcheck is recorded: the machine runs"


def test_not_chosen_for_a_driver_that_failed() -> None:
    assert not hung("win10-x64", "driver-read").rows
    assert hung("win10-x64", "driver-read", asked=True).only("CHOSEN").value == "--hang"


def test_a_small_dump_says_what_it_lacks() -> None:
    found = hung("win10-x64", "hang-chain", "triage")
    assert found.only("VERDICT").value == "nothing is stuck that memory shows"
    assert any("small dump" in str(row.value) for row in found.of("Note"))


def test_rows_are_the_same_every_time() -> None:
    first = hung("win10-x64", "hang-deadlock-5").rows
    hung.cache_clear()
    again: Hung = hung("win10-x64", "hang-deadlock-5")
    assert again.rows == first


@pytest.mark.parametrize("machine", ["win10-x64", "xp-x86"])
def test_a_machine_that_runs_on(machine: str, tmp_path: Path) -> None:
    """An image without a bugcheck: chosen by itself, and the same deadlock is found."""
    path = write(build(machine, "hang-deadlock-2-running"), "raw", tmp_path / "a.raw")
    context, layer = open_file(path, ())
    scene = scene_below(context, layer)
    rows = {row.field: row for row in later_rows(analyse(scene), None, chosen_hang(scene)) if row.section == "hang"}
    assert rows["CHOSEN"].value == "by itself: no bugcheck is recorded: the machine runs"
    assert str(rows["VERDICT"].value).startswith("deadlock: 2 threads wait for each other")
