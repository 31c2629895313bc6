"""One entry of one table changed at a time: the verdict names that very entry, and nobody else's changes.

Which entries a directory has, and what a change of each must lead to, is worked out here from the lab's own tables
and the contract's verdict table; nothing is asked of the code under test.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from tests.vol.damaged import PAE, X64, X86, Machine, frame
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.directory_verdicts import DirectoryJudge
from volplugins.vol.scene.process_selection import gather

LA57 = "win10-x64-la57"
MACHINES = (X64, "win7-x64", LA57, PAE, X86)
NOWHERE = 0x7FFF0000  # a page frame that is in no dump of the lab
QUICK, LONG = 40, 1000


@dataclass(frozen=True)
class Entry:
    """One valid entry of a process's tables: where it is, its level, and what it is part of."""

    level: str
    physical: int
    part: str  # user, self-map, kernel (compared), other (not compared), pointer (of PAE)


def tree(found: Machine, process: dict) -> list[Entry]:
    """The entries of the process's own tables: the top, and what leads to lower tables of the user half."""
    name = found.snapshot.machine
    if name == X86:
        return list(_x86(found, process["dtb"]))
    if name == PAE:
        return list(_pae(found, process["dtb"]))
    top = process["dtb"] & ~0xFFF
    return list(_la57(found, top) if name == LA57 else _x64(found, top))


def _valid(found: Machine, table: int, slots) -> list[tuple[int, int]]:
    return [(slot, table + slot * found.size) for slot in slots if found.entry(table + slot * found.size) & 1]


def _compared(found: Machine) -> list[int]:
    """Kernel addresses that the contract names: the kernel's image and KDBG."""
    kernel = next(m for m in found.snapshot.truth["modules"] if m["name"] == "nt")["base"]
    return [kernel, found.snapshot.header["KdDebuggerDataBlock"]]


def _la57(found: Machine, top: int):
    """Entry 0 leads to the user half, entry 511 to the kernel's."""
    for slot, at in _valid(found, top, range(512)):
        if slot == found.snapshot.truth["self_map"]:
            yield Entry("PML5E", at, "self-map")
        else:
            yield Entry("PML5E", at, "user" if slot < 256 else "kernel")
    yield from _x64(found, frame(found.entry(top)))


def _x64(found: Machine, top: int):
    compared = {address >> 39 & 0x1FF for address in _compared(found)}
    for slot, at in _valid(found, top, range(512)):
        if slot < 256:
            yield Entry("PML4E", at, "user")
            for _, lower in _valid(found, frame(found.entry(at)), range(512)):
                yield Entry("PDPE", lower, "user")
                for _, lowest in _valid(found, frame(found.entry(lower)), range(512)):
                    if not found.entry(lowest) & 0x80:
                        yield Entry("PDE", lowest, "user")
        else:
            part = "kernel" if slot in compared else "other"
            yield Entry("PML4E", at, "self-map" if slot == found.snapshot.truth["self_map"] else part)


def _x86(found: Machine, top: int):
    compared = {_compared(found)[0] >> 22}
    for slot, at in _valid(found, top, range(1024)):
        if found.entry(at) & 0x80:
            continue
        part = "user" if slot < 512 else "self-map" if slot == 0x300 else "kernel" if slot in compared else "other"
        yield Entry("PDE", at, part)


def _pae(found: Machine, top: int):
    compared = {_compared(found)[0] >> 21 & 0x1FF}
    for number in range(4):
        yield Entry("PDPE", top + number * 8, "pointer")
        directory = frame(found.entry(top + number * 8))
        for slot, at in _valid(found, directory, range(512)):
            if found.entry(at) & 0x80:
                continue
            part = "user" if number < 2 else "other"
            if number == 3 and slot < 4:
                part = "self-map"
            elif number == _compared(found)[0] >> 30 and slot in compared:
                part = "kernel"
            yield Entry("PDE", at, part)


def changed(found: Machine, entry: Entry, chooser: random.Random) -> tuple[int, str | None]:
    """A new value, and the verdict that it must lead to (None: anything, the contract says nothing of it)."""
    old = found.entry(entry.physical)
    gone = old & ~0xFFFFFFFFFF000 | (NOWHERE & (0xFFFFF000 if found.size == 4 else -1))
    page_file = (0x1234 << (12 if found.size == 4 else 32)) | 0x80
    if entry.part == "user":
        return chooser.choice(((gone, "tables-missing"), (page_file, "tables-paged-out")))
    if entry.part == "pointer":
        return chooser.choice(((gone, "outside-memory"), (0, "not-in-dump")))
    if entry.part == "self-map":
        return chooser.choice((0, gone, old + 0x3000)), "self-map-mismatch"
    if entry.part == "kernel":
        return chooser.choice((0, gone, old + 0x3000)), "kernel-half-mismatch"
    return old ^ 0x60, "ok"  # accessed and dirty bits of an entry that nothing compares


def verdicts(found: Machine) -> dict[int, tuple[str, str, str]]:
    scene = scene_of(found.dump)
    processes = gather(scene, scan=False).processes
    court = DirectoryJudge(scene, processes)
    judged = {process.pid: court.verdict(process) for process in processes}
    return {pid: (verdict.word, verdict.level, verdict.evidence) for pid, verdict in judged.items()}


def mutate(dumps, machine: str, count: int) -> None:
    found = Machine(dumps, machine)
    sound = {pid: word for pid, (word, _, _) in verdicts(found).items()}
    header = found.snapshot.header["DirectoryTableBase"]
    processes = [
        p for p in found.snapshot.truth["processes"] if p["dtb"] and p["name"] != "System" and p["dtb"] != header
    ]
    chooser = random.Random(f"mutations/{machine}")
    trees = {process["pid"]: tree(found, process) for process in processes}
    owners: dict[int, int] = {}
    for entries in trees.values():
        for physical in {entry.physical for entry in entries}:
            owners[physical] = owners.get(physical, 0) + 1
    seen = set()
    for _ in range(count):
        process = chooser.choice(processes)
        entry = chooser.choice([each for each in trees[process["pid"]] if owners[each.physical] == 1])
        old = found.entry(entry.physical)
        value, expected = changed(found, entry, chooser)
        found.set_entry(entry.physical, value)
        now = verdicts(found)
        word, level, evidence = now[process["pid"]]
        assert word == expected, f"{entry} = {value:#x}: {evidence}"
        if expected != "ok":
            assert level == entry.level
            assert f"{entry.physical:#x}" in evidence
        others = {pid: word for pid, (word, _, _) in now.items() if pid != process["pid"]}
        assert others == {pid: word for pid, word in sound.items() if pid != process["pid"]}
        found.set_entry(entry.physical, old)
        seen.add((entry.part, entry.level))
    assert {part for part, _ in seen} >= {"user", "self-map", "kernel"}


@pytest.mark.parametrize("machine", MACHINES)
def test_a_changed_entry_is_named_and_nobody_else_is_blamed(dumps, machine):
    mutate(dumps, machine, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("machine", MACHINES)
def test_a_thousand_changed_entries(dumps, machine):
    mutate(dumps, machine, LONG)


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("part", ["self-map", "kernel"])
def test_systems_own_damage_is_blamed_on_system_alone(dumps, machine, part):
    found = Machine(dumps, machine)
    system = next(p for p in found.snapshot.truth["processes"] if p["name"] == "System")
    entry = next(each for each in tree(found, system) if each.part == part)
    found.set_entry(entry.physical, found.entry(entry.physical) + 0x3000)
    bad = {pid for pid, (word, _, _) in verdicts(found).items() if word not in ("ok", "no-directory")}
    assert bad == {4}
