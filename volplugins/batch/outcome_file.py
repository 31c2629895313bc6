"""``batch.json``, written last into a dump's folder: how the work ended, and its rows for the database.

A folder under its final name with this file in it is whole: the row that a killed run did not write is made from it.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from volplugins.batch.job import Job

NAME = "batch.json"
SCHEMA = "volplugins.batch/1"
FOLDER_NAME = re.compile(r"[0-9a-f]{16}([0-9a-f]{48})?")


@dataclass(frozen=True, slots=True)
class Result:
    """One dump's row and those that belong to it, as the database takes them; ``place_bytes`` in hexadecimal."""

    id: str
    sha256: str | None
    size: int
    status: str
    reason: str
    seconds: float
    key: str
    place: str
    tables: dict[str, list[list[Any]]]
    place_bytes: str | None = None

    @property
    def path(self) -> tuple[str, str, bytes | None]:
        """Key and place, and the place's bytes where they are no text."""
        return self.key, self.place, bytes.fromhex(self.place_bytes) if self.place_bytes is not None else None


def write_outcome(job: Job, status: str, reason: str, seconds: float, tables: dict[str, list[list[Any]]]) -> None:
    """Write the file whole.

    Raises:
        OSError: it cannot be written.
    """
    folder = Path(job.output)
    raw = job.candidate.raw if not job.redact else None
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "schema": SCHEMA, "id": job.id, "sha256": job.sha256, "size": job.size, "status": status, "reason": reason,
        "seconds": seconds, "key": job.candidate.key, "place": job.candidate.shown(job.redact), "tables": tables,
        "place_bytes": raw.hex() if raw is not None else None,
    }  # fmt: skip
    draft = folder / f".{NAME}.part"
    draft.write_text(json.dumps(values) + "\n", encoding="utf-8")
    os.replace(draft, folder / NAME)


def read_outcome(folder: Path) -> Result | None:
    """What the file says; None where it is not there or not whole."""
    try:
        values = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if values.pop("schema") != SCHEMA:
            return None
        found = Result(**values)
        bytes.fromhex(found.place_bytes or "")
        return found
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
