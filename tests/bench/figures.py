"""What a run of the bench is about: which figures are asked for, how they are printed, what failed."""

from __future__ import annotations

import fnmatch
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path


class Unequal(Exception):
    """The two sides do not give the same; the text says in what."""


@dataclass(slots=True)
class Figures:
    """The figures that are asked for, by patterns (``census``, ``ptov*``); all where there are none."""

    patterns: Sequence[str] = ()
    failed: list[str] = field(default_factory=list)

    def wants(self, name: str) -> bool:
        """Whether a figure is asked for."""
        return not self.patterns or any(fnmatch.fnmatch(name, pattern) for pattern in self.patterns)

    def report(self, name: str, value: float, unit: str, against: str | None, ratio: float, kept: bool = False) -> None:
        """Print one figure, where it is asked for; ``kept``: the other side's time is one of an earlier run."""
        line = {"name": name, "value": round(value, 6), "unit": unit, "against": against, "ratio": round(ratio, 2)}
        if self.wants(name):
            print(json.dumps({**line, "kept": True} if kept else line), flush=True)

    def fail(self, names: Sequence[str], why: str) -> None:
        """Name the figures that cannot be given; the run goes on, and ends with an exit code of 1."""
        wanted = [name for name in names if self.wants(name)]
        self.failed += wanted
        print(f"{', '.join(wanted)}: failed: {why}", file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Unit:
    """Figures that are made together.

    Attributes:
        names: of the figures; seconds: about how long our side and quick rivals take; slow: what rivals take whose
            times are kept, where they are not yet.
    """

    names: tuple[str, ...]
    seconds: float
    run: Callable[[Path, Figures], None]
    slow: float = 0
