"""Who holds each lock, once for all who wait for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

MOST_OWNERS = 256  # of one lock: as many as are followed to deadlocks


class Owners(NamedTuple):
    """The first owners of a lock, each once; ``note`` says how many there are where that is not all."""

    first: tuple[int, ...]
    note: str = ""

    def without(self, ethread: int) -> tuple[int, ...]:
        """All but this one; the same tuple where it is not among them."""
        return tuple(each for each in self.first if each != ethread) if ethread in self.first else self.first


@dataclass(slots=True)
class LockOwners:
    """Keeps what every waiter for a lock is told, so that many waiters and many owners do not multiply."""

    _kept: dict[int, Owners] = field(default_factory=dict)

    def of(self, lock: int, owners: Iterable[int]) -> Owners:
        """The owners of ``lock``, which are taken from ``owners`` when they are asked for first."""
        known = self._kept.get(lock)
        if known is None:
            every = dict.fromkeys(owners)
            first = tuple(islice(every, MOST_OWNERS))
            cut = f"{len(every):,} threads hold it: {MOST_OWNERS} are looked at" if len(every) > MOST_OWNERS else ""
            known = self._kept[lock] = Owners(first, cut)
        return known
