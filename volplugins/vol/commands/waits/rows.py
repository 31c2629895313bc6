"""Rows of windows.kd.waits: what each waiting thread waits for, deadlocks first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.vol.commands.waits.chain_rows import chain_rows
from volplugins.vol.commands.waits.facts import Teller
from volplugins.vol.commands.waits.resource_rows import resource_rows
from volplugins.vol.commands.waits.row import WaitRow, failure_row
from volplugins.vol.scene.process_selection import Progress, choose
from volplugins.vol.scene.waits_scene import SceneWaits, scene_waits
from volplugins.waits.survey import Wait
from volplugins.waits.verdicts import verdict
from volplugins.waits.words import Verdict

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_FIRST = (
    Verdict.DEADLOCK, Verdict.BLOCKED, Verdict.READY_STARVED, Verdict.OWNER_GONE, Verdict.REMOTE, Verdict.DRIVER,
    Verdict.OWNER_RUNS, Verdict.NONE, Verdict.IDLE,
)  # fmt: skip
_RANK = {word: rank for rank, word in enumerate(_FIRST)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown: ``who``: waits of these processes' threads only; ``chains`` or ``resources`` instead."""

    who: Sequence[str] = ()
    chains: bool = False
    resources: bool = False
    scan: bool | None = None


def waits_rows(scene: CrashScene, wanted: Wanted, progress: Progress | None = None) -> Iterator[WaitRow]:
    """The rows; at the end what could not be read or followed."""
    waits = scene_waits(scene, wanted.scan, progress)
    chosen, problems = choose(waits.requests.processes.processes, wanted.who)
    eprocesses = {process.eprocess for process, _ in chosen} if wanted.who else None
    teller = Teller(waits)
    if wanted.resources:
        yield from resource_rows(teller, eprocesses)
    elif wanted.chains:
        yield from chain_rows(teller, eprocesses)
    else:
        yield from _waits(teller, waits, eprocesses)
    yield from map(failure_row, (*problems, *waits.notes))
    if not waits.survey.threads:
        yield failure_row("; ".join(scene.notes) or "no thread was found")


def _waits(teller: Teller, waits: SceneWaits, eprocesses: set[int] | None) -> Iterator[WaitRow]:
    """Deadlocks first, then by verdict, of each those that have been waiting longest."""
    survey = waits.survey
    wanted = [each for each in survey.waits.values() if is_of(teller, each.waiter.ethread, eprocesses)]
    for wait in sorted(wanted, key=lambda each: _order(teller, each)):
        for held in wait.held:
            yield teller.row(wait, held)
        if not wait.held:
            yield teller.bare(wait.waiter, 0, *wait.notes, "" if wait.notes else "what it waits for is not known")


def is_of(teller: Teller, ethread: int, eprocesses: set[int] | None) -> bool:
    """Whether a thread is of one of these processes; None: of any."""
    process = teller.survey.processes.of_thread.get(ethread)
    return eprocesses is None or (process is not None and process.eprocess in eprocesses)


def _order(teller: Teller, wait: Wait) -> tuple[int, int, float, int]:
    ethread = wait.waiter.ethread
    words = [verdict(teller.graph, ethread, held) for held in wait.held]
    rank = min((_RANK[word] for word in words), default=_RANK[Verdict.NONE])
    number = teller.graph.cycle.get(ethread, 0) if rank == 0 else 0
    return rank, number, -(wait.waiter.seconds or 0.0), ethread
