"""Page tables that more than one entry leads to: each is walked where it was met first, and named where it comes again.

No Windows gives one table of user space to two processes, or to two ranges of one; a dump whose entries all lead to one
table would map 2^47 bytes with four pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from volplugins.kernel.claims import Owner

_FRAME_BITS, _PAGE_BITS, _VIRTUAL_BITS = 52, 12, 52
_VIRTUAL = (1 << _VIRTUAL_BITS) - 1


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
class SeenTables:
    """The tables of every directory that is walked in one go; what a process that has ended left takes nothing."""

    _owners: list[Owner | None] = field(default_factory=list)
    _running: dict[int, int] = field(default_factory=dict)
    _ended: dict[int, int] = field(default_factory=dict)

    def begin(self, owner: Owner | None) -> int:
        """A number for the walk of ``owner``'s directory."""
        self._owners.append(owner)
        return len(self._owners) - 1

    def again(
        self, walk: int, depth: int, frames: Sequence[int], virtual: Sequence[int]
    ) -> dict[int, tuple[int, Owner | None]]:
        """Take tables of one level; for those that were taken before: their place to address and owner then."""
        owner = self._owners[walk]
        ended = owner is not None and owner.ended
        taken, running = self._ended if ended else self._running, self._running
        found: dict[int, tuple[int, Owner | None]] = {}
        for place, (frame, address) in enumerate(zip(frames, virtual, strict=True)):
            key, here = depth << _FRAME_BITS | frame, walk << _VIRTUAL_BITS | address >> _PAGE_BITS & _VIRTUAL
            first = running.get(key) if ended else None
            first = taken.setdefault(key, here) if first is None else first
            if first is not here:
                at = (first & _VIRTUAL) << _PAGE_BITS
                found[place] = at, self._owners[first >> _VIRTUAL_BITS]
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
