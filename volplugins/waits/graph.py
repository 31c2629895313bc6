"""Who holds up whom, as a graph of threads; deadlocks are the cycles in it that no thread can leave.

A thread that waits for one object, or for all of several, goes on when none of them is held by one who cannot; a thread
that waits for any of several goes on when one of them is not. So a thread that waits for any is part of a deadlock
only where each of its objects is held within the cycle. Only waits that are found at both ends count (Held.sure).
The cost is linear in threads and in what they wait for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from volplugins.waits.closed import ClosedCycles
from volplugins.waits.held import Held
from volplugins.waits.survey import Survey, Wait

MOST_OWNERS = 256  # of one lock
MOST_EDGES = 1 << 22


@dataclass(slots=True)
class WaitGraph:
    """The graph of one survey.

    Attributes:
        cycle: number of the deadlock that a thread is part of, by ETHREAD.
        deadlocks: ETHREADs of each, in the order in which each waits for the next as far as one goes round.
    """

    survey: Survey
    cycle: dict[int, int] = field(default_factory=dict)
    deadlocks: list[tuple[int, ...]] = field(default_factory=list)

    def blockers(self, held: Held) -> Iterator[int]:
        """The threads that hold something up, of those that wait themselves."""
        for owner in held.owners[:MOST_OWNERS]:
            if owner in self.survey.waits:
                yield owner

    def in_deadlock(self, ethread: int, held: Held) -> bool:
        """Whether this of a thread's waits is part of a deadlock."""
        number = self.cycle.get(ethread)
        return number is not None and any(self.cycle.get(owner) == number for owner in held.owners[:MOST_OWNERS])


def make_graph(survey: Survey) -> WaitGraph:
    """Find the deadlocks."""
    graph = WaitGraph(survey)
    edges = _edges(graph)
    stuck = _stuck(survey, edges)
    forward = {node: list(dict.fromkeys(owner for each in edges[node] for owner in each)) for node in stuck}
    closed = ClosedCycles(edges, forward, frozenset(node for node in forward if survey.waits[node].any))
    for members in closed.find():
        number = len(graph.deadlocks)
        graph.cycle.update(dict.fromkeys(members, number))
        graph.deadlocks.append(_in_order(members, forward))
    if closed.unsettled:
        survey.note(f"{closed.unsettled} threads hold each other up in ways too many to settle: "
                    "whether they are deadlocked is not known")  # fmt: skip
    return graph


def _edges(graph: WaitGraph) -> dict[int, list[list[int]]]:
    """By waiting thread: for each thing that it waits for, the waiting threads that surely hold it."""
    found: dict[int, list[list[int]]] = {}
    count = 0
    for ethread, wait in graph.survey.waits.items():
        alternatives = [list(_sure(graph, ethread, held)) for held in wait.held] if count < MOST_EDGES else []
        count += sum(map(len, alternatives))
        found[ethread] = alternatives
    if count >= MOST_EDGES:
        graph.survey.note(f"more than {MOST_EDGES} waits for owners: the rest is not followed to deadlocks")
    return found


def _sure(graph: WaitGraph, ethread: int, held: Held) -> Iterator[int]:
    if held.sure:
        yield from (each for each in graph.blockers(held) if each != ethread or held.self_blocks)


def _stuck(survey: Survey, edges: Mapping[int, list[list[int]]]) -> dict[int, None]:
    """The threads that remain when all that can go on have gone on."""
    waiting_for: dict[int, list[tuple[int, int]]] = {}
    left = {node: [len(owners) for owners in each] for node, each in edges.items()}
    for node, alternatives in edges.items():
        for place, owners in enumerate(alternatives):
            for owner in owners:
                waiting_for.setdefault(owner, []).append((node, place))
    stuck = dict.fromkeys(edges)
    free = [node for node in edges if _goes_on(survey.waits[node], left[node])]
    for node in free:
        del stuck[node]
    while free:
        for waiter, place in waiting_for.get(free.pop(), ()):
            left[waiter][place] -= 1
            if waiter in stuck and _goes_on(survey.waits[waiter], left[waiter]):
                del stuck[waiter]
                free.append(waiter)
    return stuck


def _goes_on(wait: Wait, left: list[int]) -> bool:
    """Whether a thread can go on; ``left``: for each of its objects, how many of its owners cannot."""
    return not all(left) if wait.any else not any(left)


def _in_order(members: tuple[int, ...], forward: Mapping[int, list[int]]) -> tuple[int, ...]:
    """Round the cycle from its lowest address on; whoever is not met on the way comes last."""
    inside = dict.fromkeys(sorted(members))
    node, order = next(iter(inside)), dict[int, None]()
    while node not in order:
        order[node] = None
        node = next((each for each in forward[node] if each in inside and each not in order), node)
    return (*order, *(each for each in inside if each not in order))
