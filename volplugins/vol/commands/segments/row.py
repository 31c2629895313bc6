"""Rows of windows.kd.segments, and their columns: of tables, and of addresses worked through."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.table import Table


class SegmentRow(NamedTuple):
    """A table, or below it one of its entries, or below that an interrupt object that a gate leads to."""

    depth: int
    processor: Annotated[int | None, Column("Processor", Kind.INTEGER)]
    table: Annotated[str, Column("Table", failure="error")]
    number: Annotated[int | None, Column("Index", Kind.INTEGER)] = None
    selector: Annotated[int | None, Column("Selector", Kind.HEX)] = None
    base: Annotated[int | None, Column("Base", Kind.HEX)] = None
    limit: Annotated[int | None, Column("Limit", Kind.HEX)] = None
    type: Annotated[str, Column("Type", empty_is_absent=True)] = ""
    dpl: Annotated[int | None, Column("DPL", Kind.INTEGER)] = None
    present: Annotated[bool | None, Column("Present", Kind.FLAG)] = None
    flags: Annotated[str, Column("Flags", empty_is_absent=True)] = ""
    target: Annotated[int | None, Column("Target", Kind.HEX)] = None
    symbol: Annotated[str, Column("Symbol", empty_is_absent=True)] = ""
    note: Annotated[str, Column("Note", is_reason=True)] = ""


class AddressRow(NamedTuple):
    """One step of an address that is worked through."""

    address: Annotated[str, Column("Address", empty_is_absent=True)]
    step: Annotated[str, Column("Step", failure="error")]
    value: Annotated[str, Column("Value", empty_is_absent=True)]
    state: Annotated[str, Column("State", empty_is_absent=True)]
    note: Annotated[str, Column("Note", is_reason=True)]


SEGMENTS = Table("windows.kd.segments.Segments", SegmentRow)
ADDRESSES = Table("windows.kd.segments.Segments", AddressRow, "--linear")
failure_row = SEGMENTS.failure
address_failure = ADDRESSES.failure
