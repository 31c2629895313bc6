"""Deadlocks: cycles that nobody can leave, and nothing else."""

from __future__ import annotations

import itertools
import random

import pytest

from tests.waits.made_waits import MACHINES, WIN10, Made, ring, verdicts
from volplugins.kernel.thread import Thread
from volplugins.waits.chains import Chains
from volplugins.waits.closed import ClosedCycles
from volplugins.waits.cycles import components
from volplugins.waits.graph import make_graph
from volplugins.waits.held import Held
from volplugins.waits.survey import Wait
from volplugins.waits.waiter import Waiter
from volplugins.waits.words import Kind

EVERY = pytest.mark.parametrize("name", MACHINES)


def made(name: str = "win10") -> Made:
    return Made(MACHINES[name])


@EVERY
@pytest.mark.parametrize("length", [2, 5])
def test_a_ring_of_mutants(name: str, length: int) -> None:
    memory = made(name)
    threads = ring(memory, length)
    beside = memory.thread()
    memory.wait(beside, memory.mutant(threads[0]))
    graph = memory.graph()
    assert graph.deadlocks == [tuple(threads)]
    assert verdicts(graph, [*threads, beside]) == [["deadlock"]] * length + [["blocked"]]


def test_one_that_waits_for_any_may_go_on() -> None:
    memory = made()
    first, second = memory.thread(), memory.thread()
    memory.wait(first, memory.mutant(second))
    memory.wait(second, memory.mutant(first), memory.object(1))
    graph = memory.graph()
    assert not graph.deadlocks
    assert verdicts(graph, [first, second]) == [["blocked"], ["blocked", ""]]


def test_one_that_waits_for_all_cannot() -> None:
    memory = made()
    first, second = memory.thread(), memory.thread()
    memory.wait(first, memory.mutant(second))
    memory.wait(second, memory.mutant(first), memory.object(1), all_of=True)
    graph = memory.graph()
    assert graph.deadlocks == [(first, second)]
    assert verdicts(graph, [second]) == [["deadlock", ""]]


def test_any_of_which_each_lies_in_the_cycle() -> None:
    memory = made()
    first, second, third = (memory.thread() for _ in range(3))
    memory.wait(first, memory.mutant(second), memory.mutant(third))
    memory.wait(second, memory.mutant(first))
    memory.wait(third, memory.mutant(first))
    graph = memory.graph()
    assert [set(each) for each in graph.deadlocks] == [{first, second, third}]


def test_any_of_which_one_leads_to_another_deadlock() -> None:
    """It cannot go on, but no edge of its own closes the first cycle for sure."""
    memory = made()
    other = ring(memory, 2)
    first, second = memory.thread(), memory.thread()
    memory.wait(first, memory.mutant(second), memory.mutant(other[0]))
    memory.wait(second, memory.mutant(first))
    graph = memory.graph()
    assert graph.deadlocks == [tuple(other)]
    assert verdicts(graph, [first, second]) == [["blocked", "blocked"], ["blocked"]]


def test_any_of_which_one_owner_runs() -> None:
    memory = made()
    first, second, runner = (memory.thread() for _ in range(3))
    memory.wait(first, memory.mutant(second), memory.mutant(runner))
    memory.wait(second, memory.mutant(first))
    assert not memory.graph().deadlocks


def test_a_mutant_of_its_own_is_no_deadlock() -> None:
    """Its owner may take a mutant again: what memory says cannot be."""
    memory = made()
    thread = memory.thread()
    memory.wait(thread, memory.mutant(thread))
    graph = memory.graph()
    assert not graph.deadlocks and verdicts(graph, [thread]) == [[""]]


def test_an_owner_that_does_not_list_the_mutant() -> None:
    memory = made()
    threads = ring(memory, 2)
    memory.link(threads[0] + memory.machine.thread["MutantListHead"][0])
    graph = memory.graph()
    assert not graph.deadlocks and verdicts(graph, threads) == [["blocked"], ["blocked"]]


