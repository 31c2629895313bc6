"""Who waits for whom, in plain types: truth["waits"].

A thread that waits for one object or for all of several is stuck when an owner is; one that waits for any of several
only when all have owners and all of these are. Cycles among stuck threads are deadlocks. Compare deadlocks as sets:
which of several cycles that share threads comes first says nothing.
"""

from __future__ import annotations

from typing import Any

from volplugins.lab.kernel.process_records import TICK
from volplugins.lab.kernel.processes import RUNNING, TERMINATED, Thread
from volplugins.lab.waits.hang import Hang, Wait, Waited
from volplugins.lab.waits.wait_words import READY, REASONS, WAIT_ALL

_LONGEST = 64
_STATES = {TERMINATED: "owner-gone", RUNNING: "owner-runs", READY: "ready-starved"}
_STRONGEST = ("owner-gone", "ready-starved", "owner-runs", "blocked", "")


def waits_truth(hang: Hang) -> dict[str, Any]:
    """threads: every waiting one; a thread's verdict is the strongest of its objects'.

    chains: from every waiter that nobody waits for, by every owner, to the end or the first thread of a deadlock.
    """
    rings = _rings(hang)
    stuck = {thread for ring in rings for thread in ring}
    return {
        "threads": [_thread(wait, stuck) for _, wait in sorted(hang.waits.items())],
        "chains": sorted(_chains(hang, stuck), key=lambda chain: (-len(chain), chain)),
        "deadlocks": rings,
        "resources": [{
            "address": each.address, "owners": [owner.address for owner, _ in each.owners],
            "shared": len(each.shared_waiters), "exclusive": len(each.exclusive_waiters), "name": each.name,
            "counts": [count for _, count in each.owners], "owned_exclusive": each.exclusive,
        } for each in hang.resources],
    }  # fmt: skip


def _thread(wait: Wait, stuck: set[int]) -> dict[str, Any]:
    thread = wait.thread
    verdicts = [_verdict(wait, each, stuck) for each in wait.objects]
    return {
        "ethread": thread.address,
        "pid": thread.process.pid,
        "tid": thread.tid,
        "reason": REASONS[wait.reason],
        "seconds": thread.waits * TICK / 10_000_000,
        "objects": [_object(*pair) for pair in zip(wait.objects, verdicts, strict=True)],
        "all": wait.kind == WAIT_ALL,
        "limit": wait.limit,
        "verdict": min(verdicts, key=lambda word: _STRONGEST.index(word) if word in _STRONGEST else -1),
    }


def _object(waited: Waited, verdict: str) -> dict[str, Any]:
    return {
        "object": waited.object,
        "dispatcher": waited.dispatcher,
        "type": waited.kind,
        "name": waited.name,
        "owner": waited.owner.address if waited.owner else 0,
        "owners": [each.address for each in waited.owners],
        "verdict": verdict,
    }


def _verdict(wait: Wait, waited: Waited, stuck: set[int]) -> str:
    if wait.verdict or not waited.owners:
        return wait.verdict
    if wait.thread.address in stuck and any(owner.address in stuck for owner in waited.owners):
        return "deadlock"
    words = [_STATES.get(owner.state, "blocked") for owner in waited.owners]
    return min(words, key=_STRONGEST.index)


def _owners(hang: Hang, thread: int) -> list[int]:
    wait = hang.waits.get(thread)
    return [owner.address for each in wait.objects for owner in each.owners] if wait else []


def _stuck(hang: Hang) -> set[int]:
    """Threads that nothing can wake: the greatest set that agrees with the rule."""
    left = {thread for thread in hang.waits if _owners(hang, thread)}
    while True:
        kept = {thread for thread in left if _holds(hang.waits[thread], left)}
        if kept == left:
            return left
        left = kept


def _holds(wait: Wait, stuck: set[int]) -> bool:
    held = [any(owner.address in stuck for owner in each.owners) for each in wait.objects]
    return any(held) if wait.kind == WAIT_ALL or len(held) == 1 else all(held)


def _reach(hang: Hang, start: int, within: set[int]) -> set[int]:
    found: set[int] = set()
    todo = _owners(hang, start)
    while todo:
        thread = todo.pop()
        if thread in within and thread not in found:
            found.add(thread)
            todo += _owners(hang, thread)
    return found


def _rings(hang: Hang) -> list[list[int]]:
    """The cycles; each begins with its lowest address and goes from waiter to owner."""
    within = _stuck(hang)
    reach = {thread: _reach(hang, thread, within) for thread in within}
    rings, seen = [], set()
    for thread in sorted(within):
        ring = {other for other in reach[thread] if thread in reach[other]}
        if thread in ring and thread not in seen:
            seen |= ring
            rings.append(_in_order(hang, thread, ring))
    return rings


def _in_order(hang: Hang, start: int, ring: set[int]) -> list[int]:
    order = [start]
    for thread in order:
        order += [owner for owner in _owners(hang, thread) if owner in ring and owner not in order]
    return order


def _chains(hang: Hang, stuck: set[int]) -> list[list[int]]:
    waited = {owner for thread in hang.waits for owner in _owners(hang, thread)}
    starts = [thread for thread in hang.waits if thread not in waited and _owners(hang, thread)]
    return [chain for start in starts for chain in _follow(hang, [start], stuck)]


def _follow(hang: Hang, path: list[int], stuck: set[int]) -> list[list[int]]:
    owners = [owner for owner in _owners(hang, path[-1]) if owner not in path]
    if not owners or path[-1] in stuck or len(path) == _LONGEST:
        return [path]
    return [chain for owner in owners for chain in _follow(hang, [*path, owner], stuck)]


def accounts_truth(hang: Hang, times: dict[int, tuple[int, int]]) -> list[dict[str, Any]]:
    """Every thread's times in ticks, context switches, priorities and state."""
    threads: list[Thread] = [*hang.threads(), *hang.world.idle.threads]
    return [{
        "ethread": each.address, "kernel": times[each.address][0], "user": times[each.address][1],
        "switches": each.switches, "priority": hang.priorities.get(each.address, 9), "base": 8, "state": each.state,
    } for each in threads if each.address in times]  # fmt: skip
