"""A time line for Timesketch, made from the rows of one dump: JSON lines with message, datetime, timestamp.

Timesketch's documentation ("Import from JSONL") gives the four members that every line must have. A time that cannot be
one (before Windows NT, more than a day after the crash) gives no line. docs/schema/timesketch.schema.json.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=timezone.utc), datetime(2200, 1, 1, tzinfo=timezone.utc)
_SLACK = timedelta(days=1)  # clocks are set back at times
_UPTIME = re.compile(r"(\d{1,6}) days (\d{1,2}):(\d\d):(\d\d)\.(\d{3})")
_LONGEST_LINE = 1 << 24
DIGITS = 16  # of SHA-256: a dump's id, as a corpus names it
Row = Mapping[str, Any]
Line = dict[str, Any]


def timeline(folder_rows: Path, summary: Mapping[str, Any]) -> Iterator[Line]:
    """The lines, in the order of the rows; files that are missing and lines that are damaged give none.

    Args:
        folder_rows: the folder with ``analyze.jsonl``, ``process.jsonl``, ``kernel-modules.jsonl`` and ``lm.jsonl``.
        summary: that of the dump; its ``crash`` and ``system`` stand in where the rows of analyze are missing; its
            ``input`` says which dump it is.
    """
    source = _source(folder_rows, summary)
    for line in _events(folder_rows, summary):
        yield {**line, **source}


def _source(folder: Path, summary: Mapping[str, Any]) -> Line:
    """What tells the lines of one dump from those of others: the machine's name, the dump's id, its place."""
    given = summary.get("input")
    told: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    digest, path = told.get("sha256"), told.get("path")
    found: Line = {"hostname": _hostname(folder)} | {"dump": digest[:DIGITS] if isinstance(digest, str) else None}
    found["path"] = path
    return {name: value for name, value in found.items() if isinstance(value, str) and value}


def _hostname(folder: Path) -> Any:
    """As the first process has it in its environment."""
    rows = (row for _, row in _rows(folder / "peb.jsonl", "COMPUTERNAME") if row.get("Field") == "COMPUTERNAME")
    return next((row.get("Value") for row in rows if row.get("Section") == "environment"), None)


def _events(folder_rows: Path, summary: Mapping[str, Any]) -> Iterator[Line]:
    facts = _crash_facts(folder_rows, summary)
    crash = _time(facts.get("SYSTEM_TIME"), _LATEST)
    latest = crash + _SLACK if crash is not None else _LATEST
    yield from _crash_lines(facts, crash)
    for plugin, row in _rows(folder_rows / "process.jsonl"):
        yield from _process_lines(plugin, row, latest)
    linked: set[tuple[Any, Any]] = set()
    for name in ("kernel-modules.jsonl", "lm.jsonl"):
        for plugin, row in _rows(folder_rows / name):
            yield from _module_lines(plugin, row, latest, linked)


def _crash_facts(folder: Path, summary: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of analyze by name; the summary's where it has others."""
    facts: dict[str, Any] = {}
    for name_of_part in ("system", "crash", "target"):
        part = summary.get(name_of_part)
        facts |= {name.upper(): value for name, value in part.items()} if isinstance(part, Mapping) else {}
    for given, known in (("SIGNATURE", "FAILURE_SIGNATURE"), ("PROCESS", "PROCESS_NAME"), ("PID", "PROCESS_ID")):
        facts.setdefault(known, facts.get(given))
    for _, row in _rows(folder / "analyze.jsonl"):
        section = row.get("Section")
        if section in ("bugcheck", "process", "system", "signature") and row.get("Value") is not None:
            facts[str(row.get("Field"))] = row["Value"]
    return facts


def _crash_lines(facts: Mapping[str, Any], crash: datetime | None) -> Iterator[Line]:
    named = [facts.get(name) for name in ("BUGCHECK_CODE", "BUGCHECK_NAME", "FAILURE_SIGNATURE")]
    what = " ".join(["Crash", *(str(each) for each in named if each not in (None, ""))])
    who = {"PID": _integer(facts.get("PROCESS_ID")), "Process": facts.get("PROCESS_NAME")}
    plugin = "windows.kd.analyze.Analyze"
    if facts.get("CRASHED") is not False:
        yield from _line(what, crash, "Crash Time", "windows:crash", plugin, who)
    uptime = _UPTIME.fullmatch(str(facts.get("SYSTEM_UPTIME", "")))
    if crash is not None and uptime is not None:
        days, hours, minutes, seconds, milliseconds = map(int, uptime.groups())
        up = timedelta(days, seconds, 0, milliseconds, minutes, hours)
        booted = crash - up if crash - _EARLIEST > up else None
        yield from _line("Boot (SystemTime - SystemUpTime)", booted, "Boot Time", "windows:boot", plugin, {})


