"""Whether dispatcher objects know of the wait blocks that name them: each object's list is walked once.

DISPATCHER_HEADER.WaitListHead holds WaitListEntry of the blocks of all who wait for the object (public symbol tables).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.waits.list_sets import ListSets
from volplugins.waits.system import WaitSystem

_MOST_OF_LIST = 1 << 17
_MOST_ENTRIES = 1 << 20  # of all lists together: as many as wait blocks are looked at


@dataclass(slots=True)
class ObjectWaiters:
    """The waiters of objects."""

    system: WaitSystem
    _lists: ListSets = field(init=False)

    def __post_init__(self) -> None:
        self._lists = ListSets(self.system.io.memory, self.system.bits, _MOST_OF_LIST, _MOST_ENTRIES)

    def missing(self, address: int, entry: int) -> str:
        """Why ``entry`` is not known to be in the list of the object at ``address``, in words; empty where it is."""
        layout = self.system.layouts.dispatcher
        head = address + layout.offset("WaitListHead") if layout.has("WaitListHead") else 0
        if head and self._lists.has(head, entry):
            return ""
        if self._lists.whole(head):
            return "its wait block is not in the object's list of waiters"
        return "the object's list of waiters was not followed to its end"

    def note(self) -> str:
        """What was left out of all lists, in words; empty for nothing."""
        count = self._lists.left_out
        more = f"objects' lists of waiters have more than {_MOST_ENTRIES:,} entries together"
        return f"{more}: {count:,} of them are not followed to their end" if count else ""
