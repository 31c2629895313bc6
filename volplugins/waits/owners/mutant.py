"""Mutants: KMUTANT.OwnerThread, which the owner's own list of mutants confirms (KTHREAD.MutantListHead)."""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.io.linked_list import ListWalk
from volplugins.waits.held import Held
from volplugins.waits.system import WaitSystem
from volplugins.waits.words import Kind

_MOST_OF_THREAD = 1 << 16


@dataclass(slots=True)
class MutantOwners:
    """Says who owns a mutant; each owner's list is walked once."""

    system: WaitSystem
    _lists: dict[int, frozenset[int]] = field(default_factory=dict)

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
        entry = address + layout.offset("MutantListEntry")
        listed = self.system.is_thread(owner) and entry in self._owned(owner)
        doubt = "" if listed else "not in its owner's list of mutants"
        free = f"its signal state {signal} says that it is free" if signal > 0 else ""
        sure = listed and signal <= 0
        return Held(address, Kind.MUTANT, (owner,), sure, name).noting(abandoned, doubt, free)

    def _owned(self, ethread: int) -> frozenset[int]:
        layout = self.system.layouts.thread
        if not layout.has("MutantListHead"):
            return frozenset()
        if ethread not in self._lists:
            head = ethread + layout.offset("MutantListHead")
            walk = ListWalk(self.system.io.memory, head, self.system.bits, _MOST_OF_THREAD)
            self._lists[ethread] = frozenset(walk.entries())
        return self._lists[ethread]
