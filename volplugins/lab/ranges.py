"""Ranges of user addresses, as a VAD describes one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """User addresses from ``start`` to ``end`` (exclusive) that one node describes.

    ``prototypes`` and ``last_prototype`` are addresses of the section's prototype entries for the first and the last
    page; 0 where the lab makes none.
    """

    start: int
    end: int
    protection: int
    image: bool
    prototypes: int = 0
    last_prototype: int = 0

    @property
    def private(self) -> bool:
        """Whether no section is mapped here: the node is a short one then."""
        return not self.image and not self.prototypes
