"""The rows of one dump that the database holds, made from its folder. Every cell may hold anything: cut and cleaned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from volplugins.batch import dump_rows
from volplugins.batch.row_lines import Kept, Row, cells, clean, rows_of, top_rows
from volplugins.batch.schema import TABLES

_SUMMARY_BYTES = 64 << 20
_GREAT = 16 << 20  # bytes; a line of rows has more than 80
Tables = dict[str, list[list[Any]]]

_VERDICT = ("PID", "Process", "EPROCESS", "DirBase", "Mode", "Verdict", "Evidence", "Next")
_FINDING = ("kind", "severity", "pid", "process", "tid", "address", "module", "technique", "evidence", "next", "note")


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
    kept = Kept()
    tables["processes"] = list(kept.first("process", dump_rows.processes(rows, kept)))
    verdicts = (cells(row, _VERDICT) for row in top_rows(rows / "pagedirs.jsonl"))
    tables["verdicts"] = list(kept.first("pagedirs", verdicts))
    tables["modules"] = dump_rows.modules(rows, kept)
    tables["frames"] = list(dump_rows.frames(summary, rows, kept))
    tables["devices"] = list(kept.first("devices", dump_rows.devices(rows)))
    tables["drivers"] = list(kept.first("drivers", dump_rows.drivers(rows)))
    tables["findings"] = list(kept.first("findings", _findings(summary)))
    faults = kept.first("summary.json", _faults(summary), what="faults")
    tables["faults"] = [*faults, *kept.faults()]
    return tables


def has_great_files(folder: Path) -> bool:
    """Whether a file of rows may have more than the 200,000 lines that versions before 6 read of each.

    Raises:
        OSError: a file cannot be looked at.
    """
    return any(path.stat().st_size > _GREAT for path in (folder / "rows").glob("*.jsonl"))


def _summary(folder: Path) -> Row:
    with (folder / "summary.json").open(encoding="utf-8") as file:
        summary = json.loads(file.read(_SUMMARY_BYTES))
    if not isinstance(summary, dict):
        raise ValueError("summary.json holds no object")
    return summary


def _findings(summary: Row) -> Iterator[list[Any]]:
    listed = summary.get("findings")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict):
            yield cells(one, _FINDING)


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
        *cells(crash, names),
        time,
        *cells(crash, ("signature_recipe", "memory_error", "device_stack", "device_instance")),
    ]


def _faults(summary: Row) -> Iterator[list[Any]]:
    """Section and fault: as the run told them, else those of the sections."""
    texts, sections = summary.get("fault_texts"), summary.get("sections")
    if isinstance(texts, list):
        for text in texts:
            section, _, fault = str(text).partition(": ")
            yield [clean(section), clean(fault)]
        return
    for part in sections if isinstance(sections, list) else ():
        if isinstance(part, dict) and part.get("fault"):
            yield cells(part, ("name", "fault"))


def _dump_type(rows: Path) -> Any:
    found = next((row for row in top_rows(rows / "dumpinfo.jsonl") if row.get("Field") == "DumpType"), None)
    return (found.get("Note") or found.get("Value")) if found else None


def _computer(rows: Path) -> Any:
    """The machine's name, as the first process has it in its environment."""
    found = (row for depth, row in rows_of(rows / "peb.jsonl", '"COMPUTERNAME"') if not depth)
    named = (row for row in found if row.get("Section") == "environment" and row.get("Field") == "COMPUTERNAME")
    return next((row.get("Value") for row in named), None)
