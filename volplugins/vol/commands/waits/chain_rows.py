"""Rows of --chains: a tree from each thread that nobody waits for; whoever holds a thread up stands below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from volplugins.kernel.thread_words import state_word
from volplugins.vol.commands.waits.facts import Teller
from volplugins.vol.commands.waits.row import WaitRow, failure_row
from volplugins.waits.chains import Chain, Chains
from volplugins.waits.graph import MOST_OWNERS

MOST_ROWS = 100_000
_DEEPEST = 63
_MOST_OBJECTS = 64
# a row, and the threads that stand below it
_Told = tuple[WaitRow, list[int]]
_SHOWN = "shown above, with what holds it up"


def chain_rows(teller: Teller, eprocesses: set[int] | None) -> Iterator[WaitRow]:
    """The chains in which a thread of these processes is (None: any), longest first."""
    chains = Chains(teller.graph)
    given = left_out = 0
    for chain in chains.all():
        if eprocesses is not None and not _meets(teller, chain, eprocesses):
            continue
        if given >= MOST_ROWS:
            left_out += 1
            continue
        for row in _Tree(teller, chains, chain).rows():
            yield row
            given += 1
            if given >= MOST_ROWS:
                yield failure_row(f"more than {MOST_ROWS} rows: the rest of this chain is not shown")
                break
    if left_out:
        yield failure_row(f"{left_out} further chains are not shown: more than {MOST_ROWS} rows")


def _meets(teller: Teller, chain: Chain, eprocesses: set[int]) -> bool:
    of = teller.survey.processes.of_thread
    return any(each in of and of[each].eprocess in eprocesses for each in chain.threads)


@dataclass(slots=True)
class _Tree:
    """The tree of one chain; each thread's waits are shown once in it."""

    teller: Teller
    chains: Chains
    chain: Chain
    _met: set[int] = field(default_factory=set)

    def rows(self) -> Iterator[WaitRow]:
        """The waiter, and below each of its objects the threads that hold it."""
        work, first = [self._of_threads([self.chain.threads[0]], 0)], True
        while work:
            found = next(work[-1], None)
            if found is None:
                work.pop()
                continue
            row, owners = found
            yield self._headed(row) if first else row
            first = False
            if owners:
                work.append(self._of_threads(owners, len(work)))

    def _of_threads(self, threads: list[int], depth: int) -> Iterator[_Told]:
        for each in threads:
            yield from self._of_thread(each, depth)

    def _of_thread(self, ethread: int, depth: int) -> Iterator[_Told]:
        """A row for each object of a thread that waits, with who holds it."""
        teller, level = self.teller, min(depth, _DEEPEST)
        wait, waiter = teller.survey.waits.get(ethread), teller.survey.thread(ethread)
        if waiter is None:
            yield WaitRow(level, None, "", None, ethread, *_NOTHING, "no thread is there, or no longer one"), []
        elif wait is None or not wait.held:
            ends = f"the chain ends: {state_word(waiter.thread.state)}"
            yield teller.bare(waiter, level, *(wait.notes if wait is not None else (ends,))), []
        elif ethread in self._met:
            yield teller.bare(waiter, level, _SHOWN), []
        else:
            self._met.add(ethread)
            for held in wait.held[:_MOST_OBJECTS]:
                row = teller.row(wait, held, level)
                deep = f"{depth} levels deep" if depth > _DEEPEST else ""
                note = "; ".join(text for text in (deep, row.note) if text)
                yield row._replace(note=note), self._owners(ethread, held.owners[:MOST_OWNERS])

    def _owners(self, ethread: int, owners: tuple[int, ...]) -> list[int]:
        """The longest way first; of a cycle that is closed nothing is repeated."""
        onward = [each for each in owners if each != ethread and (each not in self._met or len(owners) > 1)]
        return sorted(onward, key=lambda each: (-self.chains.length(each), each))

    def _headed(self, row: WaitRow) -> WaitRow:
        chain = self.chain
        about = f"a chain of {chain.length} threads{', which runs into a deadlock' if chain.deadlock else ''}"
        return row._replace(note="; ".join(text for text in (about, row.note) if text))


_NOTHING: tuple[str, None, None, str, str, None, None, None, str] = ("", None, None, "", "", None, None, None, "")
