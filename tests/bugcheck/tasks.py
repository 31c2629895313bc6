"""A crash of an x86 machine that was reported in a task of its own: the gate, both segments, and the truth."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from tests.vol.test_irps import scene
from tests.vol.test_irps_damaged import Writable, writable
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.vol.scene.descriptor_scene import processor_tables

SELECTOR, USUAL = 0x58, 0x28
_SEGMENT_AT = 0xC00  # in the page of the processor's tables: neither GDT nor TSS is there
_BUGCHECK = 0x28  # DUMP_HEADER32.BugCheckCode; the parameters follow it
_CS_IN_TRAP_FRAME = 0x6C


@dataclass(slots=True)
class TaskCrash:
    """A complete dump that can be written: the processor that crashed runs a task whose link leads to the usual one.

    ``top`` is the end of the task's stack, ``segment`` and ``usual`` are the addresses of the two segments.
    """

    dump: Writable
    stack: list[dict[str, Any]]
    top: int
    gdt: int
    idt: int
    segment: int
    usual: int

    @property
    def left(self) -> dict[str, Any]:
        """The frame that was interrupted, as it was built."""
        return next(each for each in self.stack if each["kind"] == "interrupted")

    def scene(self, symbols: bool = True) -> CrashScene:
        return scene(bytes(self.dump.data), symbols)

    def write(self, address: int, data: bytes) -> None:
        at = self.dump.place(address)
        self.dump.data[at : at + len(data)] = data

    def bugcheck(self, *words: int) -> None:
        """Another code and other parameters in the dump's header."""
        self.dump.data[_BUGCHECK : _BUGCHECK + 4 * len(words)] = struct.pack(f"<{len(words)}I", *words)

    def no_trap_frame(self) -> None:
        """The handler has left no trap frame, as that of double faults."""
        self.write(self.dump.truth["trap_frame"] + _CS_IN_TRAP_FRAME, bytes(2))


def segment(link: int = 0, top: int = 0, **registers: int) -> bytes:
    """A task state segment of 32 bits."""
    names = ("eip", "efl", "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "es", "cs", "ss", "ds", "fs", "gs")
    words = [registers.get(name, 0) for name in names]
    return struct.pack("<8I17I2H", link, top, 0x10, 0, 0, 0, 0, 0x39000, *words, 0, 0, 0x20AC)


def task_crash(machine: str, vector: int = 2) -> TaskCrash:
    """The lab's NMI of ``machine``, taken through a task gate; of another vector than 2, that one's."""
    dump = writable(machine, "nmi")
    stack = dump.truth["stack"]
    made = scene(bytes(dump.data))
    assert made.crashed is not None
    prcb = made.crashed.processor.prcb
    tables = next(each for each in processor_tables(made) if each.prcb == prcb)
    assert tables.gdt is not None and tables.idt is not None
    top = (stack[0]["sp"] | 0xFFF) + 1
    crash = TaskCrash(dump, stack, top, tables.gdt.base, tables.idt.base, tables.gdt.base + _SEGMENT_AT, tables.task)
    low = 0x67 | (crash.segment & 0xFFFFFF) << 16 | 0x8B << 40 | (crash.segment >> 24) << 56
    crash.write(crash.gdt + SELECTOR, struct.pack("<Q", low))
    crash.write(crash.segment, segment(USUAL, top, esp=top, cs=8))
    crash.write(crash.idt + 8 * vector, struct.pack("<HHBBH", 0, SELECTOR, 0, 0x85, 0))
    left = crash.left
    known = {name: value for name, value in left["registers"].items() if name != "esp"}
    crash.write(crash.usual, segment(0, 0, eip=left["ip"], esp=left["sp"], efl=0x246, cs=8, ss=0x10, **known))
    return crash
