"""A target: memory with page tables or pieces of it, where the kernel is in it, and what is recorded of a crash."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from volplugins.dumpfile.completeness import Completeness
from volplugins.dumpfile.context import RegisterContext
from volplugins.dumpfile.dump import Dump
from volplugins.dumpfile.dump_type import DumpType
from volplugins.dumpfile.exception_record import ExceptionRecord
from volplugins.dumpfile.note import Note
from volplugins.dumpfile.physical_memory import PhysicalMemory
from volplugins.dumpfile.triage import TriageDump
from volplugins.imagefile.processor_state import ProcessorState
from volplugins.kernel.kernel_space import KernelAnchors
from volplugins.paging.mode import PagingMode


class TargetKind(str, Enum):
    """The kinds, in the words of the contract."""

    CRASH_DUMP = "crash-dump"
    SMALL_DUMP = "small-dump"
    MEMORY_IMAGE = "memory-image"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class LiveProcessor:
    """A processor of a live machine, as it stands.

    Attributes:
        number: the kernel's number of it.
        prcb: address of its KPRCB; 0 where it is not known.
        context: its registers; None where it gave none.
        cr3, cr4: control registers; None where it gave none.
    """

    number: int
    prcb: int
    context: RegisterContext | None
    cr3: int | None
    cr4: int | None


class Fact(NamedTuple):
    """Something known of the target: ``name``, ``value`` as it is shown, and ``how`` it was found."""

    name: str
    value: str
    how: str


@dataclass(frozen=True, slots=True)
class Bugcheck:
    """A bugcheck: its code, its four parameters, and ``source``: what recorded it."""

    code: int
    parameters: tuple[int, int, int, int]
    source: str


NO_BUGCHECK = Bugcheck(0, (0, 0, 0, 0), "")
#: LIVE_SYSTEM_DUMP: what Windows itself records in the dump of a machine that went on running
NO_CRASH = 0x161


@dataclass(frozen=True, slots=True)
class Target:
    """What is looked at.

    Attributes:
        kind, format: what it is; the container's format in words.
        machine: MachineImageType (0x14C x86, 0x8664 x64); ``bits`` the width of its addresses, ``pae`` what is said of
            PAE on 32-bit machines (None: nothing).
        build: Windows build number; 0 where it is not known.
        memory: physical memory; None where there are only pieces of virtual memory, as in ``triage``.
        directory_table_base: physical address of the kernel's page directory; 0 where nothing says it.
        directory_source: who says so.
        anchors: kernel addresses of list heads and of the debugger data block; 0 where nothing gives them.
        kernel_base: address of the kernel's image; 0 where it is found through the lists only.
        number_processors: how many there are; 0 where it is not known.
        debugger_data: the debugger data block in clear, where memory has it encoded or not at all.
        bugcheck: what is recorded of one; ``NO_BUGCHECK`` where nothing is.
        context, exception: registers and exception as they were recorded for the crash.
        system_time, system_uptime: FILETIME and 100 ns; None where they are absent.
        completeness, notes: how much of the machine's memory is there; everything odd about the container.
        mode: how the processor translated, where that was found out already.
        facts: what was found of the kernel and how.
        dump: the crash dump, for what only its header tells.
        states: the processors' registers as an image's container saved them, in its order.
        processors: of a live machine; empty for all others.
    """

    kind: TargetKind
    format: str
    machine: int
    bits: int
    pae: bool | None
    build: int
    memory: PhysicalMemory | None
    triage: TriageDump | None
    directory_table_base: int
    directory_source: str
    anchors: KernelAnchors
    kernel_base: int
    number_processors: int
    debugger_data: bytes | None
    bugcheck: Bugcheck
    context: RegisterContext | None
    exception: ExceptionRecord | None
    system_time: int | None
    system_uptime: int | None
    completeness: Completeness
    notes: tuple[Note, ...]
    mode: PagingMode | None = None
    facts: tuple[Fact, ...] = ()
    dump: Dump | None = None
    states: tuple[ProcessorState, ...] = ()
    processors: tuple[LiveProcessor, ...] = ()

    def how(self, name: str) -> str:
        """How the fact of this name was found; a crash dump's header says what no fact is there for."""
        return next((fact.how for fact in self.facts if fact.name == name), "dump header")

    @property
    def standing(self) -> dict[int, RegisterContext]:
        """Registers of a live machine's processors, by number; empty for what is not live."""
        return {each.number: each.context for each in self.processors if each.context is not None}

    @property
    def stopped(self) -> bool:
        """Whether its processors were stopped and saved their registers: for a bugcheck, by a debugger.

        What the blocks of an image's processors hold otherwise is of an earlier stop, such as going to sleep; so are
        those in a dump that was written of such an image, of which the header has no context either.
        """
        if self.kind is TargetKind.LIVE:
            return True
        went_on = self.bugcheck.code == NO_CRASH and self.dump is not None and not self.dump.header.context_written
        return self.crashed and not went_on

    @property
    def holds_all(self) -> bool:
        """Whether it is meant to hold all of the machine's RAM: a complete dump, an image, a live machine."""
        if self.dump is None:
            return self.kind in (TargetKind.MEMORY_IMAGE, TargetKind.LIVE)
        return self.dump.header.dump_type in (DumpType.FULL, DumpType.BITMAP_FULL)

    @property
    def crashed(self) -> bool:
        """Whether a bugcheck is recorded."""
        return self.bugcheck is not NO_BUGCHECK
