"""What was found, as a table for a terminal, as JSON lines, or as paths."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

from volplugins.corpus.folder import Folder
from volplugins.corpus.search import Found
from volplugins.report.shown_text import shown

SCHEMA = "volplugins.find/1"
_COLUMNS = ("crash_time", "computer", "build", "signature", "path")
_HEADS = ("Crashed", "Computer", "Build", "Signature", "Dump")
_WIDEST = (19, 20, 8, 48, 200)
_TOLD = 3  # matches that the table shows of one dump


def table(found: Iterable[Found], width: int) -> Iterator[str]:
    """A line per dump, what fitted below it; everything printable, nothing wider than the terminal but paths."""
    rows = [(one, [_short(name, one.dump[name]) for name in _COLUMNS]) for one in found]
    if not rows:
        return
    sizes = [
        min(max(len(head), *(len(cells[at]) for _, cells in rows)), most)
        for at, (head, most) in enumerate(zip(_HEADS, _WIDEST, strict=True))
    ]
    yield _line(_HEADS, sizes)
    for one, cells in rows:
        yield _line(cells, sizes)
        for by, text in one.matches[:_TOLD]:
            yield _cut(f"    {by}: {shown(text)}", max(width, 40))
        if len(one.matches) > _TOLD:
            yield f"    and {len(one.matches) - _TOLD} more"


def _short(name: str, value: Any) -> str:
    text = shown(value)
    return text[:19].replace("T", " ") if name == "crash_time" else text


def _line(cells: Iterable[str], sizes: Iterable[int]) -> str:
    return "  ".join(_cut(cell, size).ljust(size) for cell, size in zip(cells, sizes, strict=True)).rstrip()


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else f"{text[: size - 1]}…"


def json_lines(found: Iterable[Found], folder: Folder) -> Iterator[str]:
    """An object per dump; ``folder`` is null where it does not lie in the corpus."""
    for one in found:
        dump = {name: _cell(value) for name, value in one.dump.items()}
        if dump["path_bytes"] is None:  # the path is a text, as nearly every one
            del dump["path_bytes"]
        inside = folder.inside(dump["folder"])
        dump["folder"] = str(dump["folder"]) if inside is not None else None
        matches = [{"by": by, "text": _cell(text)} for by, text in one.matches]
        yield json.dumps({"schema": SCHEMA, **dump, "matches": matches}, allow_nan=False)


def _cell(value: Any) -> Any:
    """A value that every JSON reader takes."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    text = value.hex() if isinstance(value, bytes) else str(value)
    return text.encode("utf-8", "replace").decode()


def raw_paths(found: Iterable[Found]) -> Iterator[bytes]:
    """The dumps' paths as the system has them."""
    for one in found:
        path, raw = one.dump["path"], one.dump["path_bytes"]
        if isinstance(raw, bytes):
            yield raw
        elif path not in (None, ""):
            yield os.fsencode(str(path))


def paths(found: Iterable[Found]) -> Iterator[str]:
    """The dumps' paths as they are in the corpus."""
    return (str(one.dump["path"]) for one in found if one.dump["path"] not in (None, ""))
