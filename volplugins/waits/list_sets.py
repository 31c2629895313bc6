"""Which entries are in which of the kernel's lists: each list is walked once, and all together only so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.io.linked_list import ListWalk
from volplugins.memory.reader import MemoryReader


@dataclass(slots=True)
class ListSets:
    """The entries of lists of one kind, by their heads.

    A list is followed also where it runs into another: a stale head that leads into a list in use must not hide what
    is in that one. So a ring costs its length for each head that leads to it, until ``most`` entries were followed.

    Attributes:
        most_of_list: how many entries of one list are followed; ``most``: of all together.
        left_out: how many lists were not followed, or not to their end, for that.
    """

    memory: MemoryReader
    bits: int
    most_of_list: int
    most: int
    left_out: int = 0
    _lists: dict[int, frozenset[int]] = field(default_factory=dict)
    _unfollowed: set[int] = field(default_factory=set)
    _followed: int = 0

    def has(self, head: int, entry: int) -> bool:
        """Whether ``entry`` is in the list at ``head``, as far as that was followed."""
        if head not in self._lists and self._followed < self.most:
            most = min(self.most_of_list, self.most - self._followed)
            walk = ListWalk(self.memory, head, self.bits, most)
            self._lists[head] = frozenset(walk.entries())
            self._followed += walk.count + 1
            if self._followed > self.most:
                self._leave_out(head)
        if head not in self._lists:
            self._leave_out(head)
            return False
        return entry in self._lists[head]

    def whole(self, head: int) -> bool:
        """Whether nothing of the list at ``head`` was left out for the sake of all."""
        return head not in self._unfollowed

    def _leave_out(self, head: int) -> None:
        if head not in self._unfollowed:
            self._unfollowed.add(head)
            self.left_out += 1
