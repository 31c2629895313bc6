"""How a machine is let go: it has taken that it runs on, or nothing more can be done about it."""

from __future__ import annotations

from volplugins.kd.line import Line
from volplugins.kd.state_change import StateChange

_MOST_STOPS = 12
_DEAD_ROUNDS = 2  # a reset and a break-in on which no stop came


def run_on(line: Line, change: StateChange | None) -> bool:
    """Let it run on from ``change``; whether it took that.

    Args:
        change: where it stands; None where it was asked to stop a moment ago, and may not have.
    """
    deadline = line.clock() + line.timing.leave
    change = _begun_anew(line, change or line.stop_by(line.clock() + line.timing.step))
    if change is None:
        return True
    dead = 0
    for number in range(_MOST_STOPS):
        if line.go_on(change, line.clock() + line.timing.step):
            again = line.stop_by(line.clock() + line.timing.linger)
            if again is None:
                return True
            change = again  # it had been asked to stop twice, or told us of a driver
            continue
        # not taken: it stands and our numbers differ, or it runs and its word was lost
        if number % 2 and line.clock() >= deadline:
            break  # here alone: what stopped by our break-in has been reset and told to run on since
        (line.link.reset if number % 2 == 0 else line.link.break_in)()
        again = line.stop_by(line.clock() + line.timing.step)
        change, dead = again or change, dead + 1 if again is None else 0
        if dead >= _DEAD_ROUNDS:
            break
    return False


def _begun_anew(line: Line, change: StateChange | None) -> StateChange | None:
    """The same stop, with both sides' numbers anew where no reply has proved ours.

    A packet with a number of the session before is acknowledged as one that came again, and is not acted upon.
    """
    if change is None or line.requests:
        return change
    line.link.reset()
    return line.stop_by(line.clock() + line.timing.step) or change
