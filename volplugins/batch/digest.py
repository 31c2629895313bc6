"""The rows of one dump that the database holds, made from its folder. Every cell may hold anything: cut and cleaned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from volplugins.batch.schema import TABLES

_TEXT = 4096
_ROWS = 200_000
_SUMMARY_BYTES = 64 << 20
_LINE = 16 << 20
_WHOLE = 1 << 63
Tables = dict[str, list[list[Any]]]
Row = dict[str, Any]

_PROCESS = ("PID", "PPID", "Name", "EPROCESS", "SessionId", "DirBase", "PageDirectory", "Wow64", "CreateTime",
            "ExitTime", "Source", "Life", "Note")  # fmt: skip
_VERDICT = ("PID", "Process", "EPROCESS", "DirBase", "Mode", "Verdict", "Evidence", "Next")
_FINDING = ("kind", "severity", "pid", "process", "tid", "address", "module", "technique", "evidence", "next", "note")
_MODULE = ("Module", "Path", "Timestamp", "CheckSum", "Pdb", "GuidAge", "Version", "Source")


def digest(folder: Path) -> Tables:
    """Rows by table, without the dump's id; ``dumps`` holds one, of what the summary says.

    Raises:
        OSError, ValueError: there is no summary, or it is none.
    """
    summary = _summary(folder)
    rows = folder / "rows"
    crash = _part(summary, "crash")
    tables: Tables = {name: [] for name in TABLES}
    tables["dumps"] = [_dump(summary, rows)]
    if crash.get("signature") or crash.get("bugcheck_code") is not None:
        tables["failures"] = [_failure(summary)]
    tables["processes"] = [_cells(row, _PROCESS) for row in _top(rows / "process.jsonl")]
    tables["verdicts"] = [_cells(row, _VERDICT) for row in _top(rows / "pagedirs.jsonl")]
    tables["modules"] = [*_modules(rows / "kernel-modules.jsonl", 1), *_modules(rows / "lm.jsonl", 0)][:_ROWS]
    tables["faults"] = list(_faults(summary))
    tables["findings"] = list(_findings(summary))
    return tables


def findings_of(folder: Path) -> list[list[Any]]:
    """The rows of the table ``findings`` alone; none where the folder's summary has no list of them.

    Raises:
        OSError, ValueError: there is no summary, or it is none.
    """
    return list(_findings(_summary(folder)))


def _summary(folder: Path) -> Row:
    with (folder / "summary.json").open(encoding="utf-8") as file:
        summary = json.loads(file.read(_SUMMARY_BYTES))
    if not isinstance(summary, dict):
        raise ValueError("summary.json holds no object")
    return summary


def _findings(summary: Row) -> Iterator[list[Any]]:
    listed = summary.get("findings")
    for one in listed[:_ROWS] if isinstance(listed, list) else ():
        if isinstance(one, dict):
            yield _cells(one, _FINDING)


def _part(summary: Row, name: str) -> Row:
    found = summary.get(name)
    return found if isinstance(found, dict) else {}


def _dump(summary: Row, rows: Path) -> list[Any]:
    """machine, build, dump_type, computer, crash_time, signature, culprit, confidence, bugcheck, process, recipe."""
    system, crash, target = (_part(summary, name) for name in ("system", "crash", "target"))
    kind = target.get("format") if target.get("kind") == "memory-image" else _dump_type(rows)
    # when an image was taken is no crash's time
    crashed = system.get("system_time") if target.get("crashed") is not False else None
    found = (
        system.get("machine"), system.get("build"), kind, _computer(rows), crashed,
        crash.get("signature"), crash.get("image") or crash.get("module"), crash.get("confidence"),
        crash.get("bugcheck_code"), crash.get("process"), crash.get("signature_recipe"),
    )  # fmt: skip
    return [clean(value) for value in found]


def _failure(summary: Row) -> list[Any]:
    crash = _part(summary, "crash")
    names = ("signature", "bugcheck_code", "bugcheck_name", "module", "image", "symbol", "confidence", "faulting_ip",
             "process", "pid", "manual_crash")  # fmt: skip
    time = clean(_part(summary, "system").get("system_time"))
    return [
        *_cells(crash, names),
        time,
        *_cells(crash, ("signature_recipe", "memory_error", "device_stack", "device_instance")),
    ]


def _faults(summary: Row) -> Iterator[list[Any]]:
    """Section and fault: as the run told them, else those of the sections."""
    texts, sections = summary.get("fault_texts"), summary.get("sections")
    if isinstance(texts, list):
        for text in texts[:_ROWS]:
            section, _, fault = str(text).partition(": ")
            yield [clean(section), clean(fault)]
        return
    for part in sections if isinstance(sections, list) else ():
        if isinstance(part, dict) and part.get("fault"):
            yield _cells(part, ("name", "fault"))


def _dump_type(rows: Path) -> Any:
    found = next((row for row in _top(rows / "dumpinfo.jsonl") if row.get("Field") == "DumpType"), None)
    return (found.get("Note") or found.get("Value")) if found else None


def _computer(rows: Path) -> Any:
    """The machine's name, as the first process has it in its environment."""
    found = (row for row in _top(rows / "peb.jsonl") if row.get("Section") == "environment")
    return next((row.get("Value") for row in found if row.get("Field") == "COMPUTERNAME"), None)


def _modules(path: Path, kernel: int) -> list[list[Any]]:
    """Each image once, with the count of processes that it is in."""
    seen: dict[tuple[Any, ...], int] = {}
    for row in _top(path):
        key = tuple(_cells(row, _MODULE))
        if key in seen or len(seen) < _ROWS:
            seen[key] = seen.get(key, 0) + 1
    return [[kernel, *key, count] for key, count in seen.items()]


def _top(path: Path) -> Iterator[Row]:
    """Rows at the top of their plugin's tree; a line that is none is passed over."""
    try:
        file = path.open(encoding="utf-8", errors="replace")
    except OSError:
        return
    with file:
        for _ in range(_ROWS):
            line = file.readline(_LINE)
            if not line:
                return
            try:
                values = json.loads(line)
            except (ValueError, RecursionError):
                continue
            row = values.get("row") if isinstance(values, dict) and "depth" not in values else None
            if isinstance(row, dict):
                yield row


def _cells(row: Row, names: tuple[str, ...]) -> list[Any]:
    return [clean(row.get(name)) for name in names]


def clean(value: Any) -> Any:
    """A value that SQLite and UTF-8 take: lone surrogates replaced, long texts cut, large numbers as text."""
    if value is None or isinstance(value, float):
        return value
    if isinstance(value, int):
        return int(value) if -_WHOLE <= value < _WHOLE else hex(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return text[:_TEXT].encode("utf-8", "replace").decode()
