"""Rows of all dumps together: the lines of their files, each with its dump's id. docs/schema/rows.schema.json."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from volplugins.batch.outcome_file import FOLDER_NAME

_LINE = 64 << 20


def row_files(dumps: Path) -> Iterator[tuple[str, Path]]:
    """Dump and file of rows, in order of both."""
    for folder in sorted(dumps.iterdir()):
        if FOLDER_NAME.fullmatch(folder.name):
            for path in sorted((folder / "rows").glob("*.jsonl")):
                yield folder.name, path


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Objects of a file of JSON lines; a line that is none is passed over."""
    with path.open(encoding="utf-8", errors="replace") as file:
        while line := file.readline(_LINE):
            try:
                values = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(values, dict):
                yield values


def write_merged(dumps: Path, target: Path) -> None:
    """Write all rows to one file, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    draft = target.with_name(f".{target.name}.part")
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as out:
            for dump, path in row_files(dumps):
                for values in lines(path):
                    out.write(json.dumps({"schema": values.pop("schema", None), "dump": dump, **values}) + "\n")
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
