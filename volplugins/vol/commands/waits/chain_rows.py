"""Rows of --chains: each chain as parent and children, from the thread that nobody waits for to where it ends."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.kernel.thread_words import state_word
from volplugins.vol.commands.waits.facts import Teller
from volplugins.vol.commands.waits.row import WaitRow, failure_row
from volplugins.waits.chains import LONGEST, Chain, Chains

MOST_ROWS = 100_000
_DEEPEST = 63


def chain_rows(teller: Teller, eprocesses: set[int] | None) -> Iterator[WaitRow]:
    """The chains in which a thread of these processes is (None: any), longest first."""
    given = left_out = 0
    for chain in Chains(teller.graph).all():
        if eprocesses is not None and not _meets(teller, chain, eprocesses):
            continue
        if given and given + len(chain.threads) > MOST_ROWS:
            left_out += 1
            continue
        given += len(chain.threads)
        yield from _rows(teller, chain)
    if left_out:
        yield failure_row(f"{left_out} further chains are not shown: more than {MOST_ROWS} rows")


def _meets(teller: Teller, chain: Chain, eprocesses: set[int]) -> bool:
    of = teller.survey.processes.of_thread
    return any(each in of and of[each].eprocess in eprocesses for each in chain.threads)


def _rows(teller: Teller, chain: Chain) -> Iterator[WaitRow]:
    for place, ethread in enumerate(chain.threads):
        row = _row(teller, chain, place, ethread)
        notes = [_about(chain)] if place == 0 else []
        if place > _DEEPEST:
            notes.append(f"{place} levels deep")
        yield row._replace(note="; ".join(text for text in (*notes, row.note) if text))


def _row(teller: Teller, chain: Chain, place: int, ethread: int) -> WaitRow:
    depth, survey = min(place, _DEEPEST), teller.survey
    wait = survey.waits.get(ethread)
    if wait is not None and place < len(chain.waits):
        following = chain.threads[place + 1] if place + 1 < len(chain.threads) else None
        return teller.row(wait, chain.waits[place], depth, following)
    if wait is not None and wait.held:
        return teller.row(wait, wait.held[0], depth)
    waiter = survey.thread(ethread)
    if waiter is None:
        return WaitRow(depth, None, "", None, ethread, *_NOTHING, "no thread is there, or no longer one")
    state = state_word(waiter.thread.state)
    return teller.bare(waiter, depth, *(wait.notes if wait is not None else (f"the chain ends: {state}",)))


_NOTHING: tuple[str, None, None, str, str, None, None, None, str] = ("", None, None, "", "", None, None, None, "")


def _about(chain: Chain) -> str:
    cut = f", of which {LONGEST} are shown" if chain.length > len(chain.threads) else ""
    return f"a chain of {chain.length} threads{cut}{', which runs into a deadlock' if chain.deadlock else ''}"
