"""One thing that a blob says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """``field``: what; ``value``: numbers as they are written in the output; ``filetime``: set for times, 100 ns."""

    field: str
    value: str
    note: str = ""
    filetime: int | None = None
