"""The time lines of all dumps as one file for Timesketch: each line with its dump's id and place in the corpus."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from volplugins.batch.merged_rows import lines
from volplugins.batch.outcome_file import FOLDER_NAME

NAME = "timeline.jsonl"
DIGITS = 16


def write_timeline(dumps: Path, places: Mapping[str, str], target: Path) -> None:
    """Write it, whole or not at all, dump by dump in the order of their ids.

    Args:
        places: the first place of each dump by its id.

    Raises:
        OSError: it cannot be written.
    """
    draft = target.with_name(f".{target.name}.part")
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as out:
            for folder in sorted(dumps.iterdir()):
                if FOLDER_NAME.fullmatch(folder.name) and (folder / NAME).is_file():
                    for line in _placed(folder / NAME, folder.name, places.get(folder.name)):
                        out.write(json.dumps(line) + "\n")
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def place_timeline(folder: Path, place: str) -> None:
    """Have the lines of one dump's folder name another place than the one that it was read at.

    Raises:
        OSError: the file cannot be written.
    """
    path = folder / NAME
    if not path.is_file():
        return
    draft = path.with_name(f".{NAME}.part")
    with draft.open("w", encoding="utf-8", newline="\n") as out:
        for line in _placed(path, None, place):
            out.write(json.dumps(line) + "\n")
    os.replace(draft, path)


def _placed(path: Path, dump: str | None, place: str | None) -> Iterator[dict[str, Any]]:
    """The lines with what is known better here."""
    known = {name: value for name, value in (("dump", dump), ("path", place)) if value}
    return ({**line, **known} for line in lines(path))
