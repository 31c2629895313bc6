"""Tables for a notebook: plain HTML without scripts, every text of a dump escaped and of bounded length."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

from volplugins.api.columns import Column, Holds
from volplugins.report.shown_text import shown

_MOST_ROWS = 200


def table_html(caption: str, columns: Sequence[Column], records: Sequence[Any], notes: Sequence[str] = ()) -> str:
    """The first rows as a table, how many more there are, and what could not be looked at."""
    head = "".join(f"<th>{escape(each.name)}</th>" for each in columns)
    rows = "".join(_row(columns, record) for record in records[:_MOST_ROWS])
    more = len(records) - _MOST_ROWS
    told = [*([f"{more} more rows are not shown"] if more > 0 else []), *notes[:_MOST_ROWS]]
    lines = "".join(f"<p>{_text(each)}</p>" for each in told)
    table = f"<table><caption>{_text(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<div>{table}{lines}</div>"


def _row(columns: Sequence[Column], record: Any) -> str:
    return f"<tr>{''.join(f'<td>{_text(_cell(each, each.of(record)))}</td>' for each in columns)}</tr>"


def _cell(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if column.holds is Holds.ADDRESS:
        return f"{value:#x}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="milliseconds")
    return str(value)


def _text(value: str) -> str:
    return escape(shown(value))