def _process_lines(plugin: str, row: Row, latest: datetime) -> Iterator[Line]:
    identity = f"{row.get('PID')} {row.get('Name')}"
    if row.get("TID") is not None:
        start = f" {row['Start']}" if row.get("Start") else ""
        what, kind = f"Thread {row['TID']} of {identity} ({_short(row.get('ETHREAD'))}){start}", "thread"
        created, exited = row.get("ThreadCreateTime"), row.get("ThreadExitTime")
    else:
        what, kind = f"Process {identity} ({_short(row.get('EPROCESS'))})", "process"
        created, exited = row.get("CreateTime"), row.get("ExitTime")
    what += f", found by {row['Source']}" if row.get("Source") not in ("list", "", None) else ""
    data_type, who = f"windows:{kind}", {**row, "Process": row.get("Name")}
    yield from _line(f"{what}: created", _time(created, latest), "Creation Time", data_type, plugin, who)
    yield from _line(f"{what}: exited", _time(exited, latest), "Exit Time", data_type, plugin, who)


def _module_lines(plugin: str, row: Row, latest: datetime, linked: set[tuple[Any, Any]]) -> Iterator[Line]:
    name = row.get("Path") or row.get("Module")
    where = f"{name} ({_short(row.get('Start'))})"
    process = row.get("PID") is not None
    what = f"Module {where} of {row['PID']} {row.get('Process')}" if process else f"Kernel module {where}"
    loaded, unloaded = _time(row.get("LoadTime"), latest), _time(row.get("UnloadTime"), latest)
    yield from _line(f"{what}: loaded", loaded, "Load Time", "windows:module", plugin, row)
    yield from _line(f"{what}: unloaded", unloaded, "Unload Time", "windows:module", plugin, row)
    stamp = _time(row.get("LinkTime"), latest)
    if (str(name), stamp) not in linked:
        linked.add((str(name), stamp))
        yield from _line(f"Image {name}: linked", stamp, "Link Time", "windows:image", plugin, {})


def _line(what: str, when: datetime | None, happened: str, data_type: str, plugin: str, who: Row) -> Iterator[Line]:
    """The line, if it has a time."""
    if when is None:
        return
    line: Line = {
        "message": what,
        "datetime": when.isoformat(timespec="microseconds"),
        "timestamp": (when - _EPOCH) // timedelta(microseconds=1),
        "timestamp_desc": happened,
        "data_type": data_type,
        "plugin": plugin,
    }
    pid, process, thread = who.get("PID"), who.get("Process"), who.get("TID")
    line |= {"pid": pid} if isinstance(pid, int) else {}
    line |= {"process": process} if isinstance(process, str) else {}
    yield line | ({"tid": thread} if isinstance(thread, int) else {})


def _rows(path: Path, having: str = "") -> Iterator[tuple[str, Row]]:
    """Plugin and row of each line that holds one; only of those with a text in them."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for text in file:
                line = _object(text) if having in text and len(text) <= _LONGEST_LINE else None
                row = line.get("row") if line is not None else None
                if line is not None and isinstance(row, dict):
                    yield str(line.get("plugin", "")), row
    except OSError:
        return


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _time(cell: Any, latest: datetime) -> datetime | None:
    """A time of the rows, or None where it cannot be one."""
    return _told(cell, latest) if isinstance(cell, str) else None


@lru_cache(maxsize=4096)  # all processes have the same images
def _told(cell: str, latest: datetime) -> datetime | None:
    try:
        when = datetime.fromisoformat(cell)
    except ValueError:
        return None
    if when.tzinfo is None or not _EARLIEST <= when <= latest:
        return None
    return when.astimezone(timezone.utc)


def _integer(cell: Any) -> int | None:
    return int(cell) if isinstance(cell, int) or (isinstance(cell, str) and cell.isdecimal()) else None


def _short(address: Any) -> str:
    """An address of full width without its leading zeros."""
    text = str(address) if address is not None else "?"
    return f"0x{text[2:].lstrip('0') or '0'}" if text.startswith("0x") else text
