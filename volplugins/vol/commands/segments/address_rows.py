"""Rows of windows.kd.segments --linear and --real: an address worked through to its byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.descriptors.address_work import Worked, work_through
from volplugins.descriptors.local_table import read_local_table
from volplugins.descriptors.lookup import VALID
from volplugins.descriptors.processor_tables import ProcessorTables
from volplugins.descriptors.real_mode import FIRST_HIGH, LARGEST, RealAddress
from volplugins.descriptors.selector import Selector
from volplugins.descriptors.table import TableRegister
from volplugins.memory.address_text import parse_address
from volplugins.vol.commands.segments.row import AddressRow, address_failure
from volplugins.vol.commands.segments.rows import NO_SEGMENTS
from volplugins.vol.commands.vtop.row import VtopRow
from volplugins.vol.commands.vtop.rows import Directory, directories_meant, physical_rows, translation_rows
from volplugins.vol.scene.descriptor_scene import has_segments, processor_tables, virtual_bits

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

V86 = "virtual-8086 mode: segment times sixteen plus offset, then the process's page tables"
REAL = "real mode: segment times sixteen plus offset is the physical address, nothing is translated or checked"


@dataclass(frozen=True, slots=True)
class Asked:
    """Addresses: ``linear`` are selector:offset, ``real`` segment:offset; in which process, on which processor."""

    linear: Sequence[str] = ()
    real: Sequence[str] = ()
    who: Sequence[str] = ()
    processor: int | None = None


def address_rows(scene: CrashScene, asked: Asked) -> Iterator[AddressRow]:
    """The steps of each address in each process meant; a row with the reason for what cannot be done."""
    if not has_segments(scene):
        yield address_failure(NO_SEGMENTS)
        return
    tables = _processor(scene, asked.processor)
    if isinstance(tables, str) and asked.linear:
        yield address_failure(tables)
    directories, problems = _directories(scene, asked.who)
    yield from map(address_failure, problems)
    for directory in directories:
        if isinstance(tables, ProcessorTables):
            for text in asked.linear:
                yield from _linear(scene, text, tables, directory)
        for text in asked.real:
            yield from _real(scene, text, directory)


def _processor(scene: CrashScene, wanted: int | None) -> ProcessorTables | str:
    """The tables of the processor that was named, else of the crashing one, else of processor 0."""
    found = processor_tables(scene)
    if wanted is None and scene.crashed is not None:
        wanted = scene.crashed.processor.index
    return next(
        (each for each in found if each.number == (wanted or 0)),
        f"the block (KPRCB) of processor {wanted or 0} was not found",
    )


def _directories(scene: CrashScene, who: Sequence[str]) -> tuple[list[Directory], list[str]]:
    """The directories of the processes that were named, else of the crashing one, else of System."""
    if scene.space is None:
        return [Directory(None, "; ".join(scene.notes) or "the target holds no page tables")], []
    named = bool(who)
    process = scene.process or scene.system_process
    if not named and process is not None:
        who = [f"eprocess:{process.eprocess:x}"]
    found, problems, _ = directories_meant(scene, who, None)
    if not named and not found:
        return directories_meant(scene, (), None)[0], problems
    return found, problems


def _parts(text: str) -> tuple[int, int] | None:
    """Selector and offset of a text; None where it is no such address."""
    first, colon, second = text.partition(":")
    left, right = parse_address(first), parse_address(second)
    if not colon or left is None or right is None or left > LARGEST:
        return None
    return left, right


def _linear(scene: CrashScene, text: str, tables: ProcessorTables, directory: Directory) -> Iterator[AddressRow]:
    parts, width = _parts(text), virtual_bits(scene)
    if parts is None or (width == 32 and parts[1] >> 32):
        yield address_failure(f"{text}: no SELECTOR:OFFSET (hexadecimal, a selector of 16 bits)")._replace(address=text)
        return
    selector = Selector(parts[0])
    worked = work_through(scene.memory, selector, parts[1], tables.gdt, _local(scene, directory, selector), width)
    yield from _selector_rows(text, worked, tables)
    if worked.linear is None:
        return
    notes = [worked.linear_note, worked.model]
    yield AddressRow(text, "linear", f"{worked.linear:#x}", worked.linear_state, _joined(*notes))
    if worked.linear_state == VALID:
        yield from _translated(scene, text, worked.linear, directory, worked.model)


def _local(scene: CrashScene, directory: Directory, selector: Selector) -> TableRegister | None:
    if not selector.local or directory.process is None:
        return None
    layouts, width = scene.layouts.descriptors, virtual_bits(scene)
    found = read_local_table(scene.memory, directory.process.eprocess, layouts, scene.target.build, width)
    return None if isinstance(found, str) else found


def _selector_rows(text: str, worked: Worked, tables: ProcessorTables) -> Iterator[AddressRow]:
    found, descriptor = worked.found, worked.found.descriptor
    on = f"of processor {tables.number}" if tables.number is not None and not worked.selector.local else ""
    state = VALID if descriptor is not None else found.state
    where = f"entry at {found.address:#x}" if found.address is not None else ""
    yield AddressRow(text, "selector", worked.selector.text(), state,
                     _joined(where, on, "" if descriptor is not None else worked.note, worked.model))  # fmt: skip
    if descriptor is None:
        return
    parts = [f"{descriptor.type_word}, DPL {descriptor.dpl}, {' '.join(descriptor.flags)}".rstrip(", ")]
    if descriptor.gate is None:
        parts.append(f"base {descriptor.base:#x}, limit {descriptor.limit:#x}")
    raw = f"{descriptor.raw:#0{2 * descriptor.size + 2}x}"
    yield AddressRow(text, "descriptor", raw, worked.state, _joined(*parts, worked.note, worked.model))


def _translated(scene: CrashScene, text: str, linear: int, directory: Directory, model: str) -> Iterator[AddressRow]:
    if directory.verdict:
        note = _joined(directory.note, model)
        yield AddressRow(text, "directory", "", f"page-directory:{directory.verdict}", note)
    if directory.space is None:
        if not directory.verdict:
            yield AddressRow(text, "error", "", "", _joined(directory.note, model))
        return
    said = "" if directory.verdict else directory.note
    for row in translation_rows(scene, linear, directory.space, said):
        yield _step(text, row, model)


def _step(text: str, row: VtopRow, model: str) -> AddressRow:
    """A step of vtop, its entry in the note."""
    entry = f"entry {row.entry:#x}" if row.entry is not None else ""
    at = f"at {row.entry_physical:#x}" if row.entry_physical is not None else ""
    return AddressRow(text, row.step, row.value or "", row.state,
                      _joined(" ".join(each for each in (entry, at, row.flags) if each), row.note, model))  # fmt: skip


def _real(scene: CrashScene, text: str, directory: Directory) -> Iterator[AddressRow]:
    """Real mode, and on x86 virtual-8086 mode first, in the process."""
    parts = _parts(text)
    if parts is None or parts[1] > LARGEST:
        yield address_failure(f"{text}: no SEGMENT:OFFSET (hexadecimal, 16 bits each)")._replace(address=text)
        return
    address = RealAddress(*parts)
    virtual = scene.bits == 32
    model = V86 if virtual else f"{REAL}; long mode has no virtual-8086 mode"
    yield AddressRow(text, "selector", f"{address.segment:#x}", VALID, _joined("no descriptor is looked up", model))
    yield AddressRow(text, "linear", f"{address.linear:#x}", VALID, _joined(_line_20(address), model))
    if virtual:
        yield from _translated(scene, text, address.linear, directory, model)
        for row in physical_rows(scene, address.linear, address.linear, VALID):
            yield _step(text, row, REAL)._replace(step=f"real-{row.step}")
    else:
        for row in physical_rows(scene, address.linear, address.linear, VALID):
            yield _step(text, row, model)


def _line_20(address: RealAddress) -> str:
    if address.linear < FIRST_HIGH:
        return f"{address.base:#x} + {address.offset:#x}, 20 bits"
    return f"{address.base:#x} + {address.offset:#x}, past 20 bits: with A20 off it is {address.masked:#x}"


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
