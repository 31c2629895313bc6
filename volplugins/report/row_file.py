"""One file of rows as ``vol -r jsonlines`` writes them, read for a page: whatever is in it, nothing is raised."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from volplugins.report import caps
from volplugins.report.shown_text import shown

Row = dict[str, Any]
_BUFFER = 1 << 18
_read = json.JSONDecoder().raw_decode
_ENDS = ("\n", "\r\n", "")


class RowFile:
    """The rows of one file, in order; cells are what JSON has but for lists and objects, which become text.

    Args:
        having: only lines with these bytes in them are read; all others are none of this file's.

    Attributes:
        faults: what was wrong with the file, a line each; complete when the rows have been read.
        cut: that of them which says that it was not read to its end; empty where it was.
    """

    def __init__(self, folder: Path, name: str, having: bytes = b"") -> None:
        self.name = name
        self._having = having
        self.faults: list[str] = []
        self.cut = ""
        self._path = folder / "rows" / f"{name}.jsonl"

    def __iter__(self) -> Iterator[Row]:
        """Rows, read anew each time; a line that is no row is counted and passed over."""
        self.faults, self.cut = [], ""
        damaged = 0
        try:
            for number, line in enumerate(self._lines()):
                if number >= caps.READ_ROWS:
                    self.cut = f"only the first {caps.READ_ROWS} lines were read"
                    self.faults.append(self.cut)
                    break
                row = self._row(line)
                if row is None:
                    damaged += 1
                elif row:
                    yield row
        except FileNotFoundError:
            self.faults.append("there is no such file")
        except OSError as error:
            self.faults.append(shown(error.strerror or error))
        if damaged:
            self.faults.append(f"{damaged} line{'s' * (damaged > 1)} could not be read as rows")

    def _lines(self) -> Iterator[bytes]:
        with self._path.open("rb", buffering=_BUFFER) as file:
            while line := file.readline(caps.LINE):
                if line.strip() and self._having in line:
                    yield line

    def _row(self, line: bytes) -> Row | None:
        """The row of a line, empty for the line of an error; None for what is neither."""
        try:
            record = _record(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(record, dict):
            return None
        error, row = record.get("error"), record.get("row")
        if error is not None:
            message = error.get("message") if isinstance(error, dict) else error
            self.faults.append(f"the plugin failed: {shown(message)}")
            return {}
        if not isinstance(row, dict):
            return None
        if b"[" not in line and line.count(b"{") <= 2 + isinstance(record.get("absent"), dict):  # nearly all
            return row
        return {name: shown(value) if isinstance(value, (dict, list)) else value for name, value in row.items()}


def _record(line: bytes) -> Any:
    """What the line holds.

    Raises:
        ValueError: it is not JSON, or not UTF-8.
    """
    if line[:1] == b"{":  # as nearly all begin, and end
        text = line.decode("utf-8", "surrogatepass")
        record, end = _read(text)
        if text[end:] in _ENDS:
            return record
    return json.loads(line)
