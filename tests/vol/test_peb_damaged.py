"""windows.kd.peb over damaged user memory: every pointer wild in turn, pages away, modules unlinked."""

from __future__ import annotations

import pytest

from tests.vol.damaged import PAE, X64, X86, Machine
from volplugins.vol.commands.peb.row import PebRow
from volplugins.vol.commands.peb.rows import peb_rows
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.directory_verdicts import process_space
from volplugins.vol.scene.process_selection import gather

MODES = pytest.mark.parametrize("name", [X64, PAE, X86])
WILD = 0x66660000
NTDLL, PROGRAM = 1, 0  # places in the load order
# members that hold pointers, 64 and 32 bits: PEB (Ldr, ProcessParameters), the lists' heads, an entry's links and names
_PEB = {64: (0x18, 0x20, 0xF0), 32: (0xC, 0x10, 0x90)}
_LDR = {64: (0x10, 0x18, 0x20, 0x28, 0x30, 0x38), 32: (0xC, 0x10, 0x14, 0x18, 0x1C, 0x20)}
_ENTRY = {
    64: (0x0, 0x8, 0x10, 0x18, 0x20, 0x28, 0x30, 0x50, 0x60),
    32: (0x0, 0x4, 0x8, 0xC, 0x10, 0x14, 0x18, 0x28, 0x30),
}
_PARAMETERS = {64: (0x40, 0x58, 0x68, 0x78, 0x80, 0xB8), 32: (0x28, 0x34, 0x3C, 0x44, 0x48, 0x74)}


class Patient(Machine):
    """The victim's user memory by virtual address."""

    def __init__(self, dumps, name: str) -> None:
        super().__init__(dumps, name)
        self.bits = self.snapshot.bits
        self.width = self.bits // 8
        (process,) = [p for p in gather(self.scene, False).processes if p.pid == self.victim["pid"]]
        self.space = process_space(self.scene, process)

    def physical(self, virtual: int) -> int:
        return self.space.translate(virtual).physical

    def pointer(self, virtual: int) -> int:
        return int.from_bytes(self.memory.read(self.physical(virtual), self.width), "little")

    def set_pointer(self, virtual: int, value: int) -> None:
        self.memory.write(self.physical(virtual), value.to_bytes(self.width, "little"))

    def remove_page(self, virtual: int) -> None:
        self.memory.remove(self.physical(virtual) >> 12)

    @property
    def peb(self) -> int:
        return self.victim["peb"]

    @property
    def ldr(self) -> int:
        return self.pointer(self.peb + _PEB[self.bits][0])

    def entries(self) -> list[int]:
        """Entries in load order."""
        head, found = self.ldr + _LDR[self.bits][0], []
        while (link := self.pointer(found[-1] if found else head)) != head:
            found.append(link)
        return found

    def report(self) -> list[PebRow]:
        rows = list(peb_rows(scene_of(self.dump), [f"pid:{self.victim['pid']}"], True, False))
        assert not [row for row in rows if row.process == "error"]
        return rows

    def modules(self) -> list[dict]:
        return self.snapshot.truth["user"][self.victim["pid"]]["modules"]


def bases(rows: list[PebRow]) -> set[int]:
    return {int(row.field, 16) for row in rows if row.section == "modules"}


@MODES
def test_a_module_unlinked_everywhere_is_found_by_its_vad(dumps, name):
    patient = Patient(dumps, name)
    victim, width = patient.entries()[NTDLL], patient.width
    for order in range(3):
        links = victim + order * 2 * width
        after, before = patient.pointer(links), patient.pointer(links + width)
        patient.set_pointer(before, after)
        patient.set_pointer(after + width, before)
    rows = patient.report()
    hidden = [row for row in rows if row.note == "mapped, in none of the lists (from the VADs)"]
    assert [int(row.field, 16) for row in hidden] == [patient.modules()[NTDLL]["base"]]
    assert "ntdll" in hidden[0].value  # its own export directory says so
    assert bases(rows) == {module["base"] for module in patient.modules()}


@MODES
def test_a_module_unlinked_from_the_load_order_only(dumps, name):
    patient = Patient(dumps, name)
    victim, width = patient.entries()[NTDLL], patient.width
    after, before = patient.pointer(victim), patient.pointer(victim + width)
    patient.set_pointer(before, after)
    patient.set_pointer(after + width, before)
    rows = patient.report()
    (row,) = [row for row in rows if row.section == "integrity" and row.value == "missing"]
    base = patient.modules()[NTDLL]["base"]
    assert (row.field, row.note) == ("InLoadOrderModuleList", f"{base:#x} ntdll.dll is in another list")
    (module,) = [row for row in rows if row.section == "modules" and int(row.field, 16) == base]
    assert module.note == "only in InMemoryOrder, InInitializationOrder"


@MODES
def test_a_listed_image_that_is_not_mapped(dumps, name):
    patient = Patient(dumps, name)
    patient.set_pointer(patient.entries()[PROGRAM] + (0x30 if patient.bits == 64 else 0x18), 0x11110000)
    (row,) = [row for row in patient.report() if row.field == "image"]
    assert (row.value, row.note.split()[0]) == ("not mapped", "0x11110000")


@MODES
def test_an_absent_peb_names_its_page_and_modules_come_from_the_vads(dumps, name):
    patient = Patient(dumps, name)
    patient.remove_page(patient.peb)
    rows = patient.report()
    assert f"the PEB cannot be read: page {patient.peb:#x} not-in-dump" in [row.note for row in rows]
    assert bases(rows) == {module["base"] for module in patient.modules()}
    assert {row.note for row in rows if row.section == "modules"} == {"from the VADs: the PEB cannot be read"}


@MODES
def test_an_absent_page_of_lists(dumps, name):
    patient = Patient(dumps, name)
    ldr = patient.ldr
    patient.remove_page(ldr)
    rows = patient.report()
    why = f"Ldr cannot be read: page {ldr:#x} not-in-dump"
    assert why in [row.note for row in rows if row.field == "Ldr"]
    assert {row.note for row in rows if row.section == "modules"} == {f"from the VADs: {why}"}
    assert bases(rows) == {module["base"] for module in patient.modules()}


@MODES
@pytest.mark.parametrize("value", [WILD, 1, 0, None], ids=["wild", "one", "null", "itself"])
def test_each_pointer_in_turn(dumps, name, value):
    """Whatever one pointer is made: the modules are all there, other sections stay, something says what is wrong."""
    patient = Patient(dumps, name)
    sound = patient.report()
    bits, ldr, parameters = patient.bits, patient.ldr, patient.pointer(patient.peb + _PEB[patient.bits][1])
    places = [patient.peb + at for at in _PEB[bits]]
    places += [ldr + at for at in _LDR[bits]]
    places += [entry + at for entry in patient.entries() for at in _ENTRY[bits]]
    places += [parameters + at for at in _PARAMETERS[bits]]
    everything = {module["base"] for module in patient.modules()}
    for place in places:
        before = patient.pointer(place)
        chosen = place if value is None else value
        if chosen == before:
            continue
        patient.set_pointer(place, chosen)
        rows = patient.report()
        assert len(rows) < 2 * len(sound) + 2100, hex(place)  # an environment of rubbish is bounded by its page
        assert everything <= bases(rows), hex(place)
        assert [row.field for row in rows if row.section == "teb"] == [
            row.field for row in sound if row.section == "teb"
        ]
        patient.set_pointer(place, before)
    assert patient.report() == sound
