"""Who waits on whom, as the page draws it: on top what holds the others up, below it those who wait for it.

A thread for which one other waits stands right above that one; where several wait for it, they branch. So a chain is a
straight column, however long it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from volplugins.report import caps
from volplugins.report.wait_rows import DEADLOCK, Waiting, WaitRows

_FEW = 60  # threads of a tree that is shown unfolded


@dataclass(slots=True)
class Branch:
    """A column of threads, each waiting for the one above, and the branches that wait for its last one.

    Attributes:
        behind: threads in the branches below it.
        open: whether these are shown unfolded.
    """

    steps: list[Waiting] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    behind: int = 0
    open: bool = True


@dataclass(slots=True)
class Tree:
    """One picture.

    Attributes:
        ring: threads of a deadlock, each waiting for the next one; none where it is none.
        branches: who waits for one of the ring; else one, whose first step is what holds the others up.
        threads: how many there are in it; ``left`` how many of them there was no room for.
    """

    ring: list[Waiting] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    threads: int = 0
    left: int = 0
    seconds: float = 0.0

    @property
    def title(self) -> str:
        """What it shows, in words."""
        if self.ring:
            more = self.threads - len(self.ring)
            return f"Deadlock of {len(self.ring)}{f', {_threads(more)} for one of them' if more else ''}"
        return f"{_threads(self.threads - 1)} for {self.branches[0].steps[0].who}"


class WaitTrees:
    """The pictures: deadlocks first, then what holds most threads up; ``left``: those for which there was no room."""

    def __init__(self, rows: WaitRows) -> None:
        self._rows = rows
        self._waiters: dict[str, list[Waiting]] = {}
        for each in rows.threads.values():
            for owner in each.owners:
                if owner != each.key:
                    self._waiters.setdefault(owner, []).append(each)
        self._met: set[str] = set()
        self._room = caps.WAITING_SHOWN
        made = [*self._deadlocks(), *self._others()]
        made.sort(key=lambda each: (not each.ring, -each.threads, -each.seconds))
        self.trees = made[: caps.WAIT_TREES]
        self.left = len(made) - len(self.trees)

    def _deadlocks(self) -> Iterable[Tree]:
        """One for each ring."""
        for each in self._rows.threads.values():
            ring = self._ring(each)
            if ring and each.key not in self._met:
                self._met.update(one.key for one in ring)
                yield self._tree(ring, [waiter for one in ring for waiter in self._waiters.get(one.key, ())])

    def _ring(self, start: Waiting) -> list[Waiting]:
        """The threads from ``start`` on as long as each is in deadlock with the next, if they lead back to it."""
        ring, seen, one = list[Waiting](), set[str](), start
        while one.key not in seen:
            seen.add(one.key)
            ring.append(one)
            following = next((key for key, verdict in one.owners.items() if verdict == DEADLOCK), "")
            if following not in self._rows.threads:
                return []
            one = self._rows.threads[following]
        return ring if one is start else []

    def _others(self) -> Iterable[Tree]:
        """Who waits for nobody that is shown; then circles that are no deadlocks for sure, lowest thread first."""
        threads = list(self._rows.threads.values())
        ends = [each for each in threads if not any(key in self._rows.threads for key in each.owners)]
        for each in (*ends, *sorted(threads, key=lambda one: one.key)):
            if each.key not in self._met and self._waiters.get(each.key):
                self._met.add(each.key)
                yield self._tree([], [each])

    def _tree(self, ring: list[Waiting], first: list[Waiting]) -> Tree:
        tree = Tree(ring)
        root = Branch()
        work = [(root, list(self._new(first) if ring else first), 0)]
        tree.threads = len(ring)
        self._room -= len(ring)
        while work:
            parent, waiters, level = work.pop()
            for each in waiters:
                branch = self._column(tree, each)
                if branch is not None:
                    parent.branches.append(branch)
                    below = list(self._new(self._waiters.get(branch.steps[-1].key, ())))
                    if level < caps.LEVELS:
                        work.append((branch, below, level + 1))
                    else:
                        tree.left += len(below)
                        tree.threads += len(below)
        tree.branches = root.branches
        tree.seconds = max((each.seconds for each in (*ring, *first)), default=0.0)
        for branch in _bottom_up(tree.branches):
            branch.behind = sum(len(each.steps) + each.behind for each in branch.branches)
            branch.branches.sort(key=lambda each: (-len(each.steps) - each.behind, -each.steps[0].seconds))
            branch.open = tree.threads <= _FEW or branch.behind > len(branch.branches)
        return tree

    def _column(self, tree: Tree, first: Waiting) -> Branch | None:
        """From ``first`` down as long as exactly one thread waits; None where there is no room."""
        steps = list[Waiting]()
        one: Waiting | None = first
        while one is not None:
            tree.threads += 1
            if self._room <= 0:
                tree.left += 1
            else:
                self._room -= 1
                steps.append(one)
            waiters = [each for each in self._waiters.get(one.key, ()) if each.key not in self._met]
            one = waiters[0] if len(waiters) == 1 else None
            if one is not None:
                self._met.add(one.key)
        return Branch(steps) if steps else None

    def _new(self, threads: Iterable[Waiting]) -> Iterable[Waiting]:
        """Those that are not drawn yet, which now are."""
        for each in threads:
            if each.key not in self._met:
                self._met.add(each.key)
                yield each


def _threads(count: int) -> str:
    return "1 thread waits" if count == 1 else f"{count} threads wait"


def _bottom_up(branches: list[Branch]) -> Iterable[Branch]:
    found, work = list[Branch](), list(branches)
    while work:
        one = work.pop()
        found.append(one)
        work += one.branches
    return reversed(found)
