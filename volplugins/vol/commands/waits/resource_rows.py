"""Rows of --resources: the kernel's resources that are held or waited for, with owners and waiters (!locks)."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.vol.commands.waits.facts import Teller, Who
from volplugins.vol.commands.waits.row import WaitRow
from volplugins.waits.held import Held
from volplugins.waits.owners.resource import Resource
from volplugins.waits.survey import Wait
from volplugins.waits.words import Kind

_Waiting = dict[int, list[tuple[Wait, Held]]]


def resource_rows(teller: Teller, eprocesses: set[int] | None) -> Iterator[WaitRow]:
    """A row for each resource, most waiters first; below it one for each owner, then one for each waiter."""
    survey = teller.survey
    waiting: _Waiting = {}
    for wait in survey.waits.values():
        for held in wait.held:
            if held.kind is Kind.RESOURCE:
                waiting.setdefault(held.object, []).append((wait, held))
    in_use = [each for each in survey.resources.all.values() if each.held or each.address in waiting]
    shown = 0
    for resource in sorted(in_use, key=lambda each: (-_waiters(each, waiting), each.address)):
        if eprocesses is None or _concerns(teller, resource, waiting, eprocesses):
            shown += 1
            yield from _rows(teller, resource, waiting)
    held_now = sum(1 for each in in_use if each.held)
    text = f"{len(survey.resources.all)} resources are known, {held_now} are held, {shown} are shown"
    yield WaitRow(0, None, "", None, None, "", None, None, "", "", None, None, None, "", text)


def _waiters(resource: Resource, waiting: _Waiting) -> int:
    return max(len(waiting.get(resource.address, ())), resource.shared_waiters + resource.exclusive_waiters)


def _concerns(teller: Teller, resource: Resource, waiting: _Waiting, eprocesses: set[int]) -> bool:
    of = teller.survey.processes.of_thread
    threads = (*resource.owners, *(wait.waiter.ethread for wait, _ in waiting.get(resource.address, ())))
    return any(each in of and of[each].eprocess in eprocesses for each in threads)


def _rows(teller: Teller, resource: Resource, waiting: _Waiting) -> Iterator[WaitRow]:
    waiters = waiting.get(resource.address, [])
    lone = resource.owners[0] if len(resource.owners) == 1 else 0
    who = teller.who(lone) if lone else Who(None, "", None)
    name = teller.waits.survey.objects.symbol(resource.address)
    yield WaitRow(
        0, None, "", None, None, "", None, resource.address, Kind.RESOURCE.value, name, who.pid, who.tid, lone or None,
        "", _note(resource),
    )  # fmt: skip
    for owner in resource.owners if not lone else ():
        of = teller.who(owner)
        yield WaitRow(
            1, None, "", None, None, "", None, resource.address, Kind.RESOURCE.value, name, of.pid, of.tid, owner, "",
            "" if teller.survey.thread(owner) is not None else "its owner is no thread, or no longer one",
        )  # fmt: skip
    for wait, held in waiters:
        yield teller.row(wait, held, 1)


def _note(resource: Resource) -> str:
    count = len(resource.owners) + len(resource.pointers)
    how = "held exclusively" if resource.exclusive else f"held shared by {count}"
    counts = f"waiters: {resource.shared_waiters} shared, {resource.exclusive_waiters} exclusive"
    contention = f"contention {resource.contention}"
    return "; ".join((how if resource.held else "held by nobody", counts, contention, *resource.notes))
