"""Mutants: KMUTANT.OwnerThread, which the owner's own list of mutants confirms (KTHREAD.MutantListHead)."""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.waits.held import Held
from volplugins.waits.list_sets import ListSets
from volplugins.waits.system import WaitSystem
from volplugins.waits.words import Kind

_MOST_OF_THREAD = 1 << 16
_MOST_MUTANTS = 1 << 18  # of all threads together


@dataclass(slots=True)
class MutantOwners:
    """Says who owns a mutant; each owner's list is walked once."""

    system: WaitSystem
    _lists: ListSets = field(init=False)

    def __post_init__(self) -> None:
        self._lists = ListSets(self.system.io.memory, self.system.bits, _MOST_OF_THREAD, _MOST_MUTANTS)

    def held(self, address: int, name: str) -> Held:
        """The mutant at ``address`` and its owner."""
        found = Held(address, Kind.MUTANT, name=name)
        layout = self.system.layouts.mutant
        mutant = self.system.attempt(address, layout) if layout.has("OwnerThread") else None
        if mutant is None:
            return found.noting("its owner cannot be read")
        owner = mutant.unsigned("OwnerThread")
        signal = int.from_bytes(mutant.data[4:8], "little", signed=True)
        abandoned = "a thread ended that owned it" if mutant.unsigned("Abandoned") & 1 else ""
        if not owner:
            return found.noting("nobody owns it", abandoned)
        doubt = self._missing(owner, address + layout.offset("MutantListEntry"))
        free = f"its signal state {signal} says that it is free" if signal > 0 else ""
        sure = not doubt and signal <= 0
        return Held(address, Kind.MUTANT, (owner,), sure, name).noting(abandoned, doubt, free)

    def note(self) -> str:
        """What was left out of all threads' lists, in words; empty for nothing."""
        count = self._lists.left_out
        more = f"threads' lists of mutants have more than {_MOST_MUTANTS:,} entries together"
        return f"{more}: {count:,} of them are not followed to their end" if count else ""

    def _missing(self, ethread: int, entry: int) -> str:
        """Why ``entry`` is not known to be in the thread's list, in words; empty where it is."""
        layout = self.system.layouts.thread
        if layout.has("MutantListHead") and self.system.is_thread(ethread):
            head = ethread + layout.offset("MutantListHead")
            if self._lists.has(head, entry):
                return ""
            if not self._lists.whole(head):
                return "its owner's list of mutants was not followed to its end"
        return "not in its owner's list of mutants"
