"""The kinds of columns of rows, and their values: as our commands declare them, so that tables of all dumps join.

``int`` is a number of 64 bits (ids, counts), ``time`` one in UTC, ``float``, ``bool``; addresses stay texts of full
width. Columns of other plugins are of the kind that all their values have, else ``str``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timezone
from functools import cache
from typing import Any

_FIXED = {"dump": "str", "id": "int", "depth": "int", "parent": "int"}
_INT64 = 1 << 63
_OF_KIND = {
    "text": "str", "hex": "str", "integer": "int", "decimal": "float", "flag": "bool", "filetime": "time",
    "unix-time": "time",
}  # fmt: skip


@cache
def declared() -> dict[str, dict[str, str]]:
    """By plugin the kind of each of its columns; a name that two of its tables declare unlike each other is text."""
    from volplugins.vol.commands.tables import all_tables  # noqa: PLC0415 - only where rows are put together

    found: dict[str, dict[str, str]] = {}
    for table in all_tables():
        kinds = found.setdefault(table.plugin, {})
        for column in table.columns:
            kind = _OF_KIND[column.kind.value]
            kinds[column.name] = kind if kinds.get(column.name, kind) == kind else "str"
    return found


def column_kinds(rows: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, str]:
    """Columns in the order they are met, the fixed ones first, and the kind of each."""
    ours = declared()
    found: dict[str, str] = {}
    for plugin, row in rows:
        known = ours.get(plugin, {})
        for name, value in row.items():
            kind = known.get(name) or ("" if value is None else _kind(value))
            if name not in _FIXED and found.setdefault(name, kind) != kind and kind:
                found[name] = kind if not found[name] else "str"
    return {**_FIXED, **{name: kind or "str" for name, kind in found.items()}}


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, float):
        return "float"
    return "int" if isinstance(value, int) and -_INT64 <= value < _INT64 else "str"


def cell(value: Any, kind: str) -> Any:
    """The value in a column of this kind; None where it cannot be one."""
    if value is None:
        return None
    if kind == "str":
        text = value if isinstance(value, str) else json.dumps(value)
        return text.encode("utf-8", "replace").decode()
    if kind == "time":
        return _time(value)
    if kind == "float":
        return _float(value)
    return value if _kind(value) == kind else None


def _time(value: Any) -> datetime | None:
    try:
        when = datetime.fromisoformat(value) if isinstance(value, str) else None
        return when.astimezone(timezone.utc) if when is not None and when.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _float(value: Any) -> float | None:
    """A number, or the text of one, as columns of decimals have both."""
    try:
        return float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None
