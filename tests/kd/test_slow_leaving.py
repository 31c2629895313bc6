"""Leaving a kernel that is slow, or answers half of what it is asked: it ends in the time that docs/live.md gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.kd.scripted import ScriptedKernel, control
from volplugins.kd.session import Session

CONTINUE = (0x313C).to_bytes(4, "little")
BOUND = 20.0  # seconds, docs/live.md


@dataclass
class SlowKernel(ScriptedKernel):
    """Takes a continue ``taking`` seconds late and stops again ``after`` more; ``trickle``: a stray byte each 1.5 s."""

    taking: float = 1.9
    after: float = 1.9
    trickle: bool = False
    _due: list[tuple[float, bytes | None]] = field(default_factory=list)

    def receive(self, seconds: float) -> bytes:
        if not self._due:
            return super().receive(seconds)
        due, data = self._due[0]
        self.now = min(self.now + max(seconds, 0.001), max(due, self.now))
        if self.now < due:
            return b""
        self._due.pop(0)
        if data is not None:
            return data
        self._sent = [(7, self.stop)]
        self._next(sync=True)
        return super().receive(seconds)

    def _data(self, kind: int, number: int, payload: bytes) -> None:
        if payload[:4] != CONTINUE:
            super()._data(kind, number, payload)
        elif not self._due:
            self._theirs, self._waiting = self._theirs ^ 1, b""
            self.continued.append(payload)
            taken = self.now + self.taking
            stray = [(taken + 1.5 * n, b"\0") for n in range(1, int(self.after / 1.5) + 1) if self.trickle]
            self._due = [(taken, control(4, number)), *stray, (taken + self.after, None)]


class MuteKernel(ScriptedKernel):
    """Stops again after each continue, and acknowledges requests without ever replying."""

    def _request(self, message: bytes) -> None:
        if message[:4] != CONTINUE:
            self.asked.append(int.from_bytes(message[:4], "little"))
            return
        self.continued.append(message)
        self._sent = [(7, self.stop)]
        self._next(sync=True)


@pytest.mark.parametrize("step_past", [False, True])
@pytest.mark.parametrize(
    "kernel",
    [
        lambda: SlowKernel(after=0.15),
        SlowKernel,
        lambda: SlowKernel(after=9.0, trickle=True),
        MuteKernel,
    ],
    ids=["at once", "later", "with stray bytes", "mute"],
)
def test_leaving_is_bounded(kernel: Callable[[], ScriptedKernel], step_past: bool) -> None:
    other = kernel()
    session = Session(other, clock=other.clock, step_past=step_past)
    session.attach()
    begun = other.now
    runs = session.leave()
    assert other.now - begun <= BOUND and other.continued
    assert runs is session.leave(), "what it came to is said again"
    if isinstance(other, MuteKernel):
        assert not runs and len(other.continued) >= 3
