"""A line that floods: what nobody takes is not kept, whatever is waited for."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from tests.kd.kdcom_words import INITIAL, stop_at
from tests.kd.scripted import packet
from volplugins.kd.line import Line
from volplugins.kd.state_change import StateChange, decode_state_change

_MOST = 16 << 20  # bytes


class Flood:
    """A wire on which sound replies come without an end, a hundred at once."""

    def __init__(self) -> None:
        self.now, self._number = 0.0, 0

    def clock(self) -> float:
        return self.now

    def send(self, data: bytes) -> None:
        pass

    def receive(self, seconds: float) -> bytes:
        self.now += 0.02
        data = b""
        for _ in range(100):
            data += packet(2, INITIAL | self._number, (b"\x46\x31" + bytes(54)).ljust(3900, b"x"))
            self._number ^= 1
        return data

    def close(self) -> None:
        pass


def change() -> StateChange:
    found = decode_state_change(stop_at())
    assert found is not None
    return found


@pytest.mark.parametrize(
    "waits", [lambda line: line.stop_by(line.clock() + 2), lambda line: line.go_on(change(), line.clock() + 2)]
)
def test_replies_that_nobody_takes(waits: Callable[[Line], object]) -> None:
    wire = Flood()
    line = Line(wire, clock=wire.clock)
    tracemalloc.start()
    try:
        assert not waits(line)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert line.replies and line.received > 2 * _MOST and most < _MOST
