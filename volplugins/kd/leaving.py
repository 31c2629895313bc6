"""How a machine is let go: it has taken that it runs on, or nothing more can be done about it."""

from __future__ import annotations

from collections.abc import Callable

from volplugins.kd.breakpoint_instruction import is_again
from volplugins.kd.line import Line
from volplugins.kd.state_change import StateChange

_MOST_STOPS = 16
_STUCK_AFTER = 3  # stops at one breakpoint that follow a continue, one for each break-in that was sent besides
_SLOWER = 5  # a stop that follows a continue at once comes within so many times as long as it took to be taken
_DEAD_ROUNDS = 2  # a reset and a break-in on which no stop came


def run_on(line: Line, change: StateChange | None, go_past: Callable[[StateChange], bool]) -> bool:
    """Let it run on from ``change``; whether it took that.

    Args:
        change: where it stands; None where it was asked to stop a moment ago, and may not have.
        go_past: puts it behind the breakpoint instruction at which it stands, where it stops there again and again.
    """
    deadline = line.clock() + line.timing.leave
    change = _begun_anew(line, change or line.stop_by(line.clock() + line.timing.step))
    if change is None:
        return True
    dead = stuck = number = 0
    enough = min(_STUCK_AFTER + line.link.break_ins - 1, _MOST_STOPS // 2)
    while number < _MOST_STOPS:
        asked = line.clock()
        if line.go_on(change, asked + line.timing.step):
            taken = line.clock()
            slow = min(_SLOWER * (taken - asked), line.timing.step)
            again = line.stop_by(taken + max(line.timing.linger, slow))
            if again is None:
                return True
            stuck = stuck + 1 if is_again(again, change) else 0
            change = again  # it had been asked to stop twice, told us of a driver, or runs into its own breakpoint
            if change.is_notice and line.clock() < deadline:
                continue  # a machine that is starting has dozens of drivers
            number += 1
            if stuck >= enough and go_past(change):
                stuck = enough - 1
            elif not 0 < stuck < enough and line.clock() >= deadline:
                break  # not while it may be shown that it stands at its own breakpoint: few continues, each bounded
            continue
        # not taken: it stands and our numbers differ, or it runs and its word was lost
        if number % 2 and line.clock() >= deadline:
            break  # here alone: what stopped by our break-in has been reset and told to run on since
        (line.link.reset if number % 2 == 0 else line.link.break_in)()
        again = line.stop_by(line.clock() + line.timing.step)
        change, dead, number = again or change, dead + 1 if again is None else 0, number + 1
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
