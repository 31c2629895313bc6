"""Locks that threads have long been waiting for: resources with most waiters, and who keeps a kernel lock."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.bugcheck.hang.cause import LONG_SECONDS, Cause, Kind, Told, threads
from volplugins.bugcheck.hang.sources import HangSources, lasts
from volplugins.bugcheck.suspects import Confidence
from volplugins.waits.graph import MOST_OWNERS
from volplugins.waits.verdicts import owner_verdict
from volplugins.waits.words import Kind as Waited
from volplugins.waits.words import Verdict

MOST_SHOWN = 10
_MOST_OWNERS = 4
# the kernel's own locks: held for moments, never across a wait for somebody
_OF_THE_KERNEL = (Waited.RESOURCE, Waited.PUSH_LOCK, Waited.FAST_MUTEX)
_LATER = (Verdict.BLOCKED, Verdict.NONE)


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
    """A row for each that keeps a kernel lock for long, those first for which most threads wait."""
    for cause in sorted(lock_causes(sources), key=lambda each: each.order)[:MOST_SHOWN]:
        yield Told("KEPT_LOCK", cause.text, cause.confidence, "the kernel's locks are held for moments")


def lock_causes(sources: HangSources) -> Iterator[Cause]:
    """A kernel lock that was waited for long: whoever keeps it, where he himself waits for no other lock."""
    seen: set[tuple[int, int]] = set()
    for wait in sources.survey.waits.values():
        if (wait.waiter.seconds or 0.0) < LONG_SECONDS:
            continue
        for held in wait.held:
            for owner in held.owners[:MOST_OWNERS] if held.kind in _OF_THE_KERNEL and held.sure else ():
                if (held.object, owner) not in seen and owner not in sources.graph.cycle:
                    seen.add((held.object, owner))
                    yield from _cause(sources, held.name or f"{held.object:#x}", held.kind, owner)


def _cause(sources: HangSources, name: str, kind: Waited, owner: int) -> Iterator[Cause]:
    waiter, wait = sources.survey.thread(owner), sources.survey.waits.get(owner)
    if wait is not None and any(each.owners or each.driver for each in wait.held):
        return  # it is held up itself: by a lock or a request, which are causes of their own
    word = owner_verdict(waiter)
    behind = sources.held_up((owner,))
    longest = max((sources.seconds(each) or 0.0 for each in behind), default=0.0)
    does = _DOES.get(word, "waits for something that nobody is known to signal")
    text = f"{sources.who(owner)} keeps {kind.value} {name} and {does}: {threads(len(behind))}, up to {lasts(longest)}"
    sure = Confidence.HIGH if word is Verdict.OWNER_GONE else Confidence.MEDIUM
    yield Cause(Kind.LOCK, text, sure, (owner,), held_up=len(behind), seconds=longest)


_DOES = {
    Verdict.OWNER_GONE: "has ended", Verdict.READY_STARVED: "gets no processor", Verdict.OWNER_RUNS: "runs",
}  # fmt: skip
