"""Every damage to a process's own structures that the lab knows by name: said of the victim, and of nobody else."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass

import pytest

from tests.sampling import sampled
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.lab import command
from volplugins.lab.damage.user import USER_DEFECTS, user_defects_of, with_user_defect
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.world.wow64 import PROGRAM_NAME
from volplugins.lab.writers import write
from volplugins.vol.commands.lm.rows import Wanted, lm_rows
from volplugins.vol.commands.peb.rows import peb_rows
from volplugins.vol.commands.process.rows import Wanted as ProcessWanted
from volplugins.vol.commands.process.rows import process_rows
from volplugins.vol.scene.crash_scene import scene_of

VICTIM = "explorer.exe"
X64 = ("win10-x64", "win7-x64")
CASES = [
    *((machine, name, VICTIM, False) for machine in MACHINES for name in user_defects_of(PROFILES[machine].bits)),
    *((machine, name, PROGRAM_NAME, False) for machine in X64 for name in USER_DEFECTS),
    *((machine, name, PROGRAM_NAME, True) for machine in X64 for name, each in USER_DEFECTS.items() if not each.kernel),
]
PLUGINS = ("peb", "lm", "process")


@dataclass
class Report:
    """Rows of each plugin by PID; None for rows of nobody."""

    rows: dict[str, dict[int | None, list]]

    def notes(self, plugin: str, pid: int) -> list[str]:
        return [row.note for row in self.rows[plugin][pid]]

    def bases(self, plugin: str, pid: int) -> set[int]:
        rows = self.rows[plugin][pid]
        if plugin == "lm":
            return {row.start for row in rows if row.start is not None}
        return {int(row.field, 16) for row in rows if row.section == "modules"}


def report(snapshot, folder, kind: str = "full") -> Report:
    path = write(snapshot, kind, folder / "machine.dmp")
    scene = scene_of(open_dump(FileSource(path)))
    made = (
        peb_rows(scene, (), True, False),
        lm_rows(scene, Wanted(scan=False)),
        process_rows(scene, ProcessWanted(scan=False)),
    )
    found: dict[str, dict[int | None, list]] = {}
    for plugin, rows in zip(PLUGINS, made, strict=True):
        by_pid = found[plugin] = defaultdict(list)
        for row in rows:
            by_pid[row.pid].append(row)
    path.unlink()
    return Report(found)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """``sound(machine, wow64)``: the undamaged machine and its rows, made once."""
    made: dict[tuple[str, bool], tuple] = {}

    def make(machine: str, wow64: bool):
        if (machine, wow64) not in made:
            snapshot = build(machine, wow64=wow64)
            made[machine, wow64] = snapshot, report(snapshot, tmp_path_factory.mktemp("sound"))
        return made[machine, wow64]

    return make


@pytest.mark.parametrize(("machine", "name", "victim", "narrow"), sampled(CASES, 2))
def test_each_defect_is_named_and_hurts_nobody_else(sound, tmp_path, machine, name, victim, narrow):
    snapshot, before = sound(machine, victim == PROGRAM_NAME)
    damaged = with_user_defect(snapshot, name, victim, narrow)
    truth = damaged.truth["user_defect"]
    pid = truth["pid"]
    after = report(damaged, tmp_path, USER_DEFECTS[name].kind or "full")
    for plugin in PLUGINS:
        rows = after.rows[plugin]
        assert not rows.get(None), plugin
        assert {who: rows[who] for who in rows if who != pid} == {
            who: each for who, each in before.rows[plugin].items() if who != pid
        }
        assert len(rows[pid]) <= 2 * len(before.rows[plugin][pid]) + 20
    for plugin, words in truth["says"].items():
        assert [note for note in after.notes(plugin, pid) if words in note], (plugin, words)
        assert not [note for note in before.notes(plugin, pid) if words in note]
    everything = {each["base"] for key in ("user", "user32") for each in damaged.truth.get(key, {}).get(pid, {}).get(
        "modules", ())}  # fmt: skip
    for plugin in ("peb", "lm"):
        assert everything <= after.bases(plugin, pid), plugin


@pytest.mark.parametrize("machine", MACHINES)
def test_nothing_is_named_on_a_sound_machine(sound, machine):
    snapshot, found = sound(machine, False)
    for process in snapshot.truth["processes"]:
        if process["peb"]:
            assert not any(found.notes("lm", process["pid"]))
            assert not any(found.notes("peb", process["pid"]))


def test_what_cannot_be_damaged_is_refused(sound):
    snapshot, _ = sound("win10-x64", False)
    with pytest.raises(ValueError, match="no user defect"):
        with_user_defect(snapshot, "nothing")
    for victim, narrow in (("nobody.exe", False), ("System", False), (VICTIM, True)):
        with pytest.raises(ValueError, match="no process"):
            with_user_defect(snapshot, "peb-paged-out", victim, narrow)
    snapshot, _ = sound("win10-x64", True)
    with pytest.raises(ValueError, match="no process"):
        with_user_defect(snapshot, "vad-inverted", PROGRAM_NAME, True)


def test_the_command_makes_them_and_the_truth_says_what_was_done(tmp_path):
    path = tmp_path / "bad.dmp"
    arguments = ["--user", "peb-not-in-dump", "--victim", PROGRAM_NAME, "--wow64", "--narrow", "-o", str(path)]
    assert command.main(["make", *arguments]) == 0
    record = json.loads((tmp_path / "bad.truth.json").read_text())
    defect = record["truth"]["user_defect"]
    assert (record["user"], record["kind"], defect["name"]) == ("peb-not-in-dump", "active", "peb-not-in-dump")
    (victim,) = [each for each in record["truth"]["processes"] if each["pid"] == defect["pid"]]
    assert (victim["name"], victim["peb32"]) == (PROGRAM_NAME, defect["at"])
    assert command.main(["make", "--user", "peb-paged-out", "--narrow", "-o", str(path)]) == 2
