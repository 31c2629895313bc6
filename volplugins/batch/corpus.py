"""corpus.sqlite: what is known of every dump. One transaction per dump; docs/corpus.md describes the tables."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import RLock
from typing import Any

SCHEMA = 1
_MOST_ROWS = 200_000  # of one table and dump
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS dumps (
    id TEXT PRIMARY KEY, path TEXT, size INTEGER, sha256 TEXT, status TEXT, reason TEXT, machine TEXT, build TEXT,
    dump_type TEXT, computer TEXT, crash_time TEXT, signature TEXT, culprit TEXT, confidence TEXT, bugcheck TEXT,
    process TEXT, folder TEXT, seconds REAL);
CREATE TABLE IF NOT EXISTS paths (path TEXT PRIMARY KEY, dump TEXT, size INTEGER, modified INTEGER, head TEXT);
CREATE TABLE IF NOT EXISTS failures (
    dump TEXT PRIMARY KEY, bugcheck TEXT, name TEXT, p1 TEXT, p2 TEXT, p3 TEXT, p4 TEXT, signature TEXT,
    culprit TEXT, symbol TEXT, confidence TEXT, manual_crash TEXT);
CREATE TABLE IF NOT EXISTS modules (
    dump TEXT, start TEXT, name TEXT, version TEXT, timestamp TEXT, pdb TEXT, guid_age TEXT);
CREATE TABLE IF NOT EXISTS processes (dump TEXT, pid INTEGER, ppid INTEGER, name TEXT, created TEXT, exited TEXT,
    source TEXT, life TEXT, wow64 INTEGER);
CREATE TABLE IF NOT EXISTS verdicts (dump TEXT, pid INTEGER, process TEXT, verdict TEXT, evidence TEXT);
CREATE TABLE IF NOT EXISTS faults (dump TEXT, section TEXT, fault TEXT);
CREATE VIEW IF NOT EXISTS signatures AS
    SELECT signature, count(*) AS dumps, min(crash_time) AS first_seen, max(crash_time) AS last_seen,
        count(DISTINCT computer) AS machines, group_concat(DISTINCT build) AS builds,
        group_concat(DISTINCT culprit) AS culprits
    FROM dumps WHERE signature IS NOT NULL GROUP BY signature;
"""
_OF_DUMP = ("failures", "modules", "processes", "verdicts", "faults")


