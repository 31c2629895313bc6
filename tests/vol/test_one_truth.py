"""The plugins against each other, on every machine and defect of the lab: one name and one value for one thing.

What is compared: modules (name by base), processes (name and EPROCESS by PID), threads, verdicts on page directories,
regions that map images, and the physical page of an address with the state of its entry.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import pytest

from tests.sampling import sampled
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.lab.damage.directories import DIRECTORY_DEFECTS, with_directory_defect
from volplugins.lab.damage.directory_subject import mode_of
from volplugins.lab.damage.user import USER_DEFECTS, user_defects_of, with_user_defect
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.world.wow64 import PROGRAM_NAME
from volplugins.lab.writers import write
from volplugins.loader.module import Module
from volplugins.threads.user_modules import file_of
from volplugins.vol.commands.address.rows import Wanted as AddressWanted
from volplugins.vol.commands.address.rows import address_rows
from volplugins.vol.commands.lm.rows import Wanted as LmWanted
from volplugins.vol.commands.lm.rows import lm_rows
from volplugins.vol.commands.pagedirs.rows import pagedirs_rows
from volplugins.vol.commands.peb.rows import peb_rows
from volplugins.vol.commands.process.rows import Wanted as ProcessWanted
from volplugins.vol.commands.process.rows import process_rows
from volplugins.vol.commands.process.thread_rows import ThreadRow
from volplugins.vol.commands.ptov.rows import ptov_rows
from volplugins.vol.commands.stacks.rows import Wanted as StacksWanted
from volplugins.vol.commands.stacks.rows import stacks_rows
from volplugins.vol.commands.vtop.rows import vtop_rows
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.directory_verdicts import WALKABLE

VICTIM = "explorer.exe"
X64 = ("win10-x64", "win7-x64")
MODES = {"win10-x64": "x64", "win7-x64": "x64", "win7-x86-pae": "pae", "xp-x86": "x86"}
# machine, 32-bit programs on it, kind of dump, damage to structures of a process, damage to its directory
CASES = [
    *((machine, machine in X64, kind, "", "") for machine in MACHINES for kind in ("full", "bitmap-kernel")),
    *((machine, False, "", name, "") for machine in MACHINES for name in user_defects_of(PROFILES[machine].bits)),
    *((machine, True, "", name, "") for machine in X64 for name in USER_DEFECTS),
    *(
        (machine, False, "", "", name)
        for machine in MACHINES
        for name, each in DIRECTORY_DEFECTS.items()
        if MODES[machine] in each.modes
    ),
]
_SAMPLED_PAGES = 24
# how pagedirs says of a table what vtop says of the addresses below it
_OF_TABLES = {"outside-memory": "no RAM", "not-in-dump": "not in the file"}


@dataclass
class Answers:
    """What every plugin says of one dump."""

    scene: object

    @cached_property
    def processes(self):
        return [row for row in self._process if not isinstance(row, ThreadRow) and row.name != "error"]

    @cached_property
    def threads(self):
        return [row for row in self._process if isinstance(row, ThreadRow)]

    @cached_property
    def _process(self):
        return list(process_rows(self.scene, ProcessWanted((), True, False)))

    @cached_property
    def directories(self):
        rows = pagedirs_rows(self.scene, (), (), False, False)
        return {row.pid: row for row in rows if row.pid is not None and not row.depth}

    @cached_property
    def modules(self):
        rows = lm_rows(self.scene, LmWanted(scan=False))
        return {(row.pid, row.start): row for row in rows if row.start is not None}

    @cached_property
    def regions(self):
        found = defaultdict(list)
        for row in address_rows(self.scene, AddressWanted(scan=False)):
            if row.start is not None:
                found[row.pid].append(row)
        return found

    @cached_property
    def pebs(self):
        return list(peb_rows(self.scene, (), True, False))

    @cached_property
    def stacks(self):
        return list(stacks_rows(self.scene, StacksWanted(), scan=False))

    def region(self, pid: int, address: int):
        return next((row for row in self.regions[pid] if row.start <= address < row.end), None)

    def module_at(self, pid: int, address: int):
        held = [row for (owner, _), row in self.modules.items() if owner == pid and row.start <= address < row.end]
        return max(held, key=lambda row: row.start, default=None)


def the_victim(answers: Answers, name: str):
    return next(row for row in answers.processes if row.name.lower() == name[:14].lower())


@pytest.fixture(scope="module")
def machines():
    made = {}

    def make(machine: str, wow64: bool):
        if (machine, wow64) not in made:
            made[machine, wow64] = build(machine, wow64=wow64)
        return made[machine, wow64]

    return make


@pytest.mark.parametrize(("machine", "wow64", "kind", "user", "directory"), sampled(CASES, 14))
def test_one_truth(machines, tmp_path, machine, wow64, kind, user, directory):
    snapshot, name = machines(machine, wow64), VICTIM
    assert mode_of(snapshot) == MODES[machine]
    if user:
        name = PROGRAM_NAME if wow64 else VICTIM
        snapshot, kind = with_user_defect(snapshot, user, name), USER_DEFECTS[user].kind
    if directory:
        snapshot, kind = with_directory_defect(snapshot, directory), DIRECTORY_DEFECTS[directory].kind
    path = write(snapshot, kind or "full", tmp_path / "machine.dmp")
    answers = Answers(scene_of(open_dump(FileSource(path))))
    compare_processes(answers)
    compare_verdicts(answers)
    compare_modules(answers)
    compare_regions(answers)
    compare_pages(answers, the_victim(answers, name))


def compare_processes(answers: Answers) -> None:
    names = {row.pid: row.name for row in answers.processes}
    eprocesses = {row.pid: row.eprocess for row in answers.processes}
    assert names.keys() == answers.directories.keys()
    for pid, row in answers.directories.items():
        assert (row.process, row.eprocess) == (names[pid], eprocesses[pid])
    others = [
        *answers.modules.values(),
        *answers.pebs,
        *answers.stacks,
        *(r for each in answers.regions.values() for r in each),
    ]
    assert all(row.process == names[row.pid] for row in others if row.pid is not None)
    assert set(answers.regions) == set(names)
    mine = {(row.pid, row.tid, row.ethread, row.state, row.wait) for row in answers.threads}
    assert mine == {(r.pid, r.tid, r.ethread, r.state, r.wait) for r in answers.stacks if r.ethread is not None}


def compare_verdicts(answers: Answers) -> None:
    for process in answers.processes:
        word = answers.directories[process.pid].verdict
        assert process.page_directory == word
        if word in WALKABLE:
            continue
        said = f"page-directory:{word}"
        for rows in (answers.pebs, answers.stacks):
            for row in rows:
                if row.pid == process.pid and "page-directory:" in row.note:
                    assert said in row.note, row
        if process.peb:
            assert [row.note for row in answers.pebs if row.pid == process.pid and row.section == "peb"] == [said]
        assert not [row for (pid, _), row in answers.modules.items() if pid == process.pid]
        assert {row.note for row in answers.regions[process.pid] if row.state == "unknown"} <= {said}
        (row,) = vtop_rows(answers.scene, ["7ffe0000"], [f"eprocess:{process.eprocess:#x}"], None)
        assert (row.step, row.state) == ("directory", said)
        (row,) = ptov_rows(answers.scene, (), [f"eprocess:{process.eprocess:#x}"], False)
        assert row.state == said


def compare_modules(answers: Answers) -> None:
    """lm's name is the one that peb, stacks and address give."""
    for row in answers.pebs:
        if row.section == "modules":
            text = (
                row.value.removeprefix("unknown time ")
                if row.value.startswith("unknown time")
                else row.value.split(" ", 3)[3]
            )
            assert file_of(text) == answers.modules[row.pid, int(row.field, 16)].module, row
    for row in answers.stacks:
        if row.ring in ("user", "wow64") and row.ip is not None:
            module = answers.module_at(row.pid, row.ip)
            assert bool(row.symbol) == (module is not None), row
            if module is not None:
                made = Module(module.start, module.end - module.start, module.module, "", None, None, "")
                assert row.symbol.split("!")[0].split("+")[0] == made.name, row
    for (pid, base), module in answers.modules.items():
        region = answers.region(pid, base)
        if region is not None and region.type == "MEM_IMAGE" and "the file mapped there is" not in module.note:
            assert file_of(region.detail.split("; ")[0]).lower() == module.module.lower(), (region, module)
            assert not module.path or module.source != "vad" or module.path in region.detail


