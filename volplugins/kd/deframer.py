"""Bytes of the line to packets: what is damaged is told, what is no packet is passed over; a packet's bytes are kept.

Nothing is looked for in the payload of a packet whose header is sound: memory may hold the picture of another packet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from volplugins.kd.packet import (
    CONTROL_LEADER,
    DATA_LEADER,
    HEADER_SIZE,
    TRAILER,
    Header,
    Packet,
    checksum,
    decode_header,
)

_LEADERS = re.compile(b"%b+|%b+" % (DATA_LEADER, CONTROL_LEADER))


@dataclass(frozen=True, slots=True)
class Damaged:
    """A data packet came, and its bytes are not those that were sent."""


@dataclass(slots=True)
class Deframer:
    """Takes bytes as they come.

    Attributes:
        passed_over: bytes that belonged to no packet.
    """

    passed_over: int = 0
    _held: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> list[Packet | Damaged]:
        """What these bytes complete. What is kept is never more than one packet and ``data``."""
        self._held += data
        found: list[Packet | Damaged] = []
        while (event := self._next()) is not None:
            found.append(event)
        return found

    @property
    def waiting(self) -> bool:
        """Whether a packet, or what may become one, has begun and is not whole."""
        return bool(self._held)

    def drop(self) -> None:
        """Forget what has begun: the rest of it will not come."""
        self._pass(len(self._held))

    def _next(self) -> Packet | Damaged | None:
        while self._to_leader() and len(self._held) >= HEADER_SIZE:
            header = decode_header(bytes(self._held[:HEADER_SIZE]))
            if header is None:
                self._pass(1)
                continue
            if header.control:
                del self._held[:HEADER_SIZE]
                return Packet(header.kind, header.number)
            return self._data(header)
        return None

    def _data(self, header: Header) -> Packet | Damaged | None:
        end = HEADER_SIZE + header.size
        if len(self._held) <= end:
            return None
        payload, trailer = bytes(self._held[HEADER_SIZE:end]), self._held[end]
        if trailer != TRAILER or checksum(payload) != header.checksum:
            # a byte is lost or too many: what follows is part of the same packet, or of its repetition after silence
            self.drop()
            return Damaged()
        del self._held[: end + 1]
        return Packet(header.kind, header.number, payload)

    def _to_leader(self) -> bool:
        """Pass over what is before a leader, or what may be the beginning of one; False where nothing is left."""
        held = self._held
        row = _LEADERS.search(held)
        if row is not None:
            self._pass(row.end() - len(DATA_LEADER))  # of a longer row the last four: no type begins with such a byte
            return True
        kept = next((n for n in (3, 2, 1) if held[-n:] in (DATA_LEADER[:n], CONTROL_LEADER[:n])), 0)
        self._pass(len(held) - kept)
        return False

    def _pass(self, count: int) -> None:
        self.passed_over += count
        del self._held[:count]
