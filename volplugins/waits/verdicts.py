"""What each wait comes to, in the words of the contract."""

from __future__ import annotations

from volplugins.waits.graph import WaitGraph
from volplugins.waits.held import Held
from volplugins.waits.waiter import Waiter
from volplugins.waits.words import STARVED_STATES, Kind, Verdict

# of several owners the one that says most
_BEST_FIRST = (Verdict.OWNER_GONE, Verdict.READY_STARVED, Verdict.OWNER_RUNS, Verdict.BLOCKED)
_MOST_OWNERS = 4096


def verdict(graph: WaitGraph, ethread: int, held: Held) -> Verdict:
    """The verdict of one thing that a thread waits for."""
    if graph.in_deadlock(ethread, held):
        return Verdict.DEADLOCK
    if held.idle:
        return Verdict.IDLE
    if held.kind is Kind.IRP:
        return Verdict.REMOTE if held.remote else Verdict.DRIVER if held.driver else Verdict.NONE
    if held.owner_gone:
        return Verdict.OWNER_GONE
    found = {owner_verdict(graph.survey.thread(owner)) for owner in held.owners[:_MOST_OWNERS] if owner != ethread}
    return next((word for word in _BEST_FIRST if word in found), Verdict.NONE)


def owner_verdict(owner: Waiter | None) -> Verdict:
    """What a wait for this thread comes to; None: no thread is there."""
    if owner is None or owner.gone:
        return Verdict.OWNER_GONE
    if owner.waits:
        return Verdict.BLOCKED
    return Verdict.READY_STARVED if owner.thread.state in STARVED_STATES else Verdict.OWNER_RUNS
