"""What came, went and changed between two collections of things that are known by a key."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Facts = Mapping[str, Any]
CAME, WENT, CHANGED = "came", "went", "changed"
_MOST = 5000  # changes of one section that are told


@dataclass(frozen=True, slots=True)
class Change:
    """One thing.

    Attributes:
        change: ``came`` (only in the second), ``went`` (only in the first), ``changed``.
        what: its name; before, after: what is known of it there; of a changed one, what differs alone.
    """

    change: str
    what: str
    before: Facts
    after: Facts


@dataclass(slots=True)
class Section:
    """The changes of one kind of thing.

    Attributes:
        name, title: for programs and for readers; matched: by what two things were taken for the same.
        same: how many are alike; left: how many changes are not told.
    """

    name: str
    title: str
    matched: str
    changes: list[Change] = field(default_factory=list)
    same: int = 0
    left: int = 0

    def count(self, change: str) -> int:
        """How many changes of one kind are told."""
        return sum(each.change == change for each in self.changes)

    def add(self, change: Change) -> None:
        """Take one, while there is room."""
        if len(self.changes) < _MOST:
            self.changes.append(change)
        else:
            self.left += 1


Keyed = Mapping[Hashable, tuple[str, Facts]]


def compared(section: Section, before: Keyed, after: Keyed, presence: bool = False) -> Section:
    """The section with what differs: went and changed in the order of the first, then what came in that of the second.

    Args:
        before, after: name and facts of each thing by its key.
        presence: nothing changes but whether a thing is there: its facts are other ones in every run.
    """
    for key, (what, facts) in before.items():
        if key not in after:
            section.add(Change(WENT, what, facts, {}))
            continue
        other = after[key][1]
        unlike = [name for name in {**facts, **other} if not presence and facts.get(name) != other.get(name)]
        if unlike:
            old, new = ({name: side.get(name) for name in unlike} for side in (facts, other))
            section.add(Change(CHANGED, what, old, new))
        else:
            section.same += 1
    for key, (what, facts) in after.items():
        if key not in before:
            section.add(Change(CAME, what, {}, facts))
    return section


def numbered(things: Iterable[tuple[Hashable, str, Facts]]) -> dict[Hashable, tuple[str, Facts]]:
    """By key; of several with one key each has a key of its own: the first, the second, …"""
    found: dict[Hashable, tuple[str, Facts]] = {}
    counts: dict[Hashable, int] = {}
    for key, what, facts in things:
        counts[key] = counts.get(key, 0) + 1
        found[key, counts[key]] = what, facts
    return found
