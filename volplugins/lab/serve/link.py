"""The kernel's end of the line: packet ids, acknowledgements, what is sent again and when.

Facts: ReactOS's ``kddll.c``; that a packet with SYNC starts both directions anew: ntoseye.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.lab.serve.frames import (
    ACKNOWLEDGE,
    FIRST_ID,
    RESEND,
    RESET,
    SYNC,
    FrameReader,
    Packet,
    control_packet,
    data_packet,
)

BROKEN_IN, ACKNOWLEDGED, RESET_DONE, GAVE_UP = "broken in", "acknowledged", "reset", "gave up"


@dataclass(slots=True)
class _Pending:
    # A data packet that waits for its acknowledgement; ``tries`` is how often it is still sent again, None for ever.
    kind: int
    payload: bytes
    at: float
    tries: int | None


class KernelLink:
    """Bytes in, events out; bytes to be sent gather in ``out``. A ``mute`` one takes everything in and says nothing.

    Args:
        resend_after: seconds without an acknowledgement until a packet is sent again.
        patience: seconds without a byte after which a packet that has begun is given up.
        first_ids: the ids of the next packet out and in, where an earlier session left them.
    """

    def __init__(
        self, resend_after: float = 0.5, patience: float = 0.1, first_ids: tuple[int, int] | None = None
    ) -> None:
        self.out = bytearray()
        self.mute = False
        self.resend_after, self.patience = resend_after, patience
        self._next_out, self._next_in = first_ids or (FIRST_ID | SYNC, FIRST_ID)
        self._reader = FrameReader()
        self._pending: _Pending | None = None
        self._heard = 0.0

    @property
    def waits(self) -> bool:
        """Whether a packet of ours is not yet acknowledged."""
        return self._pending is not None

    def synchronise(self) -> None:
        """Begin anew: the next packet bears SYNC, and both directions start at the first id."""
        self._next_out, self._next_in, self._pending = FIRST_ID | SYNC, FIRST_ID, None

    def send(self, kind: int, payload: bytes, now: float, tries: int | None = None) -> None:
        """Send a data packet, and again until it is acknowledged or ``tries`` are used up."""
        self._pending = _Pending(kind, payload, now, tries)
        self._transmit(now)

    def receive(self, data: bytes, now: float) -> list[str | Packet]:
        """What the bytes amount to: BROKEN_IN, ACKNOWLEDGED, RESET_DONE, and requests as packets."""
        self._heard = now
        if self.mute:
            return []
        events: list[str | Packet] = []
        for packet in self._reader.feed(data):
            if packet is None:
                events.append(BROKEN_IN)
            elif packet.control:
                events += self._control(packet, now)
            else:
                events += self._data(packet)
        return events

    def tick(self, now: float) -> list[str]:
        """Let time pass: GAVE_UP where a packet was sent as often as it is worth."""
        if self._reader.inside and now - self._heard > self.patience:
            self._reader.forget()
            self.out += control_packet(RESEND)
        pending = self._pending
        if pending is None or self.mute or now - pending.at < self.resend_after:
            return []
        if pending.tries is not None:
            pending.tries -= 1
            if pending.tries < 0:
                self.synchronise()
                return [GAVE_UP]
        self._transmit(now)
        return []

    def forget_packet(self) -> None:
        """Whatever has begun to arrive is lost."""
        self._reader.forget()

    def _transmit(self, now: float) -> None:
        assert self._pending is not None
        self._pending.at = now
        self.out += data_packet(self._pending.kind, self._next_out, self._pending.payload)

    def _control(self, packet: Packet, now: float) -> list[str | Packet]:
        if packet.kind == ACKNOWLEDGE and self._pending is not None and packet.id == self._next_out & ~SYNC:
            return self._acknowledged()
        if packet.kind == RESEND and self._pending is not None:
            self._transmit(now)
        if packet.kind == RESET:
            self._next_out = self._next_in = FIRST_ID
            self.out += control_packet(RESET)
            if self._pending is not None:
                self._transmit(now)
            return [RESET_DONE]
        return []

    def _acknowledged(self) -> list[str | Packet]:
        self._pending = None
        self._next_out = (self._next_out & ~SYNC) ^ 1
        return [ACKNOWLEDGED]

    def _data(self, packet: Packet) -> list[str | Packet]:
        if not packet.sound:
            self.out += control_packet(RESEND)
            return []
        packet_id = packet.id & ~SYNC
        expected = packet_id == self._next_in
        if expected and self._pending is not None:
            # whoever sends the next request has had the reply: its acknowledgement was lost; ask for the request again
            self.out += control_packet(RESEND)
            return self._acknowledged()
        self.out += control_packet(ACKNOWLEDGE, packet_id)
        if not expected:
            return []
        self._next_in ^= 1
        return [packet]