class Corpus:
    """The database of one folder; made where it is not there."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        # several threads wait for workers; each goes through the lock
        self._base = sqlite3.connect(folder / "corpus.sqlite", check_same_thread=False)
        self._lock = RLock()
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.executescript(_TABLES)
        with self._lock, self._base:
            self._base.execute("INSERT OR IGNORE INTO meta VALUES ('schema', ?)", (str(SCHEMA),))

    def close(self) -> None:
        """Close it; nothing is lost where this never happens."""
        self._base.close()

    def known(self, path: Path, size: int, modified: int, head: str) -> str | None:
        """The dump that this path was found to be, by size, time and header: the shortcut of a resumed run."""
        with self._lock:
            row = self._base.execute(
                "SELECT dump FROM paths WHERE path = ? AND size = ? AND modified = ? AND head = ?",
                (str(path), size, modified, head),
            ).fetchone()
        return row[0] if row else None

    def remember(self, path: Path, size: int, modified: int, head: str, dump: str) -> None:
        """Note which dump a path is."""
        with self._lock, self._base:
            self._base.execute(
                "INSERT OR REPLACE INTO paths VALUES (?, ?, ?, ?, ?)", (str(path), dump, size, modified, head)
            )

    def status(self, dump: str) -> str | None:
        """``ok``, ``faults`` or ``failed``; None for a dump that has not been worked on."""
        with self._lock:
            row = self._base.execute("SELECT status FROM dumps WHERE id = ?", (dump,)).fetchone()
        return row[0] if row else None

    def counts(self) -> dict[str, int]:
        """How many dumps are of each status."""
        return dict(self._base.execute("SELECT status, count(*) FROM dumps GROUP BY status"))

    def fail(self, dump: str, path: Path, size: int, reason: str, seconds: float) -> None:
        """A dump that gave nothing: one line."""
        with self._lock, self._base:
            self._base.execute(
                "INSERT OR REPLACE INTO dumps (id, path, size, sha256, status, reason, seconds) VALUES (?,?,?,?,?,?,?)",
                (dump, str(path), size, dump, "failed", reason, seconds),
            )

    def add(self, dump: str, folder: Path) -> None:
        """A dump whose folder is whole: all of it in one transaction, in place of what was there."""
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        crash, system = summary["crash"], summary["system"]
        header = {row.get("Field"): row.get("Value") for row in _rows(folder, "dumpinfo")}
        status = "faults" if summary["faults"] else "ok"
        reason = "; ".join(f"{each['name']}: {each['fault']}" for each in summary["sections"] if each["fault"]) or None
        computer = next((row["Value"] for row in _rows(folder, "peb") if row.get("Field") == "COMPUTERNAME"), None)
        with self._lock, self._base:
            for table in _OF_DUMP:
                self._base.execute(f"DELETE FROM {table} WHERE dump = ?", (dump,))
            self._base.execute(
                "INSERT OR REPLACE INTO dumps VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    dump, summary["input"]["path"], summary["input"]["size"], dump, status, reason,
                    system.get("machine"), system.get("build"), header.get("DumpType"), computer,
                    system.get("system_time"), crash["signature"], crash["image"] or crash["module"],
                    crash["confidence"], crash["bugcheck_code"], crash["process"],
                    str(folder.relative_to(self.folder)), summary["seconds"],
                ),
            )  # fmt: skip
            self._details(dump, folder, crash, summary)

    def _details(self, dump: str, folder: Path, crash: dict[str, Any], summary: dict[str, Any]) -> None:
        self._base.execute(
            "INSERT INTO failures VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                dump, crash["bugcheck_code"], crash["bugcheck_name"], *crash["parameters"], crash["signature"],
                crash["image"] or crash["module"], crash["symbol"], crash["confidence"], crash["manual_crash"],
            ),
        )  # fmt: skip
        self._many("modules", 7, (
            (dump, row["Start"], row["Module"], row["Version"], row["Timestamp"], row["Pdb"], row["GuidAge"])
            for row in _rows(folder, "kernel-modules")
        ))  # fmt: skip
        self._many("processes", 9, (
            (dump, row["PID"], row["PPID"], row["Name"], row["CreateTime"], row["ExitTime"], row["Source"], row["Life"],
             row["Wow64"])
            for row in _rows(folder, "process") if row.get("TID") is None and row["PID"] is not None
        ))  # fmt: skip
        self._many("verdicts", 5, (
            (dump, row["PID"], row["Process"], row["Verdict"], row["Evidence"])
            for row in _rows(folder, "pagedirs") if row.get("Verdict")
        ))  # fmt: skip
        self._many("faults", 3, ((dump, each["name"], each["fault"]) for each in summary["sections"] if each["fault"]))

    def _many(self, table: str, columns: int, rows: Iterator[tuple[Any, ...]]) -> None:
        marks = ",".join("?" * columns)
        capped = (row for _, row in zip(range(_MOST_ROWS), rows, strict=False))
        self._base.executemany(f"INSERT INTO {table} VALUES ({marks})", capped)


def _rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    """Rows of one file; lines that are damaged are left out."""
    path = folder / "rows" / f"{name}.jsonl"
    if not path.is_file():
        return
    with closing(path.open(encoding="utf-8")) as file:
        for line in file:
            try:
                row = json.loads(line).get("row")
            except (ValueError, AttributeError):
                continue
            if isinstance(row, dict):
                yield row
