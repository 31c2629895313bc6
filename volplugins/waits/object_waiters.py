"""Whether dispatcher objects know of the wait blocks that name them: each object's list is walked once.

DISPATCHER_HEADER.WaitListHead holds WaitListEntry of the blocks of all who wait for the object (public symbol tables).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.io.linked_list import ListWalk
from volplugins.waits.system import WaitSystem

_MOST_OF_LIST = 1 << 17
_MOST_ENTRIES = 1 << 21  # of all lists together


@dataclass(slots=True)
class ObjectWaiters:
    """The waiters of objects, kept while there is room."""

    system: WaitSystem
    _lists: dict[int, frozenset[int]] = field(default_factory=dict)
    _kept: int = 0

    def has(self, address: int, entry: int) -> bool:
        """Whether ``entry`` is in the list of the object at ``address``, as far as that can be followed."""
        if address not in self._lists:
            if self._kept > _MOST_ENTRIES:
                self._lists.clear()
                self._kept = 0
            found = self._walk(address)
            self._lists[address] = found
            self._kept += len(found) + 1
        return entry in self._lists[address]

    def _walk(self, address: int) -> frozenset[int]:
        layout = self.system.layouts.dispatcher
        if not layout.has("WaitListHead"):
            return frozenset()
        head = address + layout.offset("WaitListHead")
        return frozenset(ListWalk(self.system.io.memory, head, self.system.bits, _MOST_OF_LIST).entries())
