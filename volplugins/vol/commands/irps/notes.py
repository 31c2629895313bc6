"""The Note of a request: what it asks for, what else leads to it, who waits for it, and what is odd about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.bugcheck.words.status import status_name
from volplugins.io.pool_block import REQUEST_TAG
from volplugins.io.request import Request, StackLocation, State
from volplugins.io.request_parameters import parameter_words
from volplugins.io.request_sources import Sighting, Source
from volplugins.io.words.request_words import invoked_on, location_flags
from volplugins.vol.commands.irps.facts import Told
from volplugins.vol.scene.io_requests import IoRequests

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_MOST_NAMED = 8  # drivers of a chain, and places that lead to a request
_UNDER_WAY = (State.PENDING.value, State.ACTIVE.value, State.CANCELLED.value)


def request_note(scene: CrashScene, found: IoRequests, told: Told) -> str:
    """The parts that there are, joined."""
    parts = [*_about(scene, found, told), *_elsewhere(told)]
    return "; ".join(dict.fromkeys(part for part in parts if part))


def _about(scene: CrashScene, found: IoRequests, told: Told) -> Iterator[str]:
    request = told.request
    if request is None:
        yield (
            f"leads to no request: what is there {told.missing}" if told.sightings else f"what is there {told.missing}"
        )
        return
    shown = request.shown
    kept = shown is not None and (told.state in _UNDER_WAY or any(shown.parameters))  # cleared when it is completed
    yield parameter_words(shown, scene.bits) if shown is not None and kept else ""
    device = found.devices.device(told.holder.device)
    yield found.devices.view.name_of(told.holder.device) if device is not None else ""
    yield f"below it {told.holder.next}" if told.holder.next else ""
    yield _chain(told.holder.chain)
    yield f"age: {told.age.how}" if told.age is not None else ""
    yield from _odd(scene, found, told, request)
    yield from request.faults


def _chain(drivers: tuple[str, ...]) -> str:
    named = list(dict.fromkeys(drivers))
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return f"waited for by {', '.join(named[:_MOST_NAMED])}{more}" if named else ""


def _odd(scene: CrashScene, found: IoRequests, told: Told, request: Request) -> Iterator[str]:
    current = request.current
    if current is not None and told.state in _UNDER_WAY:
        if current.device and not told.holder.driver:
            yield f"device {current.device:#x} of its location is no device with a driver"
        yield in_no_module(scene, current.completion)
    if told.state == State.COMPLETED.value:
        name = status_name(request.status)
        yield f"completed, or never sent: status {request.status:#010x}{f' {name}' if name else ''}"
    if told.state == State.FREE.value:
        yield "its pool block is free"
    if request.cancel_routine and told.state in _UNDER_WAY:
        yield f"cancel routine {scene.symbolizer.locate(request.cancel_routine).text()}"
    yield from _lists(found, told, request)


def _lists(found: IoRequests, told: Told, request: Request) -> Iterator[str]:
    """What the request and the lists say against each other."""
    listed = [each.owner for each in told.sightings if each.source is Source.THREAD]
    if listed and request.thread and request.thread not in listed:
        yield f"in the list of thread {listed[0]:#x}, and says that it is thread {request.thread:#x}'s"
    if told.state in _UNDER_WAY and not listed and request.thread in found.threads:
        files = any(each.source is Source.FILE for each in told.sightings)
        if not files:
            yield f"not in the list of its thread {request.thread:#x}"


def in_no_module(scene: CrashScene, routine: int) -> str:
    """Words for a completion routine that no module holds; empty for none and for a sound one."""
    if not routine or scene.modules.at(routine) is not None or not len(scene.modules):
        return ""
    return f"completion routine {routine:#x} is in no module"


def _elsewhere(told: Told) -> Iterator[str]:
    """What leads to it first, where that has more to say than its word, and what else does."""
    first, *further = told.sightings or (None,)
    if first is not None and first.text and first.source is not Source.SCAN:
        yield first.text
    named = list(dict.fromkeys(_sighting(each) for each in further if each is not None))
    if named:
        more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
        yield f"also {', '.join(named[:_MOST_NAMED])}{more}"
    tags = {each.text for each in told.sightings if each.source is Source.SCAN} - {"", REQUEST_TAG}
    if tags:
        yield f"pool tag {', '.join(sorted(tags))}"


def _sighting(sighting: Sighting) -> str:
    owner = f" {sighting.owner:#x}" if sighting.owner else ""
    text = f" ({sighting.text})" if sighting.text and sighting.source is not Source.SCAN else ""
    return f"{sighting.source.word}{owner}{text}"


def location_note(scene: CrashScene, request: Request, location: StackLocation, setter: str) -> str:
    """The Note of one stack location."""
    if not location.used:
        return "never used"
    parts = [
        "current" if location.number == request.location else "",
        parameter_words(location, scene.bits),
        location_flags(location.major, location.minor, location.flags) if location.flags else "",
        "pending" if location.pending else "",
        f"completion on {', '.join(invoked_on(location.control))}" if location.completion else "",
        f"set by {setter}" if location.completion and setter else "",
        f"context {location.context:#x}" if location.completion and location.context else "",
        in_no_module(scene, location.completion),
    ]
    return "; ".join(part for part in parts if part)
