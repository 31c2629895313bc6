"""Rows of windows.kd.segments: each processor's tables, LDTs of processes, the real mode vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.descriptors.local_table import read_local_table
from volplugins.descriptors.processor_tables import ProcessorTables, differences
from volplugins.descriptors.real_mode import IVT_SIZE, read_vectors
from volplugins.descriptors.table import TableRegister, read_gates, read_segments
from volplugins.memory.reader import PAGE_SIZE, ReadError
from volplugins.vol.commands.segments.entry_rows import EntryRows
from volplugins.vol.commands.segments.row import SegmentRow, failure_row
from volplugins.vol.output.wrong_use import WrongUse
from volplugins.vol.scene.descriptor_scene import has_segments, processor_tables, shadow_text, virtual_bits
from volplugins.vol.scene.process_selection import choose, gather

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene
    from volplugins.kernel.process import Process

_LONGEST = 8  # digits
NO_SEGMENTS = "this machine has no segments: descriptor tables are those of x86 and x64"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown: the tables of ``processor`` (None: of all), or the LDTs of the processes ``who`` means."""

    who: Sequence[str] = ()
    processor: int | None = None


def segment_rows(scene: CrashScene, wanted: Wanted) -> Iterator[SegmentRow]:
    """The rows: processors by number, each with its GDT, TSS, IDT and MSRs; then the real mode vectors."""
    if not has_segments(scene):
        yield failure_row(NO_SEGMENTS)
        return
    if wanted.who:
        yield from _local_tables(scene, wanted.who)
        return
    found = processor_tables(scene)
    shown = [each for each in found if wanted.processor in (None, each.number)]
    if not shown:
        which = "any processor" if wanted.processor is None else f"processor {wanted.processor}"
        yield failure_row("; ".join((f"no block (KPRCB) of {which} was found", *scene.notes)))
    rows = EntryRows(scene, found[0] if found else None)
    for tables in shown:
        yield from _of_processor(scene, rows, tables, found[0])
    if wanted.processor is None:
        yield from _vectors(scene)


def processor_number(text: str | None) -> int | None:
    """The processor that --processor names, in decimal, or hexadecimal with 0x; None where it was not given.

    Raises:
        WrongUse: it is no number.
    """
    if text is None:
        return None
    digits = text.strip().lower()
    plain = digits.removeprefix("0x")
    allowed = "0123456789abcdef" if plain != digits else "0123456789"
    if not 0 < len(plain) <= _LONGEST or any(c not in allowed for c in plain):
        raise WrongUse(f"--processor {text}: not a processor's number; allowed: 0 and up")
    return int(plain, 16 if plain != digits else 10)


def _of_processor(
    scene: CrashScene, rows: EntryRows, tables: ProcessorTables, first: ProcessorTables
) -> Iterator[SegmentRow]:
    number, width = tables.number, virtual_bits(scene)
    yield from (SegmentRow(0, number, "error", note=note) for note in tables.notes)
    if tables is not first:
        yield from (SegmentRow(0, number, "error", note=note) for note in differences(tables, first))
    if tables.gdt is not None:
        yield _head("gdt", number, tables.gdt, _shadowed(scene, tables, tables.gdt))
        for entry in read_segments(scene.memory, tables.gdt, width):
            yield from rows.of_segment(tables, "gdt", entry)
    yield from rows.of_task(tables)
    if tables.idt is not None:
        yield _head("idt", number, tables.idt, _shadowed(scene, tables, tables.idt))
        for entry in read_gates(scene.memory, tables.idt, width):
            yield from rows.of_gate(tables, entry)
    yield from rows.of_registers(tables)


def _shadowed(scene: CrashScene, tables: ProcessorTables, table: TableRegister) -> Sequence[str]:
    """That KVA shadow is on, and what its directory says of the table."""
    return tuple(filter(None, ("KVA shadow is on", shadow_text(scene, table)))) if tables.shadow else ()


def _head(name: str, processor: int | None, table: TableRegister, further: Sequence[str] = ()) -> SegmentRow:
    note = "; ".join((*table.notes, *further))
    return SegmentRow(0, processor, name, None, None, table.base, table.limit, "table", note=note)


def _local_tables(scene: CrashScene, who: Sequence[str]) -> Iterator[SegmentRow]:
    """The LDTs of processes; hidden ones are looked for where none is listed."""
    chosen, problems = choose(gather(scene, False).processes, who)
    if problems:
        chosen, problems = choose(gather(scene).processes, who)
    yield from map(failure_row, problems)
    for process, taken in chosen:
        yield from _local_table(scene, process, taken)


def _local_table(scene: CrashScene, process: Process, taken: str) -> Iterator[SegmentRow]:
    width, layouts = virtual_bits(scene), scene.layouts.descriptors
    table = read_local_table(scene.memory, process.eprocess, layouts, scene.target.build, width)
    name = "; ".join(part for part in (f"{process.name} (PID {process.pid})", taken) if part)
    if isinstance(table, str):
        yield SegmentRow(0, None, "ldt", note=f"{name}: {table}")
        return
    yield _head("ldt", None, TableRegister(table.base, table.limit, (name, *table.notes)))
    rows = EntryRows(scene, None)
    for entry in read_segments(scene.memory, table, width):
        yield from rows.of_segment(None, "ldt", entry)


def _vectors(scene: CrashScene) -> Iterator[SegmentRow]:
    """The real mode vectors, where physical page 0 is in the target."""
    memory = scene.target.memory
    if memory is None:
        return
    try:
        page = memory.read(0, PAGE_SIZE)
    except ReadError:
        return
    vectors = list(read_vectors(page[:IVT_SIZE]))
    if not vectors:  # a hole of the RAM that an image fills with zeros
        return
    note = "vectors of real mode, at physical 0, as the firmware left them"
    yield SegmentRow(0, None, "ivt", None, None, 0, IVT_SIZE - 1, "table", note=note)
    for vector, leads in vectors:
        yield SegmentRow(1, None, "ivt", vector, leads.segment, leads.base, None, "real-mode", target=leads.linear)