def test_chains_end_where_nobody_waits_on() -> None:
    memory = made()
    threads = [memory.thread() for _ in range(12)]
    for thread, following in itertools.pairwise(threads):
        memory.wait(thread, memory.mutant(following))
    beside = memory.thread()
    memory.wait(beside, memory.mutant(threads[10]))
    chains = list(Chains(memory.graph()).all())
    assert [chain.threads for chain in chains] == [tuple(threads), (beside, threads[10], threads[11])]
    assert [chain.length for chain in chains] == [12, 3] and not any(chain.deadlock for chain in chains)


def test_chains_into_a_deadlock_and_the_deadlock_itself() -> None:
    memory = made()
    cycle = ring(memory, 3)
    tail = [memory.thread() for _ in range(2)]
    memory.wait(tail[1], memory.mutant(cycle[1]))
    memory.wait(tail[0], memory.mutant(tail[1]))
    lone = ring(memory, 2)
    chains = list(Chains(memory.graph()).all())
    assert [set(chain.threads) for chain in chains] == [{*tail, *cycle}, set(lone)]
    assert chains[0].threads[:2] == (tail[0], tail[1]) and all(chain.deadlock for chain in chains)
    assert [chain.length for chain in chains] == [5, 2]


def _mutated(memory: Made, random_: random.Random) -> None:
    """Write over a pointer or count with what a damaged or hostile memory could hold."""
    machine = memory.machine
    thread = random_.choice(memory.threads)
    block = thread + machine.thread["Block"][0]
    places = [
        block + machine.block["Object"][0], block + machine.block["Thread"][0], block, block + machine.width,
        thread + machine.thread["WaitBlockList"][0], thread + machine.thread["MutantListHead"][0],
        *(each + machine.mutant["OwnerThread"][0] for each in memory.waiters),
        *(each + machine.mutant["MutantListEntry"][0] for each in memory.waiters),
        *(memory.head(each) for each in memory.waiters),
    ]  # fmt: skip
    values = [
        0, 1, (1 << machine.bits) - 1, 0x7FFF0000, random_.choice(memory.threads), block, thread + 8,
        random_.choice(list(memory.waiters)), random_.getrandbits(machine.bits), 1 << 32,
        memory.head(random_.choice(list(memory.waiters))),
    ]  # fmt: skip
    memory.put(random_.choice(places), random_.choice(values))


def _chain_with_mutations(name: str, seed: int) -> None:
    random_ = random.Random(seed)
    memory = Made(MACHINES[name], bytearray(1 << 19))
    threads = [memory.thread() for _ in range(6)]
    for thread, following in itertools.pairwise(threads):
        memory.wait(thread, memory.mutant(following))
    for _ in range(random_.randint(1, 4)):
        _mutated(memory, random_)
    assert not memory.graph().deadlocks, seed


@EVERY
def test_mutations_make_no_deadlock(name: str) -> None:
    for seed in range(60):
        _chain_with_mutations(name, seed)


@pytest.mark.slow
@EVERY
def test_a_thousand_mutations_make_no_deadlock(name: str) -> None:
    for seed in range(1000):
        _chain_with_mutations(name, 1_000_000 + seed)


@pytest.mark.parametrize("length", [2, 3])
def test_mutations_never_raise(length: int) -> None:
    for seed in range(60):
        random_ = random.Random(seed)
        memory = Made(WIN10, bytearray(1 << 19))
        threads = ring(memory, length)
        for _ in range(3):
            _mutated(memory, random_)
        graph = memory.graph()
        assert all(set(each) <= set(threads) for each in graph.deadlocks), seed


def test_components_of_a_long_ring() -> None:
    """Without recursion, and in linear time."""
    size = 50_000
    edges = {node: [(node + 1) % size] for node in range(size)}
    edges[size] = [0]
    found = list(components(edges, dict.fromkeys(edges)))
    assert sorted(len(each) for each in found) == [1, size]


