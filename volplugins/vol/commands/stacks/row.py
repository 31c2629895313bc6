"""One row of windows.kd.stacks, and its columns."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.table import Table


class StackRow(NamedTuple):
    """One frame, or a thread that has none."""

    pid: Annotated[int | None, Column("PID", Kind.INTEGER)]
    process: Annotated[str, Column("Process", failure="error")]
    tid: Annotated[int | None, Column("TID", Kind.INTEGER)]
    ethread: Annotated[int | None, Column("ETHREAD", Kind.HEX)]
    state: Annotated[str, Column("State")]
    wait: Annotated[str, Column("Wait")]
    frame: Annotated[int | None, Column("Frame", Kind.INTEGER)]
    ring: Annotated[str, Column("Ring")]
    child_sp: Annotated[int | None, Column("ChildSP", Kind.HEX)]
    ret_addr: Annotated[int | None, Column("RetAddr", Kind.HEX)]
    ip: Annotated[int | None, Column("IP", Kind.HEX)]
    symbol: Annotated[str, Column("Symbol")]
    trust: Annotated[str, Column("Trust")]
    args: Annotated[str, Column("Args")]
    stop: Annotated[str, Column("Stop")]
    note: Annotated[str, Column("Note", is_reason=True)]


class RegistersRow(NamedTuple):
    """What --frame-registers adds to a frame: the registers that are known there."""

    registers: Annotated[str, Column("Registers", empty_is_absent=True)]


STACKS = Table("windows.kd.stacks.Stacks", StackRow)
WITH_REGISTERS = Table("windows.kd.stacks.Stacks", StackRow, option="--frame-registers", details=(RegistersRow,))
failure_row = STACKS.failure
