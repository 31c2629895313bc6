"""Cycles that nobody in them can leave: what is left when those have gone who wait for any of several, one outside.

Whoever leaves may open the way for others: these are followed one by one, at a cost linear in what the threads wait
for. Where that breaks a cycle into several, each is looked at again; only this can be made to happen often, and so has
a limit.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from volplugins.waits.cycles import components

MOST_STEPS = 1 << 21  # threads and waits for owners that are looked at again


@dataclass(slots=True)
class ClosedCycles:
    """The search for them.

    Attributes:
        edges: by thread, for each thing that it waits for, the threads that hold it.
        forward: the same threads, of all things together.
        any: threads for which one of their things is enough.
        steps: how much may still be looked at again.
        unsettled: threads of cycles that were given up when no steps were left.
    """

    edges: Mapping[int, Sequence[Sequence[int]]]
    forward: Mapping[int, Sequence[int]]
    any: Container[int]
    steps: int = MOST_STEPS
    unsettled: int = 0

    def find(self) -> list[tuple[int, ...]]:
        """Every such cycle, in the order in which the threads stand; small ones are settled first."""
        place = {node: number for number, node in enumerate(self.forward)}
        return sorted(self._settle(), key=lambda each: min(place[node] for node in each))

    def _settle(self) -> Iterator[tuple[int, ...]]:
        pending = self._parts(self.forward)
        while pending:
            members = pending.pop()
            kept = self._staying(members)
            if len(kept) == len(members):
                yield members
            elif self.steps < 0:
                self.unsettled += len(kept)
            else:
                self.steps -= sum(1 + len(self.forward[node]) for node in members)
                pending += self._parts(kept)

    def _parts(self, nodes: Iterable[int]) -> list[tuple[int, ...]]:
        """The cycles among these, the smallest last."""
        found = components(self.forward, dict.fromkeys(nodes))
        return sorted((each for each in found if len(each) > 1 or each[0] in self.forward[each[0]]), key=_largest_first)

    def _staying(self, members: Collection[int]) -> dict[int, None]:
        """Those who do not leave, now that nobody outside counts."""
        inside = dict.fromkeys(members)
        open_ = [node for node in members if node in self.any]
        left = {node: [sum(owner in inside for owner in owners) for owners in self.edges[node]] for node in open_}
        waiting_for: dict[int, list[tuple[int, int]]] = {}
        for node in open_:
            for place, owners in enumerate(self.edges[node]):
                for owner in owners:
                    waiting_for.setdefault(owner, []).append((node, place))
        leaving = [node for node in open_ if not all(left[node])]
        for node in leaving:
            del inside[node]
        while leaving:
            for waiter, place in waiting_for.get(leaving.pop(), ()):
                left[waiter][place] -= 1
                if waiter in inside and not left[waiter][place]:
                    del inside[waiter]
                    leaving.append(waiter)
        return inside


def _largest_first(members: tuple[int, ...]) -> int:
    return -len(members)
