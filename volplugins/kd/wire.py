"""What a line must be able to do; the rooms above have some, tests have others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class WireClosed(Exception):
    """The other end has closed the line, or it is broken."""


class Wire(Protocol):
    """Bytes in both directions."""

    def send(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            WireClosed: as its name says; also where the other end takes nothing for long.
        """
        ...  # pragma: no cover - a protocol has no body

    def receive(self, seconds: float) -> bytes:
        """What has come, as soon as anything has; empty where nothing came in this time.

        Raises:
            WireClosed: as its name says.
        """
        ...  # pragma: no cover - a protocol has no body

    def close(self) -> None:
        """Close our end; may be called again."""
        ...  # pragma: no cover - a protocol has no body


@dataclass(frozen=True, slots=True)
class Timing:
    """How long is waited for what, in seconds.

    Attributes:
        attach: for a kernel to answer at all; ``step`` for one break-in or reset of it.
        probe: for the first reply.
        request: for one reply, with all repetitions; ``attempts`` of it before the line is given up.
        silence: on a line that damaged something, without a byte before something is repeated; ``first_silence`` on
            one that did not; six round trips where that is more, and twice as much each time up to
            ``longest_silence``.
        leave: for the machine to take that it runs on, give or take three steps; a dead line is given up after four.
        linger: after that, for a stop that was asked for twice.
    """

    attach: float = 8.0
    step: float = 2.0
    probe: float = 2.0
    request: float = 5.0
    attempts: int = 6
    silence: float = 0.006
    first_silence: float = 0.15
    longest_silence: float = 1.0
    leave: float = 10.0
    linger: float = 0.2
