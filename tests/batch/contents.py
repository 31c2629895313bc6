"""What a corpus holds, without what differs from run to run: seconds."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

TABLES = (
    "dumps", "failures", "modules", "processes", "verdicts", "faults", "paths", "findings", "frames", "devices",
    "drivers",
)  # fmt: skip
_TIMED = {"seconds", "versions", "command_line"}


def tables(corpus: Path) -> dict[str, list[Any]]:
    """Rows of every table, in an order of their own."""
    with closing(sqlite3.connect(corpus / "corpus.sqlite")) as connection:
        connection.row_factory = sqlite3.Row
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        found = {}
        for table in TABLES:
            names = [row["name"] for row in connection.execute(f"PRAGMA table_info({table})")]
            rows = [
                {k: row[k] for k in names if k != "seconds"} for row in connection.execute(f"SELECT * FROM {table}")
            ]
            found[table] = sorted(rows, key=repr)
        return found


def dumps(corpus: Path) -> dict[str, dict[str, Any]]:
    """Rows of the table dumps by file name of their first place."""
    return {Path(row["path"]).name: row for row in tables(corpus)["dumps"]}


def files(corpus: Path) -> dict[str, Any]:
    """Every file below dumps/ that holds results; summaries and outcomes without their seconds."""
    found: dict[str, Any] = {}
    for path in sorted((corpus / "dumps").rglob("*")):
        name = path.relative_to(corpus).as_posix()
        if path.suffix == ".json":
            found[name] = _untimed(json.loads(path.read_text()))
        elif path.suffix == ".jsonl":
            found[name] = path.read_text()
        else:
            found[name] = None
    return found


def _untimed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _untimed(inner) for name, inner in value.items() if name not in _TIMED}
    return [_untimed(inner) for inner in value] if isinstance(value, list) else value
