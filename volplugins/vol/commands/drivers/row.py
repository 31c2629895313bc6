"""One row of windows.kd.drivers, and its columns."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.table import Table


class DriverRow(NamedTuple):
    """A driver, or below it one of its devices or routines; None and empty texts: nothing of the sort, or not known."""

    depth: int
    kind: Annotated[str, Column("Kind", failure="error")]
    driver: Annotated[str, Column("Driver", empty_is_absent=True)]
    object: Annotated[int | None, Column("Object", Kind.HEX)]
    name: Annotated[str, Column("Name", empty_is_absent=True)]
    type: Annotated[str, Column("Type", empty_is_absent=True)]
    routine: Annotated[int | None, Column("Routine", Kind.HEX)]
    symbol: Annotated[str, Column("Symbol", empty_is_absent=True)]
    module: Annotated[str, Column("Module", empty_is_absent=True)]
    source: Annotated[str, Column("Source", empty_is_absent=True)]
    note: Annotated[str, Column("Note", is_reason=True)]


DRIVERS = Table("windows.kd.drivers.Drivers", DriverRow)
failure_row = DRIVERS.failure
