"""The folder of one dump, as triage leaves it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from volplugins.triage import TriageOptions, run_triage
from volplugins.triage.sections import SECTIONS

NAMES = tuple(section.name for section in SECTIONS)
Rows = list[dict[str, Any]]


def made_folder(dump: Path, folder: Path) -> Path:
    """Run triage on the dump."""
    run_triage(
        dump, folder, TriageOptions(command_line=("volplugins", "triage", str(dump))), lambda text, percent: None
    )
    return folder


def read(rows: Path, name: str) -> Rows:
    """Rows of one file."""
    lines = (rows / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [record["row"] for record in map(json.loads, lines) if "row" in record]