def test_a_ring_of_sixteen_thousand() -> None:
    """One deadlock and one chain of all of them, without recursion; how long it takes is `make bench`'s to say."""
    count = 16_000
    survey = Made(WIN10, bytearray(1 << 16)).survey()
    for number in range(count):
        thread = Thread(number, 4, number, None, 0, 0, None, None, 5)
        survey.threads[number] = Waiter(thread, 0)
        held = Held(count + number, Kind.MUTANT, ((number + 1) % count,), True)
        survey.waits[number] = Wait(survey.threads[number], (held,))
    graph = make_graph(survey)
    assert len(graph.deadlocks[0]) == count
    assert next(Chains(graph).all()).length == count


@pytest.mark.parametrize("count", [10, 33, 200])
def test_any_of_which_one_after_the_other_goes_on(count: int) -> None:
    """Each is let go by the one before it: however many there are, the deadlock that they lead to is found."""
    memory = Made(WIN10, bytearray(1 << 24))
    other = ring(memory, 2)
    threads = [memory.thread() for _ in range(count)]
    mutants = [memory.mutant(thread) for thread in threads]
    for number, thread in enumerate(threads):
        before = mutants[number - 1] if number else memory.mutant(other[0])
        memory.wait(thread, before, mutants[number + 1] if number + 1 < count else mutants[number - 1])
    graph = memory.graph()
    assert graph.deadlocks == [tuple(other)] and not graph.survey.notes


def test_without_steps_it_is_said_how_many_are_not_settled() -> None:
    """What is settled without a second look stays."""
    edges = {1: [[2]], 2: [[1]]}
    # 11 leaves, for 2 is outside; what it leaves behind has to be looked at again
    edges |= {11: [[12], [2]], 12: [[11, 13]], 13: [[14]], 14: [[13, 12]]}
    forward = {node: [owner for each in owners for owner in each] for node, owners in edges.items()}
    full = ClosedCycles(edges, forward, {11})
    assert [set(each) for each in full.find()] == [{1, 2}, {12, 13, 14}] and not full.unsettled
    short = ClosedCycles(edges, forward, {11}, steps=-1)
    assert [set(each) for each in short.find()] == [{1, 2}] and short.unsettled == 3


@EVERY
def test_one_that_waits_for_its_own_end(name: str) -> None:
    memory = made(name)
    thread = memory.thread()
    memory.wait(thread, thread)
    graph = memory.graph()
    assert graph.deadlocks == [(thread,)] and verdicts(graph, [thread]) == [["deadlock"]]
    assert [chain.threads for chain in Chains(graph).all()] == [(thread,)]


def test_one_that_waits_for_its_own_end_or_something_else_may_go_on() -> None:
    memory = made()
    thread = memory.thread()
    memory.wait(thread, thread, memory.object(1))
    assert not memory.graph().deadlocks


def test_closed_cycles_are_those_that_a_simple_search_finds() -> None:
    for seed in range(400):
        random_ = random.Random(seed)
        nodes = range(random_.randint(2, 12))
        edges = {node: [random_.choices(nodes, k=random_.randint(1, 2)) for _ in range(random_.randint(1, 3))]
                 for node in nodes}  # fmt: skip
        some = {node for node in nodes if random_.random() < 0.6}
        forward = {node: [owner for each in owners for owner in each] for node, owners in edges.items()}
        found = ClosedCycles(edges, forward, some).find()
        assert {frozenset(each) for each in found} == _simply(edges, forward, some), seed


def _simply(edges: dict[int, list[list[int]]], forward: dict[int, list[int]], some: set[int]) -> set[frozenset[int]]:
    nodes = dict.fromkeys(forward)
    while True:
        found = [set(each) for each in components(forward, nodes) if len(each) > 1 or each[0] in forward[each[0]]]
        leaving = {
            node for each in found for node in each & some if not all(each.intersection(held) for held in edges[node])
        }
        if not leaving:
            return {frozenset(each) for each in found}
        for node in leaving:
            del nodes[node]
