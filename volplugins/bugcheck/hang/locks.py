"""Locks that threads have long been waiting for: resources with most waiters, and who keeps a lock."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.bugcheck.hang.cause import LONG_SECONDS, Cause, Kind, Told, threads
from volplugins.bugcheck.hang.sources import HangSources, lasts, named
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.waits.graph import MOST_OWNERS
from volplugins.waits.held import Held
from volplugins.waits.verdicts import owner_verdict
from volplugins.waits.words import Kind as Waited
from volplugins.waits.words import Verdict

MOST_SHOWN = 10
_MOST_OWNERS = 4
# the kernel's own locks: held for moments, never across a wait for somebody
_OF_THE_KERNEL = (Waited.RESOURCE, Waited.PUSH_LOCK, Waited.FAST_MUTEX)
_OF_KERNEL = "the kernel's locks are held for moments"
_OF_PROGRAM = "programs may hold their locks for as long as they want; few do for this long"
# seconds from which on a wait for such a lock is long
_NEVER = float("inf")
_LONG = {
    **dict.fromkeys(_OF_THE_KERNEL, LONG_SECONDS),
    **dict.fromkeys((Waited.MUTANT, Waited.CRITICAL_SECTION), 3 * LONG_SECONDS),
}


def told_resources(sources: HangSources) -> Iterator[Told]:
    """The resources with most waiters."""
    waiting: dict[int, list[float]] = {}
    for wait in sources.survey.waits.values():
        for held in wait.held:
            if held.kind is Waited.RESOURCE:
                waiting.setdefault(held.object, []).append(wait.waiter.seconds or 0.0)
    known = sources.survey.resources.all
    for address in sorted(waiting, key=lambda each: (-len(waiting[each]), each))[:MOST_SHOWN]:
        found, name = known.get(address), sources.survey.objects.symbol(address)
        owners = found.owners if found is not None else ()
        more = ", …" if len(owners) > _MOST_OWNERS else ""
        holders = ", ".join(sources.who(each) for each in owners[:_MOST_OWNERS]) + more
        value = f"{name or f'{address:#x}'}: {threads(len(waiting[address]))}, held by {holders or 'nobody'}"
        how = "exclusively" if found is not None and found.exclusive else "shared"
        longest = lasts(max(waiting[address]))
        yield Told("RESOURCE", value, None, f"{f'held {how}; ' if owners else ''}the longest wait lasts {longest}")


def told_locks(sources: HangSources) -> Iterator[Told]:
    """A row for each that keeps a lock for long, those first for which most threads wait."""
    for cause in sorted(lock_causes(sources), key=lambda each: each.order)[:MOST_SHOWN]:
        yield Told("KEPT_LOCK", cause.text, cause.confidence, cause.why)


def lock_causes(sources: HangSources) -> Iterator[Cause]:
    """A lock that was waited for long: whoever keeps it, where he himself waits for no other lock."""
    found: dict[tuple[int, int], list[int]] = {}
    names: dict[int, Held] = {}
    for ethread, wait in sources.survey.waits.items():
        for held in wait.held:
            if (wait.waiter.seconds or 0.0) >= _LONG.get(held.kind, _NEVER) and held.sure:
                names.setdefault(held.object, held)
                for owner in held.owners[:MOST_OWNERS]:
                    if owner != ethread and owner not in sources.graph.cycle:
                        found.setdefault((held.object, owner), []).append(ethread)
    for (lock, owner), waiting in found.items():
        if not _is_held_up(sources, owner):
            yield _cause(sources, names[lock], owner, tuple(waiting[:_MOST_OWNERS]))


def _is_held_up(sources: HangSources, owner: int) -> bool:
    """Whether it waits for a lock or a request itself: these are causes of their own."""
    wait = sources.survey.waits.get(owner)
    return wait is not None and any(each.owners or each.driver for each in wait.held)


def _cause(sources: HangSources, lock: Held, owner: int, waiting: tuple[int, ...]) -> Cause:
    word = owner_verdict(sources.survey.thread(owner))
    behind = sources.held_up((owner,))
    longest = max((sources.seconds(each) or 0.0 for each in behind), default=0.0)
    does = _DOES.get(word, "waits for something that nobody is known to signal")
    keeps = f"{sources.who(owner)} keeps {named(lock.kind.value, lock.name, lock.object)} and {does}"
    text = f"{keeps}: {threads(len(behind))}, up to {lasts(longest)}"
    kernel = lock.kind in _OF_THE_KERNEL
    sure = Confidence.HIGH if word is Verdict.OWNER_GONE else Confidence.MEDIUM if kernel else Confidence.LOW
    return Cause(
        Kind.LOCK, text, sure, (owner,), held_up=len(behind), seconds=longest,
        why=_OF_KERNEL if kernel else _OF_PROGRAM, lock=lock.object if kernel else 0, waiting=waiting,
    )  # fmt: skip


_DOES = {
    Verdict.OWNER_GONE: "has ended", Verdict.READY_STARVED: "gets no processor", Verdict.OWNER_RUNS: "runs",
}  # fmt: skip
