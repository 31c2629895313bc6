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
        self.count += 1
        self.size += region.size
        if region.size > self.largest:
            self.largest, self.largest_start = region.size, region.start


def summarise(regions: Iterable[Region], wanted: Callable[[Region], bool]) -> Iterator[Sum]:
    """The sums of the regions that are wanted, largest first within each kind; percentages refer to all regions."""
    sums: dict[str, dict[str, Sum]] = {by: {} for by in _KEYS}
    busy = total = 0
    for region in regions:
        total += region.size
        busy += region.size if region.state != FREE else 0
        for by, key in _KEYS.items() if wanted(region) else ():
            name = key(region)
            if name:  # what is free has neither type nor protection
                sums[by].setdefault(name, Sum(by, name)).add(region)
    for named in sums.values():
        for each in sorted(named.values(), key=lambda each: (-each.size, each.name)):
            each.busy, each.total = busy, total
            yield each
