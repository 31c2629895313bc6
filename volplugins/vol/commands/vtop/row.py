"""One row of windows.kd.vtop, and its columns."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.rows import NOT_APPLICABLE
from volplugins.vol.output.table import Table


class VtopRow(NamedTuple):
    """One level of a translation, or what it leads to."""

    address: Annotated[int | None, Column("Address", Kind.HEX)]
    step: Annotated[str, Column("Step", failure="error")]
    entry_virtual: Annotated[int | None, Column("EntryVirtual", Kind.HEX)]
    entry_physical: Annotated[int | None, Column("EntryPhysical", Kind.HEX)]
    entry: Annotated[int | None, Column("Entry", Kind.HEX)]
    flags: Annotated[str, Column("Flags")]
    value: Annotated[str | None, Column("Value", absent=NOT_APPLICABLE)]
    state: Annotated[str, Column("State")]
    note: Annotated[str, Column("Note", is_reason=True)]


VTOP = Table("windows.kd.vtop.Vtop", VtopRow)
