"""The whole explanation of a hang."""

from __future__ import annotations

from volplugins.bugcheck.hang.blame import blame_cause
from volplugins.bugcheck.hang.cause import Hang
from volplugins.bugcheck.hang.locks import lock_causes, told_locks, told_resources
from volplugins.bugcheck.hang.low_memory import memory_causes, told_memory, unknown_memory
from volplugins.bugcheck.hang.message_queues import told_queues, unread_queues
from volplugins.bugcheck.hang.paths import deadlock_causes, longest_paths, told_deadlocks, told_paths
from volplugins.bugcheck.hang.requests import old_requests, request_causes, told_requests
from volplugins.bugcheck.hang.sources import HangSources
from volplugins.bugcheck.hang.starved import long_ready, starved_causes, told_starved
from volplugins.bugcheck.suspects.device_blame import NOTHING


def explain_hang(sources: HangSources) -> Hang:
    """What holds the machine up, who is at fault, and everything that may be of use in telling it."""
    requests, paths, ready = old_requests(sources), longest_paths(sources), long_ready(sources)
    # each is asked for once: counts of those that wait end at a limit, and rows and causes have to agree
    deadlocks, locks = tuple(deadlock_causes(sources)), tuple(lock_causes(sources))
    starved = tuple(starved_causes(sources, ready))
    causes = sorted(
        (*deadlocks, *request_causes(requests), *starved, *locks, *memory_causes(sources)),
        key=lambda each: each.order,
    )
    blame = blame_cause(sources, causes[0]) if causes else NOTHING
    unread, not_known = unread_queues(sources)
    told = (
        *told_deadlocks(sources, deadlocks), *told_requests(sources, requests),
        *told_starved(sources, ready, starved), *told_locks(locks), *told_paths(sources, paths),
        *told_resources(sources), *told_queues(sources, unread), *told_memory(sources),
    )  # fmt: skip
    notes = (*sources.notes, *filter(None, (unknown_memory(sources), not_known)))
    return Hang(tuple(causes), blame, told, notes)
