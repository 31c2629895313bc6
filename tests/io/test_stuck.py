"""What counts as a stuck request, and what waits because that is what it is for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from volplugins.io.request import Request, StackLocation, State
from volplugins.io.stuck import CANCELLED, SOON, STANDS_STILL, STUCK_SECONDS, Waiter, why_stuck

CREATE, READ, WRITE, CONTROL, POWER, PNP = 0, 3, 4, 14, 22, 27
WAIT_WAKE, SET_POWER = 0, 2
IN_KERNEL, OF_PROGRAM, RUNS = Waiter(True, True, 9000.0), Waiter(True, False, 9000.0), Waiter(False, False, 9000.0)


def request(major: int, minor: int = 0, state: State = State.PENDING, flags: int = 0) -> Request:
    location = StackLocation(1, 0x1000, major, minor, 0, 1, b"", 0x2000, 0, 0, 0)
    return Request(0xF00, 0x118, 1, 1, (location,), 0x3000, 0, flags, 0, 0, 0, 0, 0, 0, state is State.CANCELLED, False,
                   True, 0, 0, True, state)  # fmt: skip


@pytest.mark.parametrize(
    ("made", "seconds", "waiter", "why"),
    [
        (request(CONTROL), 312.0, IN_KERNEL, STANDS_STILL),
        (request(READ), 312.0, IN_KERNEL, STANDS_STILL),
        (request(CONTROL), STUCK_SECONDS, IN_KERNEL, STANDS_STILL),
        (request(CONTROL), STUCK_SECONDS - 0.1, IN_KERNEL, ""),
        (request(CONTROL), None, IN_KERNEL, ""),
        (request(CONTROL), 312.0, OF_PROGRAM, ""),
        (request(CONTROL, flags=4), 312.0, OF_PROGRAM, STANDS_STILL),
        (request(CONTROL, flags=4), 312.0, RUNS, ""),
        (request(CONTROL), 312.0, None, ""),
        (request(CONTROL), 8995.0, IN_KERNEL, ""),
        (request(CONTROL), 312.0, Waiter(True, True, None), STANDS_STILL),
        (request(CONTROL, state=State.CANCELLED), 61.0, OF_PROGRAM, CANCELLED),
        (request(CONTROL, state=State.CANCELLED), 59.0, OF_PROGRAM, ""),
        (request(CONTROL, state=State.FREE), 312.0, IN_KERNEL, ""),
        (request(WRITE), 312.0, OF_PROGRAM, SOON),
        (request(CREATE), 312.0, None, SOON),
        (request(PNP), 312.0, None, SOON),
        (request(POWER, SET_POWER), 312.0, None, SOON),
        (request(POWER, WAIT_WAKE), 312.0, IN_KERNEL, ""),
    ],
)  # fmt: skip
def test_which_requests_are_stuck(made: Request, seconds: float | None, waiter: Waiter | None, why: str) -> None:
    assert why_stuck(made, seconds, waiter) == why


def test_a_completed_request_has_no_current_location() -> None:
    assert why_stuck(replace(request(WRITE), location=2, state=State.COMPLETED), 312.0, IN_KERNEL) == ""