def compare_regions(answers: Answers) -> None:
    """An image that lm calls mapped begins where address has an image begin, and none besides."""
    known = {pid for pid, _ in answers.modules}
    for pid in known:
        listed = {base: row for (owner, base), row in answers.modules.items() if owner == pid}
        images = [row for row in answers.regions[pid] if row.type == "MEM_IMAGE"]
        for base, row in listed.items():
            begins = [each for each in images if each.start == base]
            assert bool(begins) == bool(row.mapped), row
        for image in images:
            assert any(row.mapped and base <= image.start for base, row in listed.items()), image


def compare_pages(answers: Answers, victim) -> None:
    """A page that ptov maps is where vtop and address have it; what address calls not resident, vtop has nowhere."""
    if answers.directories[victim.pid].verdict not in WALKABLE:
        return
    who = [f"eprocess:{victim.eprocess:#x}"]
    runs = [row for row in ptov_rows(answers.scene, (), who, False) if row.virtual is not None]
    for run in runs[:: max(len(runs) // _SAMPLED_PAGES, 1)]:
        rows = list(vtop_rows(answers.scene, [f"{run.virtual:#x}"], who, None))
        if run.physical is None:  # a range below an entry with reserved bits
            assert (rows[-1].state, run.state) == ("reserved-bits", "reserved-bits"), (rows[-1], run)
            continue
        physical = next(row for row in rows if row.step == "physical")
        leaf = rows[rows.index(physical) - 1]
        assert (int(physical.value, 16), leaf.state, leaf.flags) == (run.physical, run.state, run.flags)
        region = answers.region(victim.pid, run.virtual)
        if region is not None and region.state != "unknown":  # such rows have no counts
            assert region.resident, (run, region)
            assert region.in_dump or not any(row.step == "fileoffset" for row in rows)
    unused = [row for row in answers.regions[victim.pid] if row.resident == 0 and row.usage != "SharedData"]
    for region in unused[:: max(len(unused) // _SAMPLED_PAGES, 1)]:
        rows = list(vtop_rows(answers.scene, [f"{region.start:#x}"], who, None))
        assert not [row for row in rows if row.step == "physical"], (region, rows[-1])
    unknown = [row for row in answers.regions[victim.pid] if row.note.startswith("the table")]
    for region in unknown[:: max(len(unknown) // _SAMPLED_PAGES, 1)]:
        state = list(vtop_rows(answers.scene, [f"{region.start:#x}"], who, None))[-1].state
        words = {"outside-memory": "no RAM", "not-in-dump": "not in the dump", "pagefile": "in the page file"}
        assert words[state] in region.note, (region, state)
        judged = answers.directories[victim.pid]
        if judged.verdict == "tables-missing" and state in _OF_TABLES:
            assert _OF_TABLES[state] in judged.evidence, (judged, state)
