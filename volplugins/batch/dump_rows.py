"""What a dump's rows give to the database: processes, modules, frames, devices, drivers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from volplugins.batch.row_lines import ROWS, Kept, Row, cells, clean, number, rows_of, top_rows

_FRAMES = 20_000
_PROCESS = ("PID", "PPID", "Name", "EPROCESS", "SessionId", "DirBase", "PageDirectory", "Wow64", "CreateTime",
            "ExitTime", "Source", "Life", "Note")  # fmt: skip
_MODULE = ("Module", "Path", "Timestamp", "CheckSum", "Pdb", "GuidAge", "Version", "Source")
_DEVICE = ("Depth", "DeviceNode", "Instance", "Service", "State", "Problem", "PDO", "Stack", "Note")
_DRIVER = ("Driver", "Object", "Module", "Source", "Note")
_PARAMETERS = {"CommandLine": 0, "ImageFile": 1}


def processes(rows: Path, kept: Kept) -> Iterator[list[Any]]:
    """A row per process, with the command line and the path that its own memory says."""
    told = _parameters(rows / "peb.jsonl", kept)
    for row in top_rows(rows / "process.jsonl"):
        found = told.get((repr(row.get("PID")), repr(row.get("Name"))), [None, None])
        yield [*cells(row, _PROCESS), *map(clean, found)]


def _parameters(path: Path, kept: Kept) -> dict[tuple[str, str], list[Any]]:
    """Command line and path of the image by PID and name; what a process says in 64 bits first."""
    found: dict[tuple[str, str], list[Any]] = {}
    for _, row in rows_of(path, '"parameters"'):
        at = _PARAMETERS.get(str(row.get("Field"))) if row.get("Section") == "parameters" else None
        if at is not None and row.get("Value") not in (None, ""):
            who = repr(row.get("PID")), repr(row.get("Process"))
            if who not in found and len(found) >= ROWS:
                kept.leave("peb", ROWS, "processes with parameters")
                continue
            told = found.setdefault(who, [None, None])
            told[at] = told[at] if told[at] is not None else row["Value"]
    return found


def modules(rows: Path, kept: Kept) -> list[list[Any]]:
    """Each image once, the kernel's first, with the count of processes that it is in."""
    return [*_modules(rows, "kernel-modules", 1, kept), *_modules(rows, "lm", 0, kept)]


def _modules(rows: Path, name: str, kernel: int, kept: Kept) -> list[list[Any]]:
    seen: dict[tuple[Any, ...], int] = {}
    for row in top_rows(rows / f"{name}.jsonl"):
        stamp = number(row.get("Timestamp"))
        start, end = number_of(row.get("Start")), number_of(row.get("End"))
        size = end - start if start is not None and end is not None and 0 < end - start < 1 << 40 else None
        key = (*cells(row, _MODULE), size, stamp, file_key(stamp, size))
        if key in seen or len(seen) < ROWS:
            seen[key] = seen.get(key, 0) + 1
        else:
            kept.leave(name, ROWS, "images")
    split = len(_MODULE)
    return [[kernel, *key[:split], count, *key[split:]] for key, count in seen.items()]


def number_of(value: Any) -> int | None:
    """An address of the rows, however large."""
    try:
        return int(value, 16) if isinstance(value, str) and value.startswith("0x") and len(value) < 20 else None
    except ValueError:
        return None


def file_key(stamp: int | None, size: int | None) -> str | None:
    """Time stamp and size as a symbol server writes them: eight capital digits, then the size; None without both."""
    return f"{stamp:08X}{size:x}" if stamp and size and 0 < stamp < 1 << 32 else None


def frames(summary: Row, rows: Path, kept: Kept) -> Iterator[list[Any]]:
    """The crashing stack's frames in their order, then what other stacks hold: each symbol and trust once, with the
    count of threads that have it.
    """
    stack = summary.get("stack")
    for one in kept.first("stack", stack if isinstance(stack, list) else (), _FRAMES, "frames"):
        if isinstance(one, dict) and one.get("symbol"):
            symbol = clean(one["symbol"])
            yield [1, number(one.get("frame")), *_named(symbol), *cells(one, ("ip", "trust")), 1]
    counted: dict[tuple[Any, Any], int] = {}
    thread, met = None, set[tuple[Any, Any]]()
    for _, row in rows_of(rows / "stacks.jsonl"):
        if row.get("ETHREAD") != thread:
            thread, met = row.get("ETHREAD"), set()
        key = clean(row.get("Symbol")), clean(row.get("Trust"))
        if not key[0] or key in met:
            continue
        if key in counted or len(counted) < _FRAMES:
            met.add(key)
            counted[key] = counted.get(key, 0) + 1
        else:
            kept.leave("stacks", _FRAMES, "symbols")
    yield from ([0, None, *_named(symbol), None, trust, count] for (symbol, trust), count in counted.items())


def _named(symbol: Any) -> tuple[str, str, str]:
    """A symbol, what it is called without its displacement where it has a name, and its module."""
    text = str(symbol)
    function = text.rpartition("+")[0] if "!" in text and "+" in text else text
    return text, function, text.partition("!")[0] if "!" in text else text.rpartition("+")[0] or text


def devices(rows: Path) -> Iterator[list[Any]]:
    """The nodes of the device tree, whatever their depth."""
    return (cells(row, _DEVICE) for _, row in rows_of(rows / "devices.jsonl") if row.get("DeviceNode") is not None)


def drivers(rows: Path) -> Iterator[list[Any]]:
    """Driver objects."""
    return (cells(row, _DRIVER) for row in top_rows(rows / "drivers.jsonl") if row.get("Kind") == "driver")
