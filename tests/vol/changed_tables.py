"""Processors' tables and interrupt objects written into a lab machine's dump, for tests of segments."""

from __future__ import annotations

import struct

import pytest

from tests.vol.test_irps import scene
from tests.vol.test_irps_damaged import Writable, writable
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.loader.module import Module
from volplugins.vol.commands.segments.row import SegmentRow
from volplugins.vol.commands.segments.rows import Wanted, segment_rows

EVERY = pytest.mark.parametrize("machine", MACHINES)


FREE = 0x800  # of a processor's page of tables: neither GDT nor TSS is there


VECTOR = 0x77


ALL = Wanted()


class Changed:
    """A machine's dump whose processors' tables are written."""

    def __init__(self, machine: str) -> None:
        self.dump: Writable = writable(machine)
        self.wide = self.dump.bits == 64
        self.scene = scene(bytes(self.dump.data))
        heads = [row for row in segment_rows(self.scene, Wanted()) if row.type == "table"]
        self.gdt = [row.base or 0 for row in heads if row.table == "gdt"]
        self.idt = [row.base or 0 for row in heads if row.table == "idt"]

    def write(self, address: int, data: bytes) -> int:
        at = self.dump.place(address)
        self.dump.data[at : at + len(data)] = data
        return address

    def gate(self, target: int, processor: int = 0, vector: int = VECTOR, kind: int = 0x8E) -> None:
        selector = 0x10 if self.wide else 8
        entry = struct.pack("<HHBBH", target & 0xFFFF, selector, 0, kind, target >> 16 & 0xFFFF)
        entry += struct.pack("<II", target >> 32, 0) if self.wide else b""
        self.write(self.idt[processor] + vector * len(entry), entry)

    def interrupt(self, address: int, service: int, vector: int = VECTOR, **more: int) -> int:
        """An interrupt object of this build, alone in its list."""
        layout = self.scene.layouts.descriptors.interrupt
        link = address + layout.offset("InterruptListEntry")
        words = {"Type": 22, "Size": layout.size, "InterruptListEntry": link, "ServiceRoutine": service,
                 "Vector": vector, "Irql": 7, "Connected": 1, **more}  # fmt: skip
        for name, value in words.items():
            at, size = layout.members[name]
            self.dump.put(address + at, value, min(size, self.dump.bits // 8))
        return address

    def chain(self, *addresses: int) -> None:
        at = self.scene.layouts.descriptors.interrupt.offset("InterruptListEntry")
        for here, there in zip(addresses, (*addresses[1:], addresses[0]), strict=True):
            self.dump.put(here + at, there + at)

    def scene_now(self) -> CrashScene:
        return scene(bytes(self.dump.data))

    def rows(self, wanted: Wanted = ALL) -> list[SegmentRow]:
        return list(segment_rows(self.scene_now(), wanted))

    def of_vector(self, vector: int = VECTOR, processor: int = 0) -> list[SegmentRow]:
        rows = self.rows()
        return [each for each in rows if (each.table, each.number, each.processor) == ("idt", vector, processor)]

    def module(self, name: str = "") -> Module:
        """A driver, or the module of this name."""
        return next(
            each for each in self.scene.modules
            if (each.name == name if name else each.name not in ("nt", "hal"))
        )  # fmt: skip


def object_place(changed: Changed, number: int = 0) -> int:
    """Where an interrupt object fits; those of XP with their code are large."""
    return changed.gdt[0] + FREE + number * 0x300
