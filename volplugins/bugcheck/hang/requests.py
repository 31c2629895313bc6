"""The oldest requests under way and the drivers that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import TYPE_CHECKING

from volplugins.bugcheck.hang.cause import LONG_SECONDS, Cause, Kind, Told, threads
from volplugins.bugcheck.hang.sources import HangSources, lasts
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.io.disk_stack import may_await_others
from volplugins.io.holder import Holder, age_of, holder_of
from volplugins.io.request import Request, State
from volplugins.io.request_sources import Source
from volplugins.io.stuck import CANCELLED, SOON, STUCK_SECONDS, Waiter, why_stuck
from volplugins.waits.words import Kind as Waited

if TYPE_CHECKING:
    from volplugins.waits.waiter import Waiter as WaitingThread

MOST_SHOWN, MOST_USUAL = 10, 3
_MOST_READ = 1 << 16
_UNDER_WAY = (State.PENDING, State.ACTIVE, State.CANCELLED)
_IN_KERNEL = ("Executive", "WrExecutive")
_SURE = {CANCELLED: Confidence.HIGH, SOON: Confidence.HIGH}
_BUT_FOR_OTHERS = "; on a pipe or a file system it may wait for another program"
_USUAL = "drivers may keep such a request until something happens"


@dataclass(frozen=True, slots=True)
class OldRequest:
    """A request under way.

    Attributes:
        waiting: ETHREAD of the thread that waits for it; 0 for none.
        held_up: how many threads wait for that one.
        why: it counts as stuck; empty where it need not be.
        others: whether it may wait for another program, and not for its driver.
        asleep: words where it counts as stuck by a time that the machine may have slept through.
    """

    request: Request
    holder: Holder
    seconds: float
    waiting: int
    held_up: int
    why: str
    others: bool = False
    asleep: str = ""

    @property
    def order(self) -> tuple[bool, int, float]:
        """What is stuck first, of that what holds up most, the oldest."""
        return not self.why, -self.held_up, -self.seconds

    @property
    def what(self) -> str:
        """``IRP 0x… (IRP_MJ_POWER IRP_MN_SET_POWER)``."""
        shown = self.request.shown
        names = " ".join(filter(None, (shown.major_name, shown.minor_name))) if shown is not None else ""
        return f"IRP {self.request.irp:#x}{names and f' ({names})'}"


def old_requests(sources: HangSources) -> list[OldRequest]:
    """Those of a known age that a driver holds, the most telling first, at most ten; few of those that may wait."""
    ages = _waited_for(sources)
    found = nsmallest(MOST_SHOWN, _all(sources, ages), key=lambda each: each.order)
    stuck = sum(bool(each.why) for each in found)
    return [_weighed(sources, each) for each in found[: max(stuck, MOST_USUAL)]]


def _weighed(sources: HangSources, found: OldRequest) -> OldRequest:
    return replace(found, others=found.why not in ("", CANCELLED) and may_await_others(found.request, sources.devices))


def told_requests(sources: HangSources, found: list[OldRequest]) -> Iterator[Told]:
    """A row each."""
    for each in found:
        thread = each.request.thread or each.waiting
        whose = f" of {sources.who(thread)}" if thread and sources.survey.thread(thread) is not None else ""
        value = f"{each.holder.driver} holds {each.what}{whose} for {lasts(each.seconds)}"
        yield Told("REQUEST", value, _sure(each) if each.why else None, _why(each) or _USUAL)


def request_causes(found: list[OldRequest]) -> Iterator[Cause]:
    """Those that are stuck."""
    for each in found:
        if each.why:
            behind = each.held_up + bool(each.waiting)
            text = f"{each.holder.driver} holds {each.what} for {lasts(each.seconds)}"
            yield Cause(
                Kind.REQUEST, text, _sure(each), (each.waiting,) if each.waiting else (), each.request.irp, 0, behind,
                each.seconds, f"under way for {lasts(each.seconds)}: {_why(each)}",
            )  # fmt: skip


def _why(each: OldRequest) -> str:
    return each.why + (_BUT_FOR_OTHERS if each.others else "") + (f"; {each.asleep}" if each.asleep else "")


def _sure(each: OldRequest) -> Confidence:
    if each.asleep:
        return Confidence.LOW
    if each.others:  # however many wait behind it: whom they wait for is not known
        return Confidence.MEDIUM
    return Confidence.HIGH if each.held_up > 1 else _SURE.get(each.why, Confidence.MEDIUM)


def _all(sources: HangSources, waited_for: dict[int, int]) -> Iterator[OldRequest]:
    found = sources.requests
    for irp in list(found.found)[:_MOST_READ] if found.reader.known else ():
        # what only a search of memory knows may be a request of long ago
        known = [each.source for each in found.sightings(irp) if each.source is not Source.SCAN]
        request = found.reader.read(irp) if known and irp not in found.free else ""
        if isinstance(request, Request) and request.state in _UNDER_WAY:
            told = _told(sources, request, waited_for.get(irp, 0))
            if told is not None:
                yield told


def _told(sources: HangSources, request: Request, waiting: int) -> OldRequest | None:
    holder, survey = holder_of(request, sources.devices), sources.survey
    record = sources.requests.power.get(request.irp)
    age = age_of(request, record, survey.system.clock, survey.system.io, sources.scene.layouts)
    if not holder.driver or age is None:
        return None
    held_up = len(sources.held_up((waiting,))) if waiting else 0
    thread = survey.thread(request.thread) if request.thread else None
    why = why_stuck(request, age.seconds, _waiter(sources, thread) if thread is not None else None)
    least = STUCK_SECONDS
    if held_up > 1 and age.seconds >= LONG_SECONDS and (not why or LONG_SECONDS <= age.awake < STUCK_SECONDS):
        why, least = f"{threads(held_up)} for the thread that waits for it", LONG_SECONDS
    asleep = sources.may_be_sleep(age.seconds, least) if why else ""
    return OldRequest(request, holder, age.seconds, waiting, held_up, why, asleep=asleep)


def _waiter(sources: HangSources, thread: WaitingThread) -> Waiter:
    return Waiter(thread.waits, sources.reason(thread) in _IN_KERNEL, sources.age(thread))


def _waited_for(sources: HangSources) -> dict[int, int]:
    """By request: the thread that waits for it."""
    found: dict[int, int] = {}
    for ethread, wait in sources.survey.waits.items():
        for held in wait.held:
            if held.kind is Waited.IRP:
                found.setdefault(held.object, ethread)
    return found
