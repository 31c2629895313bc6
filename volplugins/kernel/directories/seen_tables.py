"""Page tables that more than one entry leads to: each is walked where it was met first, and named where it comes again.

No Windows gives one table of user space to two processes, or to two ranges of one; a dump whose entries all lead to one
table would map 2^47 bytes with four pages.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from volplugins.kernel.claims import Owner

_FRAME_BITS = 52
_Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class SharedTables:
    """Tables that were walked before, of entries that follow one another.

    Attributes:
        virtual, size: the range that the entries are for, in bytes; ``each`` is that of one of them.
        level, entry: the level of these entries and the first of them.
        frame: page frame of the table that they lead to.
        first: the address at which it was met first.
        owner: whose directory led there then.
    """

    virtual: int
    size: int
    each: int
    level: str
    entry: int
    frame: int
    first: int
    owner: Owner | None

    def text(self, owner: Owner | None) -> str:
        """The sentence, in the directory of ``owner``."""
        count = self.size // self.each
        lead = f"{count} {self.level}s lead" if count > 1 else f"the {self.level} {self.entry:#x} leads"
        other = self.owner is not None and (owner is None or self.owner.eprocess != owner.eprocess)
        whose = f" of {self.owner.label}" if self.owner is not None and other else ""
        return (
            f"{lead} to the table at {self.frame << 12:#x}, which is that of {self.first:#x}{whose} and is shown there"
        )


@dataclass(slots=True)
class _Taken:
    """Tables by level and frame, with the batch in which they were taken: what is asked of each is asked at once.

    Attributes:
        batch_of: number of the batch in which a table was taken first, by its key.
        batches: of each batch the walk, the keys, and the addresses at which the tables were met.
        firsts: address and walk of the tables that were met again.
    """

    batch_of: dict[int, int] = field(default_factory=dict)
    batches: list[tuple[int, list[int], _Words]] = field(default_factory=list)
    firsts: dict[int, tuple[int, int]] = field(default_factory=dict)

    def first(self, key: int) -> tuple[int, int] | None:
        """The address at which a table was met first, and the number of the walk; None where it was not."""
        number = self.batch_of.get(key)
        if number is None:
            return None
        if key not in self.firsts:
            walk, keys, virtual = self.batches[number]
            self.firsts[key] = int(virtual[keys.index(key)]), walk
        return self.firsts[key]


@dataclass(slots=True)
class SeenTables:
    """The tables of every directory that is walked in one go; what a process that has ended left takes nothing."""

    _owners: list[Owner | None] = field(default_factory=list)
    _running: _Taken = field(default_factory=_Taken)
    _ended: _Taken = field(default_factory=_Taken)

    def begin(self, owner: Owner | None) -> int:
        """A number for the walk of ``owner``'s directory."""
        self._owners.append(owner)
        return len(self._owners) - 1

    def again(
        self, walk: int, depth: int, frames: npt.NDArray[np.int64], virtual: _Words
    ) -> dict[int, tuple[int, Owner | None]]:
        """Take tables of one level; for those that were taken before: their place to address and owner then."""
        owner = self._owners[walk]
        ended = owner is not None and owner.ended
        taken, known = (self._ended, (self._running, self._ended)) if ended else (self._running, (self._running,))
        keys: list[int] = (frames | depth << _FRAME_BITS).tolist()
        number = len(taken.batches)
        taken.batches.append((walk, keys, virtual))
        new = dict.fromkeys(keys, number)
        if len(new) == len(keys) and all(each.batch_of.keys().isdisjoint(keys) for each in known):
            taken.batch_of.update(new)
            return {}
        found: dict[int, tuple[int, Owner | None]] = {}
        for place, key in enumerate(keys):
            first = next((at for each in known if (at := each.first(key)) is not None), None)
            if first is None:
                taken.batch_of[key] = number
            else:
                found[place] = first[0], self._owners[first[1]]
        return found


def joined(shared: list[SharedTables], following: SharedTables) -> None:
    """Add to the list; entries that follow one another and lead to one table are one."""
    last = shared[-1] if shared else None
    if last is not None and (last.frame, last.each, last.virtual + last.size) == (
        following.frame, following.each, following.virtual,
    ):  # fmt: skip
        shared[-1] = SharedTables(
            last.virtual, last.size + following.size, last.each, last.level, last.entry, last.frame, last.first,
            last.owner,
        )  # fmt: skip
    else:
        shared.append(following)
