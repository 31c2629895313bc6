"""What was tried on the way to the kernel, and how much time there is for it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

SECONDS = 20.0
_SHOWN = 3  # places of a line


@dataclass(slots=True)
class SearchLog:
    """The record of one search.

    Attributes:
        seconds: how long the search may take in all.
    """

    seconds: float = SECONDS
    _tried: dict[str, list[int]] = field(default_factory=dict)
    _start: float = field(default_factory=time.monotonic)

    def add(self, text: str, *where: int) -> None:
        """Note what was tried and what came of it; the same at several places is one line."""
        self._tried.setdefault(text, []).extend(where)

    @property
    def tried(self) -> list[str]:
        """What was tried, in order, with the places."""
        return [text + _places(where) for text, where in self._tried.items()]

    @property
    def over(self) -> bool:
        """Whether the time is used up."""
        return time.monotonic() - self._start > self.seconds


def _places(where: list[int]) -> str:
    if not where:
        return ""
    more = f" and {len(where) - _SHOWN} more" if len(where) > _SHOWN else ""
    return f" ({', '.join(f'{each:#x}' for each in where[:_SHOWN])}{more})"
