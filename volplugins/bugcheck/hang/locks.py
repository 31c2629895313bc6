"""Locks that threads have long been waiting for: resources with most waiters, and who keeps a lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from volplugins.bugcheck.hang.cause import LONG_SECONDS, Cause, Kind, Told, threads
from volplugins.bugcheck.hang.sources import HangSources, lasts, named
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.waits.graph import MOST_OWNERS
from volplugins.waits.held import Held
from volplugins.waits.owners.resource import Resource
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
    waiting: dict[int, list[float | None]] = {}
    for wait in sources.survey.waits.values():
        for held in wait.held:
            if held.kind is Waited.RESOURCE:
                waiting.setdefault(held.object, []).append(wait.waiter.seconds)
    known = sources.survey.resources.all
    for address in sorted(waiting, key=lambda each: (-len(waiting[each]), each))[:MOST_SHOWN]:
        found, name = known.get(address), sources.survey.objects.symbol(address)
        holders = _holders(sources, found) if found is not None else ""
        value = f"{name or f'{address:#x}'}: {threads(len(waiting[address]))}, held by {holders or 'nobody'}"
        how = f"held {'exclusively' if found is not None and found.exclusive else 'shared'}" if holders else ""
        lasting = [each for each in waiting[address] if each is not None]
        longest = f"the longest wait lasts {lasts(max(lasting))}" if lasting else ""
        yield Told("RESOURCE", value, None, "; ".join(filter(None, (how, longest))))


def _holders(sources: HangSources, resource: Resource) -> str:
    """Its first owners in words; empty for none."""
    named = [sources.who(each) for each in resource.owners[:_MOST_OWNERS]]
    named += [f"the owner pointer {each:#x}" for each in resource.pointers[: _MOST_OWNERS - len(named)]]
    left = len(resource.owners) + len(resource.pointers) - len(named)
    return ", ".join(named) + (", …" if left else "")


def told_locks(causes: Iterable[Cause]) -> Iterator[Told]:
    """A row for each that keeps a lock for long, those first for which most threads wait; ``causes``: lock_causes."""
    for cause in sorted(causes, key=lambda each: each.order)[:MOST_SHOWN]:
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
            longest = max(sources.seconds(each) or 0.0 for each in waiting)
            asleep = sources.may_be_sleep(longest, _LONG[names[lock].kind])
            yield _cause(sources, names[lock], owner, tuple(waiting[:_MOST_OWNERS]), asleep)


def _is_held_up(sources: HangSources, owner: int) -> bool:
    """Whether it waits for a lock or a request itself: these are causes of their own."""
    wait = sources.survey.waits.get(owner)
    return wait is not None and any(each.owners or each.driver for each in wait.held)


def _cause(sources: HangSources, lock: Held, owner: int, waiting: tuple[int, ...], asleep: str) -> Cause:
    word = owner_verdict(sources.survey.thread(owner))
    behind = sources.held_up((owner,))
    longest = max((sources.seconds(each) or 0.0 for each in behind), default=0.0)
    does = _DOES.get(word, "waits for something that nobody is known to signal")
    keeps = f"{sources.who(owner)} keeps {named(lock.kind.value, lock.name, lock.object)} and {does}"
    text = f"{keeps}: {threads(len(behind))}, up to {lasts(longest)}"
    kernel = lock.kind in _OF_THE_KERNEL
    sure = Confidence.MEDIUM if kernel and not asleep else Confidence.LOW
    if word is Verdict.OWNER_GONE:  # however long it has been waited for
        sure, asleep = Confidence.HIGH, ""
    why = _OF_KERNEL if kernel else _OF_PROGRAM
    return Cause(
        Kind.LOCK, text, sure, (owner,), held_up=len(behind), seconds=longest,
        why=why + (f"; {asleep}" if asleep else ""), lock=lock.object if kernel else 0, waiting=waiting,
    )  # fmt: skip


_DOES = {
    Verdict.OWNER_GONE: "has ended", Verdict.READY_STARVED: "gets no processor", Verdict.OWNER_RUNS: "runs",
}  # fmt: skip
