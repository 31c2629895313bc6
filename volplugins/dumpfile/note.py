"""Something odd about a dump that did not stop it from being opened."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """``field``: where; ``text``: what; ``severity``: ``fault`` where data is lost or doubtful, ``info`` otherwise."""

    field: str
    text: str
    severity: str = "fault"
