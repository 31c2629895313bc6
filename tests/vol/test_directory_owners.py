"""Whose a found directory is: the lab's processes all have their PEB and image at the same addresses, as many do.

Directories are taken away from processes (their EPROCESS names a page of text instead), some of the processes exit
(DirectoryTableBase 0, no VADs, no PEB, threads ended) while their directory's pages are still in memory.
"""

from __future__ import annotations

import re

import pytest

from tests.vol.damaged import PAE, X64, Machine
from volplugins.lab.machines.catalogue import MACHINES

LOW = {PAE: 0x1F}


class Owners(Machine):
    """A machine whose processes can be changed by name and number."""

    def process(self, name: str, number: int = 0) -> dict:
        return [p for p in self.snapshot.truth["processes"] if p["name"] == name and p["dtb"]][number]

    def directory(self, process: dict) -> int:
        return process["dtb"] & ~LOW.get(self.snapshot.machine, 0xFFF)

    def write_member(self, structure: str, address: int, member: str, value: int) -> None:
        layout = getattr(self.scene.layouts, structure)
        at, width = layout.members[member]
        where = self.scene.space.space.translate(address + at).physical
        self.memory.write(where, value.to_bytes(width, "little"))

    def take_away(self, process: dict) -> None:
        """Its EPROCESS names a page of text; its own directory stays where it was."""
        spare = (max(base + count for base, count in self.snapshot.runs) - 1) << 12
        self.memory.write(spare, b"nothing that looks like a table ".ljust(0x1000, b"."))
        self.write_member("process", process["eprocess"], "DirectoryTableBase", spare)

    def forget_threads(self, process: dict) -> None:
        for thread in process["threads"]:
            self.write_member("thread", thread["ethread"], "Teb", 0)

    def exit(self, process: dict) -> None:
        """The process has ended; what its directory mapped is still there."""
        for member, value in (("DirectoryTableBase", 0), ("Peb", 0), ("VadRoot", 0), ("ExitTime", 133_000_000_000)):
            self.write_member("process", process["eprocess"], member, value)
        for thread in process["threads"]:
            self.write_member("thread", thread["ethread"], "State", 4)  # Terminated

    def destroy(self, process: dict) -> None:
        """Its own directory's pages have been given to something else."""
        self.take_away(process)
        pages = [self.directory(process)]
        if self.snapshot.machine == PAE:
            pages = [self.entry(pages[0] + 8 * n) & 0xFFFFFFF000 for n in range(4)]
        for page in pages:
            self.memory.write(page, b"something else ".ljust(0x1000, b"!"))

    def offers(self) -> dict[int, list[int]]:
        rows = [row for row in self.rows() if row.pid is not None]
        return {row.pid: [int(text, 16) for text in re.findall(r"\.context (0x[0-9a-f]+)", row.next)] for row in rows}

    def next_of(self, process: dict) -> str:
        return next(row.next for row in self.rows() if row.pid == process["pid"])


@pytest.mark.parametrize("machine", MACHINES)
def test_every_process_gets_its_own_directory_back(dumps, machine):
    found = Owners(dumps, machine)
    living = [p for p in found.snapshot.truth["processes"] if p["dtb"] and p["peb"]]
    for process in living:
        found.take_away(process)
    offers = found.offers()
    if machine == PAE:  # pointer tables lie in a page that processes share; one that names it is left to lead there
        keeper = living.pop()
        found.write_member("process", keeper["eprocess"], "DirectoryTableBase", keeper["dtb"])
        offers = found.offers()
        assert offers.pop(keeper["pid"]) == []
    assert {pid: offers[pid] for pid in offers if offers[pid]} == {p["pid"]: [found.directory(p)] for p in living}


@pytest.mark.parametrize("machine", MACHINES)
def test_an_exited_processs_directory_is_offered_to_nobody(dumps, machine):
    found = Owners(dumps, machine)
    found.exit(found.process("acmetray.exe"))
    found.exit(found.process("svchost.exe"))
    bad = [found.process("explorer.exe"), found.process("lsass.exe"), found.process("svchost.exe", 1)]
    for process in bad:
        found.destroy(process)
    assert [offer for offers in found.offers().values() for offer in offers] == []
    for process in bad:
        found.forget_threads(process)  # no TEB tells any more: names, and what cannot be told apart
    assert [offer for offers in found.offers().values() for offer in offers] == []
    if machine != "win7-x64":  # there the two have their ranges at different places: the VADs tell
        assert "ambiguous" in found.next_of(bad[2])
        assert "svchost.exe" in found.next_of(bad[2])
        assert "exited" in found.next_of(bad[2])


@pytest.mark.parametrize("machine", [X64, "xp-x86"])
def test_two_processes_of_one_name_are_told_apart_by_their_tebs_alone(dumps, machine):
    found = Owners(dumps, machine)
    both = [found.process("svchost.exe", number) for number in (0, 1)]
    for process in both:
        found.take_away(process)
    offers = found.offers()
    assert [offers[process["pid"]] for process in both] == [[found.directory(process)] for process in both]
    for process in both:
        found.forget_threads(process)
    offers = found.offers()
    assert [offers[process["pid"]] for process in both] == [[], []]
    assert all("ambiguous" in found.next_of(process) for process in both)


def test_without_tebs_a_name_of_its_own_is_enough(dumps):
    found = Owners(dumps, X64)
    process = found.process("explorer.exe")
    found.take_away(process)
    found.forget_threads(process)
    assert found.offers()[process["pid"]] == [found.directory(process)]
    assert "explorer.exe" in found.next_of(process)


def test_an_image_of_another_name_is_not_offered(dumps):
    """The PEB and the VADs would fit; the file that the parameters name is another program's."""
    found = Owners(dumps, X64)
    process, other = found.process("explorer.exe"), found.process("acmetray.exe")
    found.destroy(process)
    found.take_away(other)
    for each in (process, other):
        found.forget_threads(each)
    offers = found.offers()
    assert offers[process["pid"]] == []
    assert offers[other["pid"]] == [found.directory(other)]
