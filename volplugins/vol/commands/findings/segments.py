"""Findings of windows.kd.segments: gates that lead elsewhere, call gates, tables that Windows does not have so."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.descriptors.shadow_tables import OTHER_PAGE
from volplugins.findings.finding import Finding, Kind, Subject
from volplugins.findings.kinds import CALL_GATE, DESCRIPTOR_TABLE, GATE_OUTSIDE_KERNEL
from volplugins.vol.commands.segments import entry_rows, gate_targets
from volplugins.vol.commands.segments.row import SegmentRow

_EXCEPTIONS = 32  # vectors of the processor's own; what firmware and HAL wire on one processor alone lies above
_REGISTERS = ("the container says", "the KPCR says", "limit ", "limits differ")


def of_segment(row: SegmentRow) -> Iterator[Finding]:
    """The findings of one row, of each kind one at most."""
    if row.table not in ("gdt", "idt", "msr"):
        return
    notes = row.note.split("; ")
    for kind, note in _kinds(row, notes):
        more = "windows.kd.segments" + (f" --processor {row.processor}" if row.processor is not None else "")
        address = row.target if row.target is not None else row.base
        yield Finding(kind, Subject(address=address), f"{_place(row)}: {note}", more)


def _kinds(row: SegmentRow, notes: list[str]) -> Iterator[tuple[Kind, str]]:
    """Kinds with the note of the row that says so."""
    found: dict[Kind, str] = {}
    for note in notes:
        kind = _kind(row, note)
        if kind is not None:
            found.setdefault(kind, note)
    yield from found.items()


def _kind(row: SegmentRow, note: str) -> Kind | None:
    if note.startswith(entry_rows.ELSEWHERE) or (note.startswith(gate_targets.OUTSIDE) and row.table != "gdt"):
        return GATE_OUTSIDE_KERNEL
    if note.startswith(gate_targets.CALL_GATE):
        return CALL_GATE if note.endswith("to ring 0") else None
    return DESCRIPTOR_TABLE if _is_odd_table(row, note) else None


def _is_odd_table(row: SegmentRow, note: str) -> bool:
    if note.startswith(entry_rows.DIFFERS):
        return row.table == "gdt" or (row.number is not None and row.number < _EXCEPTIONS)
    if row.type == "table":
        return note.startswith(_REGISTERS) or OTHER_PAGE in note
    return note.startswith(entry_rows.FOREIGN_CODE)


def _place(row: SegmentRow) -> str:
    """``vector 0x0e of processor 0``."""
    on = f" of processor {row.processor}" if row.processor is not None else ""
    if row.table == "msr":
        return f"{row.type}{on} is {row.target:#x}" if row.target is not None else f"{row.type}{on}"
    if row.type == "table":
        return f"{row.table.upper()}{on}"
    if row.table == "gdt":
        return f"selector {row.selector or 0:#x}{on}"
    service = "interrupt service of " if row.type == "interrupt" else ""
    leads = f" leads to {row.target:#x}" if row.target is not None else ""
    return f"{service}vector {row.number or 0:#04x}{on}{leads}"
