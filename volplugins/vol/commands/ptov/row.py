"""One row of windows.kd.ptov, and its columns."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.table import Table


class PtovRow(NamedTuple):
    """One range that is mapped, or why one is not."""

    pid: Annotated[int | None, Column("PID", Kind.INTEGER)]
    process: Annotated[str, Column("Process", failure="error")]
    physical: Annotated[int | None, Column("Physical", Kind.HEX)]
    virtual: Annotated[int | None, Column("Virtual", Kind.HEX)]
    size: Annotated[int | None, Column("Size", Kind.HEX)]
    flags: Annotated[str, Column("Flags")]
    state: Annotated[str, Column("State")]
    note: Annotated[str, Column("Note", is_reason=True)]


PTOV = Table("windows.kd.ptov.Ptov", PtovRow)
failure_row = PTOV.failure
