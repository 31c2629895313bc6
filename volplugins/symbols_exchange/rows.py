"""What a dump needs, by the rows that triage or batch wrote of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from volplugins.symbols_exchange.found import Found, add_found
from volplugins.symbols_exchange.needed import Needs, record_of
from volplugins.vol.symbols.image_facts import DEFERRED, PDB
from volplugins.vol.symbols.store_images import Image

_LONGEST_LINE = 1 << 24
_LONGEST_NUMBER = 20


def add_rows(needs: Needs, path: Path, user: bool) -> None:
    """The rows of one dump; a line about the kernel where they do not name its PDB."""
    found = Found()
    kernel_seen = False
    for row in _rows(path / "rows" / "kernel-modules.jsonl"):
        if row.get("Source") == "unloaded":
            continue
        is_kernel = not kernel_seen and row.get("Start") is not None  # the kernel is the list's first
        kernel_seen = kernel_seen or is_kernel
        image = _add_row(found, row, is_kernel)
        if not is_kernel or record_of(*_pdb_of(row)) is not None:
            continue
        if row.get("Status") == PDB:
            needs.notes.append(f"{path}: the kernel's table was at hand by the addresses of header and KDBG")
            found.known = image
        else:
            needs.unnamed.append((f"{path}: the rows do not name the kernel's PDB", image))
    for row in _rows(path / "rows" / "lm.jsonl") if user else ():
        _add_row(found, row, False)
    add_found(needs, path, found)


def _add_row(found: Found, row: dict[str, Any], is_kernel: bool) -> Image | None:
    """The PDB that a row of windows.kd.lm names, else the image where its headers were not in memory."""
    record = record_of(*_pdb_of(row))
    if record is not None:
        found.wanted.append((record, str(row.get("Module")), is_kernel))
        return None
    start, end, stamp = (_number(row.get(name)) for name in ("Start", "End", "Timestamp"))
    if start is None or end is None or not (is_kernel or _lacks_record(row)):
        return None
    return found.lacks(str(row.get("Module")), stamp, end - start)


def _lacks_record(row: dict[str, Any]) -> bool:
    """Whether the image could tell more: its headers were not in memory, or this is a small dump."""
    return row.get("Status") == DEFERRED or row.get("Source") == "triage"


def _pdb_of(row: dict[str, Any]) -> tuple[str, str]:
    return str(row.get("Pdb") or ""), str(row.get("GuidAge") or "")


def _number(text: Any) -> int | None:
    try:
        return int(text, 16) if isinstance(text, str) and len(text) <= _LONGEST_NUMBER else None
    except ValueError:
        return None


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            try:
                line = json.loads(text) if len(text) <= _LONGEST_LINE else None
            except (ValueError, RecursionError):
                continue
            row = line.get("row") if isinstance(line, dict) else None
            if isinstance(row, dict):
                yield row
