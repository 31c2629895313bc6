"""What a triage run was asked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TriageOptions:
    """Options of one run.

    Attributes:
        symbols: symbol folders, searched first; image_path: folders with image files.
        hash: compute SHA-256 of the whole file; redact: replace names and paths in everything that is written.
        command_line: as typed, for the summary.
        budget: how many times the usual budget of a run, as typed; empty: what VOLPLUGINS_BUDGET says, or once.
    """

    symbols: tuple[str, ...] = ()
    image_path: tuple[str, ...] = ()
    hash: bool = True
    redact: bool = False
    command_line: tuple[str, ...] = ()
    budget: str = ""
