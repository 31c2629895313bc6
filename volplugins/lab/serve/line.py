"""A serial line that loses, doubles, damages and delays bytes."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass

LOSE, DOUBLE, DAMAGE, DELAY = "lose", "double", "damage", "delay"
TROUBLES = (LOSE, DOUBLE, DAMAGE, DELAY)


@dataclass(frozen=True, slots=True)
class Noise:
    """How bad a line is.

    Attributes:
        lose, double, damage, delay: of a thousand bytes, how many this happens to.
        late: seconds by which a delayed byte holds up itself and all that follow.
        seed: which bytes.
    """

    lose: float = 0
    double: float = 0
    damage: float = 0
    delay: float = 0
    late: float = 0.05
    seed: int = 0

    @property
    def quiet(self) -> bool:
        """Whether nothing happens to any byte."""
        return not (self.lose or self.double or self.damage or self.delay)


class Line:
    """One direction of the line: bytes go in, and come out when they are due."""

    def __init__(self, noise: Noise, direction: str) -> None:
        self._noise = noise
        self._random = random.Random(f"{noise.seed}/{direction}")
        self._held: deque[tuple[float, bytes]] = deque()
        self._free_at = 0.0

    def put(self, data: bytes, now: float) -> None:
        """Bytes go in."""
        if self._noise.quiet:
            self._held.append((now, data))
            return
        part, due = bytearray(), max(now, self._free_at)
        for byte in data:
            if self._happens(self._noise.delay):
                self._held.append((due, bytes(part)))
                part, due = bytearray(), due + self._noise.late
            if self._happens(self._noise.lose):
                continue
            part.append(byte ^ self._random.randrange(1, 256) if self._happens(self._noise.damage) else byte)
            if self._happens(self._noise.double):
                part.append(part[-1])
        self._held.append((due, bytes(part)))
        self._free_at = due

    def take(self, now: float) -> bytes:
        """The bytes that have come through."""
        parts = []
        while self._held and self._held[0][0] <= now:
            parts.append(self._held.popleft()[1])
        return b"".join(parts)

    def _happens(self, rate: float) -> bool:
        return rate > 0 and self._random.random() * 1000 < rate
