"""What a triage run gives back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class TriageResult:
    """One run.

    Attributes:
        summary: as in summary.json.
        faults: how many there were; the summary says which.
        folder: where the results are, or None.
    """

    summary: dict[str, Any]
    faults: int
    folder: Path | None
