"""Sums over the regions of a process: by usage, type, state and protection, as !address -summary has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from volplugins.address.protection import word_of
from volplugins.address.region import FREE, Region

_KEYS: dict[str, Callable[[Region], str]] = {
    "Usage": lambda region: region.usage,
    "Type": lambda region: region.type,
    "State": lambda region: region.state,
    "Protect": lambda region: word_of(region.protect),
}


@dataclass(slots=True)
class Sum:
    """One line: how many regions, bytes in all, the largest region's size and address (bytes).

    ``busy`` and ``total`` are the bytes that the percentages refer to.
    """

    by: str
    name: str
    busy: int = 0
    total: int = 0
    count: int = 0
    size: int = 0
    largest: int = 0
    largest_start: int = 0

    @property
    def percent_busy(self) -> float | None:
        """Share of all that is not free; None for what is free itself."""
        return 100.0 * self.size / self.busy if self.busy and self.name not in (FREE, "Free") else None

    @property
    def percent_total(self) -> float:
        """Share of the whole user range."""
        return 100.0 * self.size / self.total if self.total else 0.0

    def add(self, region: Region) -> None:
        """Count one region in."""
        size = region.size
        self.count += 1
        self.size += size
        if size > self.largest:
            self.largest, self.largest_start = size, region.start


class Sums:
    """Sums while regions come; percentages refer to all of them, whichever are wanted."""

    def __init__(self) -> None:
        self._sums: dict[str, dict[str, Sum]] = {by: {} for by in _KEYS}
        self._busy = self._total = 0

    def add(self, region: Region, wanted: bool = True) -> None:
        """Count one region in; one that is not wanted is part of the whole only."""
        size = region.size
        self._total += size
        self._busy += size if region.state != FREE else 0
        if not wanted:
            return
        for by, key in _KEYS.items():
            name = key(region)
            if name:  # what is free has neither type nor protection
                named = self._sums[by]
                if name not in named:
                    named[name] = Sum(by, name)
                named[name].add(region)

    def lines(self) -> Iterator[Sum]:
        """The largest first within each kind."""
        for named in self._sums.values():
            for each in sorted(named.values(), key=lambda each: (-each.size, each.name)):
                each.busy, each.total = self._busy, self._total
                yield each


def summarise(regions: Iterable[Region], wanted: Callable[[Region], bool]) -> Iterator[Sum]:
    """The sums of the regions that are wanted, largest first within each kind; percentages refer to all regions."""
    sums = Sums()
    for region in regions:
        sums.add(region, wanted(region))
    yield from sums.lines()
