"""Rows of windows.kd.address, and their columns: a region, or a sum over regions."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.table import Table


class AddressRow(NamedTuple):
    """One region; sizes in bytes, ``end`` exclusive; None and empty texts: not known or not meant."""

    pid: Annotated[int | None, Column("PID", Kind.INTEGER)]
    process: Annotated[str, Column("Process", failure="error")]
    start: Annotated[int | None, Column("Start", Kind.HEX)]
    end: Annotated[int | None, Column("End", Kind.HEX)]
    size: Annotated[int | None, Column("Size", Kind.INTEGER)]
    type: Annotated[str, Column("Type", empty_is_absent=True)]
    state: Annotated[str, Column("State", empty_is_absent=True)]
    protect: Annotated[str, Column("Protect", empty_is_absent=True)]
    actual: Annotated[str, Column("Actual", empty_is_absent=True)]
    usage: Annotated[str, Column("Usage", empty_is_absent=True)]
    commit: Annotated[int | None, Column("Commit", Kind.INTEGER)]
    resident: Annotated[int | None, Column("Resident", Kind.INTEGER)]
    in_dump: Annotated[int | None, Column("InDump", Kind.INTEGER)]
    detail: Annotated[str, Column("Detail", empty_is_absent=True)]
    note: Annotated[str, Column("Note", is_reason=True)]


class SummaryRow(NamedTuple):
    """One sum; sizes in bytes, percentages as text with two digits."""

    pid: Annotated[int | None, Column("PID", Kind.INTEGER)]
    process: Annotated[str, Column("Process", failure="error")]
    by: Annotated[str, Column("By", empty_is_absent=True)]
    name: Annotated[str, Column("Name", empty_is_absent=True)]
    regions: Annotated[int | None, Column("Count", Kind.INTEGER)]
    size: Annotated[int | None, Column("Size", Kind.INTEGER)]
    percent_busy: Annotated[str, Column("PercentBusy", Kind.DECIMAL, empty_is_absent=True)]
    percent_total: Annotated[str, Column("PercentTotal", Kind.DECIMAL, empty_is_absent=True)]
    largest: Annotated[int | None, Column("Largest", Kind.INTEGER)]
    note: Annotated[str, Column("Note", is_reason=True)]


ADDRESS = Table("windows.kd.address.UserSpace", AddressRow)
SUMMARY = Table("windows.kd.address.UserSpace", SummaryRow, option="--summary")
failure_row, summary_failure_row = ADDRESS.failure, SUMMARY.failure
