"""What each kind of column becomes in volatility3: the type that its renderers know it by, and the cell of a value."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from volatility3.framework import renderers
from volatility3.framework.renderers import format_hints

from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.rows import volatility_cell, volatility_time, volatility_unix_time

_KINDS: dict[Kind, tuple[type, Callable[[Any], Any]]] = {
    Kind.TEXT: (str, volatility_cell),
    Kind.HEX: (format_hints.Hex, format_hints.Hex),
    Kind.INTEGER: (int, lambda value: value),
    Kind.DECIMAL: (float, float),
    Kind.FLAG: (bool, lambda value: value),
    Kind.FILETIME: (datetime.datetime, volatility_time),
    Kind.UNIX_TIME: (datetime.datetime, volatility_unix_time),
}
NOT_APPLICABLE_CELL = renderers.NotApplicableValue()
NOT_AVAILABLE_CELL = renderers.NotAvailableValue()


def grid_column(column: Column) -> tuple[str, type]:
    """The column as a TreeGrid takes it."""
    return column.name, _KINDS[column.kind][0]


def cell_maker(column: Column) -> Callable[[Any], Any]:
    """Makes the cell of this column from a row's value."""
    convert, absent = _KINDS[column.kind][1], volatility_cell(column.absent)
    if column.kind is Kind.TEXT:
        return _text_maker(absent, column.empty_is_absent)
    if column.empty_is_absent:
        return lambda value: absent if value is None or value == "" else convert(value)
    return lambda value: absent if value is None else convert(value)


def _text_maker(absent: Any, empty_is_absent: bool) -> Callable[[Any], Any]:
    """The most usual one, in one step where nothing is to be done."""

    def cell(value: Any) -> Any:
        if type(value) is str and value.isprintable() and (value or not empty_is_absent):
            return value
        return absent if value is None or (value == "" and empty_is_absent) else volatility_cell(value)

    return cell
