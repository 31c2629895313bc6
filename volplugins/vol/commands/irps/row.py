"""One row of windows.kd.irps, and its columns."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.table import Table


class IrpRow(NamedTuple):
    """A request at its current stack location, or below it one of its locations; empty texts and None: not known.

    ``age`` is in seconds; ``location`` is ``current/count``.
    """

    depth: int
    pid: Annotated[int | None, Column("PID", Kind.INTEGER)]
    process: Annotated[str, Column("Process", empty_is_absent=True, failure="error")]
    tid: Annotated[int | None, Column("TID", Kind.INTEGER)]
    irp: Annotated[int | None, Column("IRP", Kind.HEX)]
    source: Annotated[str, Column("Source", empty_is_absent=True)]
    major: Annotated[str, Column("Major", empty_is_absent=True)]
    minor: Annotated[str, Column("Minor", empty_is_absent=True)]
    driver: Annotated[str, Column("Driver", empty_is_absent=True)]
    device: Annotated[int | None, Column("Device", Kind.HEX)]
    file: Annotated[str, Column("File", empty_is_absent=True)]
    state: Annotated[str, Column("State", empty_is_absent=True)]
    age: Annotated[float | None, Column("Age", Kind.DECIMAL)]
    location: Annotated[str, Column("Location", empty_is_absent=True)]
    completion: Annotated[str, Column("Completion", empty_is_absent=True)]
    note: Annotated[str, Column("Note", is_reason=True)]


IRPS = Table("windows.kd.irps.Irps", IrpRow)
failure_row = IRPS.failure
