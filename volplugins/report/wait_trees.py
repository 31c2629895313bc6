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
        threads: how many there are in it, ``stuck`` of them in the ring; ``left`` for how many there was no room.
        seconds: the longest wait of those on top.
    """

    ring: list[Waiting] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    threads: int = 0
    left: int = 0
    seconds: float = 0.0
    stuck: int = 0

    @property
    def title(self) -> str:
        """What it shows, in words."""
        if self.ring:
            more = self.threads - self.stuck
            return f"Deadlock of {self.stuck}{f', {_threads(more)} for one of them' if more else ''}"
        return f"{_threads(self.threads - 1)} for {self.branches[0].steps[0].who}"


class WaitTrees:
    """The pictures: deadlocks first, then what holds most threads up; ``left``: those for which there was no room.

    A thread that waits for several stands below the one of them that tells most.
    """

    def __init__(self, rows: WaitRows) -> None:
        self._rows = rows
        self._waiters: dict[str, list[Waiting]] = {}
        for each in rows.threads.values():
            if each.owner and each.owner != each.key:
                self._waiters.setdefault(each.owner, []).append(each)
        self._met: set[str] = set()
        made = [*self._deadlocks(), *self._others()]
        made.sort(key=lambda each: (not each.ring, -each.threads, -each.seconds))
        room = caps.WAITING_SHOWN
        self.trees = list[Tree]()
        for tree in made[: caps.WAIT_TREES]:
            if room > 0:
                room = _cut(tree, room)
                self.trees.append(tree)
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
            if one.owners.get(one.owner) != DEADLOCK or one.owner not in self._rows.threads or one.key in self._met:
                return []
            one = self._rows.threads[one.owner]
        return ring if one is start else []

    def _others(self) -> Iterable[Tree]:
        """Who waits for nobody that is shown; then circles that are no deadlocks for sure, lowest thread first."""
        threads = list(self._rows.threads.values())
        ends = [each for each in threads if each.owner not in self._rows.threads]
        for each in (*ends, *sorted(threads, key=lambda one: one.key)):
            if each.key not in self._met and self._waiters.get(each.key):
                self._met.add(each.key)
                yield self._tree([], [each])

    def _tree(self, ring: list[Waiting], first: list[Waiting]) -> Tree:
        tree, root = Tree(ring, threads=len(ring), stuck=len(ring)), Branch()
        work = [(root, list(self._new(first)) if ring else first, 0)]
        while work:
            parent, waiters, level = work.pop()
            for each in waiters:
                branch = Branch(self._column(each))
                parent.branches.append(branch)
                tree.threads += len(branch.steps)
                below = list(self._new(self._waiters.get(branch.steps[-1].key, ())))
                if level < caps.LEVELS:
                    work.append((branch, below, level + 1))
                else:
                    tree.left += len(below)
                    tree.threads += len(below)
        tree.branches = root.branches
        tree.seconds = max((each.seconds for each in (*ring, *first)), default=0.0)
        for branch in (*_bottom_up(tree.branches), root):
            branch.behind = sum(len(each.steps) + each.behind for each in branch.branches)
            branch.branches.sort(key=lambda each: (-len(each.steps) - each.behind, -each.steps[0].seconds))
            branch.open = tree.threads <= _FEW or branch.behind > len(branch.branches)
        return tree

    def _column(self, first: Waiting) -> list[Waiting]:
        """From ``first`` down as long as exactly one thread waits."""
        steps = [first]
        while True:
            waiters = [each for each in self._waiters.get(steps[-1].key, ()) if each.key not in self._met]
            if len(waiters) != 1:
                return steps
            self._met.add(waiters[0].key)
            steps.append(waiters[0])

    def _new(self, threads: Iterable[Waiting]) -> Iterable[Waiting]:
        """Those that are not drawn yet, which now are."""
        for each in threads:
            if each.key not in self._met:
                self._met.add(each.key)
                yield each


def _cut(tree: Tree, room: int) -> int:
    """Leave out what there is no room for, the deepest first; what room is left then."""
    tree.left += max(0, len(tree.ring) - room)
    del tree.ring[room:]
    room -= len(tree.ring)
    level = list[Tree | Branch]((tree,))
    while level:
        following = list[Tree | Branch]()
        for parent in level:
            for branch in parent.branches:
                tree.left += max(0, len(branch.steps) - room)
                del branch.steps[room:]
                room -= len(branch.steps)
                tree.left += branch.behind if not branch.steps else 0
            parent.branches = [branch for branch in parent.branches if branch.steps]
            following += parent.branches
        level = following
    return room


def _threads(count: int) -> str:
    return "1 thread waits" if count == 1 else f"{count} threads wait"


def _bottom_up(branches: list[Branch]) -> Iterable[Branch]:
    found, work = list[Branch](), list(branches)
    while work:
        one = work.pop()
        found.append(one)
        work += one.branches
    return reversed(found)
