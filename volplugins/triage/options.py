"""What a triage run is asked for, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class TriageOptions:
    """Options of one run.

    Attributes:
        symbols: symbol folders, searched first.
        image_path: folders with image files, for what the dump lacks of them.
        hash: whether the SHA-256 of the whole file is wanted.
        redact: whether private names are to be replaced in everything written (docs/output.md).
        command_line: as typed, for the summary.
    """

    symbols: tuple[str, ...] = ()
    image_path: tuple[str, ...] = ()
    hash: bool = True
    redact: bool = False
    command_line: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TriageResult:
    """What came of it: the summary (docs/schema/triage.schema.json), and the folder where one was wanted."""

    summary: dict[str, Any]
    lines: tuple[str, ...]
    folder: Path | None = None
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def faults(self) -> int:
        """Sections that failed."""
        return int(self.summary["faults"])
