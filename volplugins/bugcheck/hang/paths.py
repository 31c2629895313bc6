"""Deadlocks and the longest chains, each in one readable line: who waits for whom, and where that ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from volplugins.bugcheck.hang.cause import Cause, Kind, Told, threads
from volplugins.bugcheck.hang.sources import HangSources, lasts, named
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.waits.chains import Chain
from volplugins.waits.held import Held

MOST_SHOWN = 10
_MOST_CHAINS = 4096
_MOST_THREADS = 1 << 18  # of all chains that are looked at
_ENDS = 6  # threads at each end of a chain that are named


def told_deadlocks(sources: HangSources, found: Iterable[Cause]) -> Iterator[Told]:
    """A row each, those first for which most threads wait; ``found``: deadlock_causes."""
    causes = sorted(found, key=lambda each: each.order)
    for cause in causes[:MOST_SHOWN]:
        behind = f"; {threads(cause.held_up)} for one of them" if cause.held_up else ""
        limit = "; a wait of them has a time limit" if cause.confidence is not Confidence.CERTAIN else ""
        evidence = f"{_how(sources, cause.threads)}{limit}{behind}"
        yield Told("DEADLOCK", _round(sources, cause.threads), cause.confidence, evidence)
    if len(causes) > MOST_SHOWN:
        yield Told("DEADLOCK", f"{len(causes) - MOST_SHOWN} more deadlocks", Confidence.HIGH, "windows.kd.waits")


def _how(sources: HangSources, members: tuple[int, ...]) -> str:
    if len(members) > 1:
        return "each waits for what the next one holds"
    held = next(each for each in sources.survey.waits[members[0]].held if members[0] in each.owners)
    return f"it waits for {held.of_itself}"


def deadlock_causes(sources: HangSources) -> Iterator[Cause]:
    """Every deadlock; surely one where none of its threads waits for a limited time."""
    for members in sources.graph.deadlocks:
        waits = [sources.survey.waits[each] for each in members]
        timed = any(wait.timed for wait in waits)
        count = "a thread waits for itself" if len(members) == 1 else f"{len(members)} threads wait for each other"
        names = ", ".join(sources.who(each) for each in members[: 2 * _ENDS])
        longest = max((wait.waiter.seconds or 0.0 for wait in waits), default=0.0)
        yield Cause(
            Kind.DEADLOCK, f"deadlock: {count} ({names}{', …' if len(members) > 2 * _ENDS else ''})",
            Confidence.HIGH if timed else Confidence.CERTAIN, members, held_up=len(sources.held_up(members)),
            seconds=longest,
        )  # fmt: skip


@dataclass(slots=True)
class Path:
    """A chain. ``alike``: how many other chains differ from it in their first thread only."""

    chain: Chain
    alike: int = 0


def longest_paths(sources: HangSources) -> list[Path]:
    """The longest chains that run into no deadlock, each but for its first thread once, at most ten."""
    found: dict[tuple[int, ...], Path] = {}
    met = 0
    for chain in islice(sources.chains.all(), _MOST_CHAINS):
        met += len(chain.threads)
        if chain.deadlock:
            continue
        rest = chain.threads[1:]
        if rest in found:
            found[rest].alike += 1
        elif len(found) < MOST_SHOWN:
            found[rest] = Path(chain)
        if met > _MOST_THREADS:
            break
    return list(found.values())


def told_paths(sources: HangSources, paths: list[Path]) -> Iterator[Told]:
    """A row each; whether such a chain holds the machine up is said by what it ends in."""
    for path in paths:
        chain = path.chain
        longest = max((sources.seconds(each) or 0.0 for each in chain.threads), default=0.0)
        parts = [f"{chain.length} threads", f"the longest wait lasts {lasts(longest)}" if longest else ""]
        if path.alike:
            parts.append(f"{threads(path.alike)} as its first one does")
        yield Told("CHAIN", _chain(sources, chain), None, "; ".join(filter(None, parts)))


def _chain(sources: HangSources, chain: Chain) -> str:
    """``explorer.exe 1708.1712 (Mutant) > services.exe 948.952 (Irp) > \\Driver\\acmedrv``."""
    steps = [_step(sources, thread, held) for thread, held in zip(chain.threads, chain.waits, strict=False)]
    if len(chain.waits) == len(chain.threads):  # it leads back to one of its own threads
        again = next(each for each in chain.threads if each in chain.waits[-1].owners)
        return " > ".join([*_cut(steps), f"{sources.who(again)} again, which is no deadlock for sure"])
    return " > ".join([*_cut(steps), _end(sources, chain.threads[-1])])


def _round(sources: HangSources, members: tuple[int, ...]) -> str:
    """The cycle, with its first thread at the end again."""
    steps = []
    for number, thread in enumerate(members):
        following = members[(number + 1) % len(members)]
        held = next((each for each in sources.survey.waits[thread].held if following in each.owners), None)
        steps.append(_step(sources, thread, held))
    return " > ".join([*_cut(steps), sources.who(members[0])])


def _cut(steps: list[str]) -> list[str]:
    left = len(steps) - 2 * _ENDS
    return [*steps[:_ENDS], f"… {left} more …", *steps[-_ENDS:]] if left > 0 else steps


def _step(sources: HangSources, thread: int, held: Held | None) -> str:
    return (
        f"{sources.who(thread)} ({named(held.kind.value, held.name, held.object)})"
        if held is not None
        else sources.who(thread)
    )


def _end(sources: HangSources, thread: int) -> str:
    """The last thread, and what is known of it."""
    survey = sources.survey
    wait, waiter = survey.waits.get(thread), survey.thread(thread)
    who = sources.who(thread)
    if waiter is None:
        return f"{who}, which is none or no longer one"
    if wait is None:
        word = "has ended" if waiter.gone else "runs" if waiter.thread.state == _RUNNING else "waits for a processor"
        return f"{who}, which {word}"
    held = next((each for each in wait.held if each.driver), wait.held[0] if wait.held else None)
    if held is None:
        return f"{who}, which waits ({sources.reason(waiter)})"
    return f"{who} ({named(held.kind.value, held.name, held.object)})" + (f" > {held.driver}" if held.driver else "")


_RUNNING = 2
