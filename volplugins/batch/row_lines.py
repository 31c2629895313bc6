"""Rows of a dump's folder, read for the database. Every line and every cell may hold anything: cut and cleaned."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

ROWS = 200_000
_TEXT = 4096
_LINE = 16 << 20
_WHOLE = 1 << 63
Row = dict[str, Any]
_T = TypeVar("_T")


class Kept:
    """How much of one dump is taken for the database, and of what there was more."""

    def __init__(self) -> None:
        self._full: dict[str, tuple[int, str]] = {}

    def first(self, name: str, things: Iterable[_T], most: int = 0, what: str = "rows") -> Iterator[_T]:
        """The first of what the file ``name`` gives: 200,000, where no other number is said."""
        most = most or ROWS
        for number, thing in enumerate(things):
            if number >= most:
                self.leave(name, most, what)
                return
            yield thing

    def leave(self, name: str, most: int, what: str) -> None:
        """Note that there is more than that."""
        self._full[name] = most, what

    def faults(self) -> Iterator[list[Any]]:
        """Section and fault of each."""
        for name, (most, what) in self._full.items():
            yield [name, f"more than {most} {what}: the rest is in the rows alone, not in corpus.sqlite"]


def top_rows(path: Path) -> Iterator[Row]:
    """Rows at the top of their plugin's tree; a line that is none is passed over."""
    return (row for depth, row in rows_of(path) if not depth)


def rows_of(path: Path, having: str = "") -> Iterator[tuple[int, Row]]:
    """Depth and row of each line that holds one; how many are kept is for those who keep them.

    Args:
        having: only lines with this text in them are looked into.
    """
    try:
        file = path.open(encoding="utf-8", errors="replace")
    except OSError:
        return
    with file:
        while line := file.readline(_LINE):
            found = _object(line) if having in line else None
            row = found.get("row") if found is not None else None
            if found is not None and isinstance(row, dict):
                depth = found.get("depth", 0)
                yield depth if isinstance(depth, int) else 1, row


def _object(line: str) -> Row | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def cells(row: Row, names: tuple[str, ...]) -> list[Any]:
    """The row's cells of these names, cleaned."""
    return [clean(row.get(name)) for name in names]


def clean(value: Any) -> Any:
    """A value that SQLite and UTF-8 take: lone surrogates replaced, long texts cut, large numbers as text."""
    if value is None or isinstance(value, float):
        return value
    if isinstance(value, int):
        return int(value) if -_WHOLE <= value < _WHOLE else hex(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return text[:_TEXT].encode("utf-8", "replace").decode()


def number(value: Any) -> int | None:
    """A number, or an address as rows write it, that fits into a column of numbers; None where it is none."""
    try:
        found = int(value, 16) if isinstance(value, str) and value.startswith("0x") and len(value) < 20 else value
    except ValueError:
        return None
    return found if type(found) is int and -_WHOLE <= found < _WHOLE else None
