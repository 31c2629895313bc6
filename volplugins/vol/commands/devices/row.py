"""Rows of windows.kd.devices: a device node, and below it the devices of its stack."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.rows import NOT_APPLICABLE
from volplugins.vol.output.table import Table

_DEEPEST = 62  # volatility3's json renderers fail in the hundreds: deeper nodes stay at this level


class DeviceRow(NamedTuple):
    """A node of the tree, or (its columns absent) one device of a stack; None and empty: not known, or none."""

    depth: int
    level: Annotated[int | None, Column("Depth", Kind.INTEGER, absent=NOT_APPLICABLE)]
    node: Annotated[int | None, Column("DeviceNode", Kind.HEX)]
    instance: Annotated[str, Column("Instance", empty_is_absent=True, failure="error")]
    service: Annotated[str, Column("Service", empty_is_absent=True)]
    state: Annotated[str, Column("State", empty_is_absent=True)]
    problem: Annotated[str, Column("Problem", empty_is_absent=True)]
    pdo: Annotated[int | None, Column("PDO", Kind.HEX)]
    stack: Annotated[str, Column("Stack", empty_is_absent=True)]
    device: Annotated[int | None, Column("Device", Kind.HEX)]
    driver: Annotated[str, Column("Driver", empty_is_absent=True)]
    name: Annotated[str, Column("Name", empty_is_absent=True)]
    type: Annotated[str, Column("Type", empty_is_absent=True)]
    note: Annotated[str, Column("Note", is_reason=True)]


DEVICES = Table("windows.kd.devices.Devices", DeviceRow)
failure_row = DEVICES.failure


def row_depth(level: int) -> int:
    """How deep a node's row is in the tree of rows."""
    return min(level, _DEEPEST)
