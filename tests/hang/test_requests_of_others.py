"""Creates, writes and flushes that may wait for another program, and those that only a disk can keep."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.waits.made_waits import WIN10, Made
from volplugins.bugcheck.hang.requests import old_requests, request_causes, told_requests
from volplugins.bugcheck.hang.sources import HangSources
from volplugins.bugcheck.suspects.suspects import Confidence
from volplugins.io.device import Device
from volplugins.io.disk_stack import in_disk_stack
from volplugins.io.holder import Age
from volplugins.io.request import Request, StackLocation, State
from volplugins.io.request_sources import Source

CREATE, CLOSE, READ, WRITE, FLUSH, FILE_SYSTEM_CONTROL, DEVICE_CONTROL, LOCK = 0, 2, 3, 4, 9, 13, 14, 17
DISK, FILE_SYSTEM, DISK_FILE_SYSTEM, PIPE, UNKNOWN, VIRTUAL_DISK = 7, 9, 8, 17, 0x22, 0x24
FIRST, STEP = 0x2000, 0x100


def stack(*kinds: int) -> Any:
    """A lookup that knows one stack of devices of these types, from the top down; the first lies at FIRST."""
    places = [FIRST + STEP * number for number in range(len(kinds))]
    found = {
        at: Device(at, 0, 0, places[number - 1] if number else 0, [*places, 0][number + 1], 0, 0, 0, False, 0, 0, 0,
                   kinds[number], 0, 1, 1, 0, 0, 0)
        for number, at in enumerate(places)
    }  # fmt: skip
    return SimpleNamespace(device=found.get, driver_name=lambda at: "\\Driver\\it" if at else "")


def sources_of(major: int, devices: Any) -> HangSources:
    location = StackLocation(1, 0x1000, major, 0, 0, 1, b"", FIRST, 0, 0, 0)
    request = Request(0xF00, 0x118, 1, 1, (location,), 0, 0, 0, 0, 0, 0, 0, 0, 0, False, False, True, 0, 0, True,
                      State.PENDING)  # fmt: skip
    known = SimpleNamespace(source=next(each for each in Source if each is not Source.SCAN))
    requests = SimpleNamespace(
        found={0xF00: ()}, free=set(), power={}, reader=SimpleNamespace(known=True, read=lambda _: request),
        sightings=lambda _: [known],
    )  # fmt: skip
    scene = SimpleNamespace(layouts=None)
    return HangSources(cast(Any, scene), Made(WIN10).graph(), cast(Any, requests), devices)


@pytest.mark.parametrize(
    ("major", "kinds", "sure"),
    [
        *((major, (PIPE,), Confidence.MEDIUM) for major in (CREATE, WRITE, FLUSH)),
        *((major, (UNKNOWN, DISK_FILE_SYSTEM), Confidence.MEDIUM) for major in (CREATE, WRITE, FLUSH)),
        *((major, (UNKNOWN, DISK), Confidence.HIGH) for major in (CREATE, WRITE, FLUSH)),
        (WRITE, (UNKNOWN,), Confidence.MEDIUM), (WRITE, (), Confidence.MEDIUM),
        (WRITE, (VIRTUAL_DISK,), Confidence.HIGH), (CLOSE, (PIPE,), Confidence.HIGH),
    ],
)  # fmt: skip
def test_how_sure_a_request_is_stuck(
    major: int, kinds: tuple[int, ...], sure: Confidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("volplugins.bugcheck.hang.requests.age_of", lambda *_: Age(99.0, "made", 99.0))
    sources = sources_of(major, stack(*kinds))
    found = old_requests(sources)
    (row,), (cause,) = told_requests(sources, found), request_causes(found)
    assert row.confidence is cause.confidence is sure
    assert ("may wait for another program" in row.evidence) == (sure is Confidence.MEDIUM)
    assert row.evidence in cause.why


@pytest.mark.parametrize(
    ("major", "kinds", "sure"),
    [
        (READ, (PIPE,), Confidence.MEDIUM), (READ, (DISK_FILE_SYSTEM,), Confidence.HIGH),
        (READ, (UNKNOWN, DISK), Confidence.HIGH), (READ, (UNKNOWN,), Confidence.HIGH),
        (FILE_SYSTEM_CONTROL, (PIPE,), Confidence.MEDIUM),
        (FILE_SYSTEM_CONTROL, (UNKNOWN, FILE_SYSTEM), Confidence.MEDIUM),
        (LOCK, (DISK_FILE_SYSTEM,), Confidence.MEDIUM), (DEVICE_CONTROL, (PIPE,), Confidence.HIGH),
    ],
)  # fmt: skip
def test_what_a_driver_may_keep_and_others_wait_behind(
    major: int, kinds: tuple[int, ...], sure: Confidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many threads wait for the one that waits for it: a pipe's other end may be who has to act."""
    monkeypatch.setattr("volplugins.bugcheck.hang.requests.age_of", lambda *_: Age(99.0, "made", 99.0))
    monkeypatch.setattr("volplugins.bugcheck.hang.requests._waited_for", lambda _: {0xF00: 1})
    monkeypatch.setattr(HangSources, "held_up", lambda *_: {2, 3})
    sources = sources_of(major, stack(*kinds))
    (row,) = told_requests(sources, old_requests(sources))
    assert row.confidence is sure and ("may wait for another program" in row.evidence) == (sure is Confidence.MEDIUM)


@pytest.mark.parametrize(
    ("kinds", "disk"),
    [((DISK,), True), ((UNKNOWN, UNKNOWN, DISK), True), ((DISK, FILE_SYSTEM), False), ((UNKNOWN,), False), ((), False)],
)
def test_the_stack_of_a_disk(kinds: tuple[int, ...], disk: bool) -> None:
    assert in_disk_stack(FIRST, stack(*kinds)) is disk
