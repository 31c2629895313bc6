"""One row of windows.kd.waits, and its columns."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.table import Table


class WaitRow(NamedTuple):
    """One object that a thread waits for; empty texts and None: not known, or there is none.

    ``waited`` is in seconds; ``owner_thread`` an ETHREAD.
    """

    depth: int
    pid: Annotated[int | None, Column("PID", Kind.INTEGER)]
    process: Annotated[str, Column("Process", empty_is_absent=True, failure="error")]
    tid: Annotated[int | None, Column("TID", Kind.INTEGER)]
    ethread: Annotated[int | None, Column("ETHREAD", Kind.HEX)]
    reason: Annotated[str, Column("Reason", empty_is_absent=True)]
    waited: Annotated[float | None, Column("Waited", Kind.DECIMAL)]
    object: Annotated[int | None, Column("Object", Kind.HEX)]
    object_type: Annotated[str, Column("ObjectType", empty_is_absent=True)]
    object_name: Annotated[str, Column("ObjectName", empty_is_absent=True)]
    owner_pid: Annotated[int | None, Column("OwnerPID", Kind.INTEGER)]
    owner_tid: Annotated[int | None, Column("OwnerTID", Kind.INTEGER)]
    owner_thread: Annotated[int | None, Column("OwnerThread", Kind.HEX)]
    verdict: Annotated[str, Column("Verdict", empty_is_absent=True)]
    note: Annotated[str, Column("Note", is_reason=True)]


WAITS = Table("windows.kd.waits.Waits", WaitRow)
failure_row = WAITS.failure
