"""Chains: from a thread that nobody waits for, through whoever holds up each, to where it ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from volplugins.waits.graph import MOST_OWNERS, WaitGraph
from volplugins.waits.held import Held

LONGEST = 4096  # threads of one chain that are given


@dataclass(frozen=True, slots=True)
class Chain:
    """One chain.

    Attributes:
        threads: ETHREADs, from the waiter to its end.
        waits: for each thread but the last what leads to the next.
        deadlock: whether it runs into a deadlock.
        length: of threads, also where not all are given.
    """

    threads: tuple[int, ...]
    waits: tuple[Held, ...]
    deadlock: bool
    length: int


@dataclass(slots=True)
class Chains:
    """The chains of a graph. Where a thread is held up by several, the longest way is followed, deadlocks first."""

    graph: WaitGraph
    _next: dict[int, tuple[Held, int] | None] = field(default_factory=dict)
    _length: dict[int, int] = field(default_factory=dict)
    _stuck: set[int] = field(default_factory=set)

    def all(self) -> Iterator[Chain]:
        """Every chain, longest first, of equal ones those that run into a deadlock; each cycle once."""
        starts = list(self._starts())
        self._count(starts)
        for start in sorted(starts, key=lambda each: (-self._length[each], each not in self._stuck, each)):
            yield self._chain(start)

    def length(self, ethread: int) -> int:
        """How many threads the chain from this thread on has."""
        return self._length.get(ethread, 1)

    def _starts(self) -> Iterator[int]:
        waits = self.graph.survey.waits
        for ethread in waits:
            self._measure(ethread)
        held_up = {owner for wait in waits.values() for held in wait.held for owner in held.owners}
        reached: set[int] = set()
        for ethread in waits:
            if ethread not in held_up and self._next[ethread] is not None:
                yield ethread
                self._reach(ethread, reached)
        cycles = (members[0] for members in self.graph.deadlocks)
        # cycles that are none for sure are entered at their lowest address
        for ethread in (*cycles, *sorted(waits)):
            if ethread not in reached and self._next[ethread] is not None:
                yield ethread
                self._reach(ethread, reached)

    def _reach(self, ethread: int | None, reached: set[int]) -> None:
        while ethread is not None and ethread not in reached:
            reached.add(ethread)
            onward = self._next.get(ethread)
            ethread = onward[1] if onward is not None else None

    def _count(self, starts: list[int]) -> None:
        """How many threads each chain has, and whether it runs into a deadlock, now that each has one way to go."""
        exact: dict[int, int] = {}
        for start in starts:
            path = dict[int, int]()
            node: int | None = start
            while node is not None and node not in exact and node not in path:
                path[node] = len(path)
                onward = self._next.get(node)
                node = onward[1] if onward is not None else None
            ring = len(path) - path[node] if node in path else 0  # threads that go round
            beyond = exact[node] if node is not None and node in exact else 0
            stuck = node in self._stuck
            for each, place in reversed(path.items()):
                exact[each] = max(len(path) - place + beyond, ring)
                stuck = stuck or each in self.graph.cycle
                if stuck:
                    self._stuck.add(each)
        self._length = exact

    def _chain(self, start: int) -> Chain:
        threads, waits, seen = [start], list[Held](), {start}
        onward = self._next[start]
        while onward is not None and len(threads) < LONGEST:
            waits.append(onward[0])
            if onward[1] in seen:
                break
            seen.add(onward[1])
            threads.append(onward[1])
            onward = self._next.get(onward[1])
        return Chain(tuple(threads), tuple(waits), start in self._stuck, self._length[start])

    def _measure(self, start: int) -> None:
        """The length of the chain from each thread that is met from ``start`` on, and where it goes on."""
        work = [start]
        opened: set[int] = set()
        while work:
            node = work[-1]
            if node in self._length:
                work.pop()
            elif node not in opened:
                opened.add(node)
                work.extend(
                    owner for _, owner in self._onward(node) if owner not in self._length and owner not in opened
                )
            else:
                work.pop()
                self._settle(node)

    def _settle(self, node: int) -> None:
        best: tuple[Held, int] | None = None
        score = (False, -1)
        own = self.graph.cycle.get(node)
        for held, owner in self._onward(node):
            within = own is not None and self.graph.cycle.get(owner) == own
            new = within, self._length.get(owner, 0)
            if new > score:
                best, score = (held, owner), new
        self._next[node] = best
        self._length[node] = 1 + (score[1] if best is not None else 0)

    def _onward(self, ethread: int) -> Iterator[tuple[Held, int]]:
        """Whoever holds a thread up, with what; a thread that does not wait ends a chain."""
        wait = self.graph.survey.waits.get(ethread)
        for held in wait.held if wait is not None else ():
            for owner in held.owners[:MOST_OWNERS]:
                if owner != ethread or held.self_blocks:
                    yield held, owner
