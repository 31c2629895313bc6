"""The link: packets in order and once, over a line that loses, doubles and damages bytes.

Each side has one data packet under way, whose number's low bit turns with every packet that was acknowledged. A packet
with another number than the expected one and the bytes of the last one is its repetition: it is acknowledged and
dropped. One with the bit SYNC, which the kernel sets when it stops, starts both directions anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from volplugins.kd.deframer import Damaged, Deframer
from volplugins.kd.packet import BREAK_IN, INITIAL_ID, SYNC, Packet, PacketType, encode


@dataclass(frozen=True, slots=True)
class Received:
    """A data packet, in order. ``restarted``: the kernel began anew with it, and what was asked before is forgotten."""

    kind: PacketType
    payload: bytes
    restarted: bool


@dataclass(frozen=True, slots=True)
class WasReset:
    """The other side set both directions back, of itself or because we asked for it."""


@dataclass(slots=True)
class Link:
    """Our side of the line. Whoever drives it hands in what came, and sends what ``output`` gives.

    Attributes:
        damaged, repeated: how many packets came damaged, here or there, and how many of ours were sent again.
        break_ins: how often the kernel was asked to stop.
    """

    damaged: int = 0
    repeated: int = 0
    break_ins: int = 0
    _deframer: Deframer = field(default_factory=Deframer)
    _out: bytearray = field(default_factory=bytearray)
    _queue: deque[tuple[PacketType, bytes]] = field(default_factory=deque)
    _under_way: Packet | None = None
    _next: int = INITIAL_ID
    _expected: int = INITIAL_ID
    _last: bytes = b""

    def feed(self, data: bytes) -> list[Received | WasReset]:
        """What happened by these bytes."""
        found: list[Received | WasReset] = []
        for packet in self._deframer.feed(data):
            found.extend(self._taken(packet))
        return found

    def output(self) -> bytes:
        """What is to be sent now."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def send(self, kind: PacketType, payload: bytes) -> None:
        """Send a data packet as soon as those before it are acknowledged."""
        self._queue.append((kind, payload))
        self._start()

    def break_in(self) -> None:
        """Ask a running kernel to stop."""
        self.break_ins += 1
        self._out += BREAK_IN

    def reset(self) -> None:
        """Ask the other side to begin anew; what was under way is forgotten."""
        self._anew(INITIAL_ID)
        self._control(PacketType.RESET, 0)

    def let_go(self) -> None:
        """Acknowledge what came damaged, whichever number it has: a kernel sends one reply until it is acknowledged."""
        for number in (INITIAL_ID, INITIAL_ID ^ 1):
            self._control(PacketType.ACKNOWLEDGE, number)

    def after_silence(self) -> None:
        """Nothing came for a while: ask for what began and did not end, or send again what nobody acknowledged."""
        if self._deframer.waiting:
            self._deframer.drop()
            self._control(PacketType.RESEND, 0)
        elif self._under_way is not None:
            self._again()

    def ask_again(self) -> None:
        """Have the other side send its last packet again."""
        self._control(PacketType.RESEND, 0)

    @property
    def unacknowledged(self) -> bool:
        """Whether a packet of ours is under way or waits."""
        return self._under_way is not None or bool(self._queue)

    @property
    def partial(self) -> bool:
        """Whether a packet has begun to come in."""
        return self._deframer.waiting

    def _taken(self, packet: Packet | Damaged) -> Iterator[Received | WasReset]:
        if isinstance(packet, Damaged):
            self.damaged += 1
            self._control(PacketType.RESEND, 0)
        elif packet.kind is PacketType.ACKNOWLEDGE:
            if self._under_way is not None and packet.number & ~SYNC == self._under_way.number:
                self._acknowledged()
        elif packet.kind is PacketType.RESEND:
            if self._under_way is not None:
                self.damaged += 1  # on the way to the other side
                self._again()
        elif packet.kind is PacketType.RESET:
            self._anew(INITIAL_ID)
            yield WasReset()
        else:
            yield from self._data(packet)

    def _data(self, packet: Packet) -> Iterator[Received]:
        number, restarted = packet.number & ~SYNC, bool(packet.number & SYNC)
        if restarted:
            self._anew(number)
        self._control(PacketType.ACKNOWLEDGE, number)
        if number != self._expected and packet.payload == self._last:
            return  # a repetition; other bytes under its number are a packet behind one that never came
        self._expected, self._last = number ^ 1, packet.payload
        if packet.kind is PacketType.STATE_MANIPULATE and self._answers(packet.payload):
            self._acknowledged()  # who answers has received; the acknowledgement itself was lost
        yield Received(packet.kind, packet.payload, restarted)

    def _answers(self, payload: bytes) -> bool:
        """Whether this is a reply to what is under way, and no late one to what was before it (by its api number)."""
        return self._under_way is not None and payload[:4] == self._under_way.payload[:4]

    def _anew(self, expected: int) -> None:
        self._next, self._expected, self._under_way, self._last = INITIAL_ID, expected, None, b""
        self._queue.clear()

    def _acknowledged(self) -> None:
        self._under_way = None
        self._next ^= 1
        self._start()

    def _start(self) -> None:
        if self._under_way is None and self._queue:
            kind, payload = self._queue.popleft()
            self._under_way = Packet(kind, self._next, payload)
            self._out += encode(self._under_way)

    def _again(self) -> None:
        assert self._under_way is not None  # both callers have looked
        self.repeated += 1
        self._out += encode(self._under_way)

    def _control(self, kind: PacketType, number: int) -> None:
        self._out += encode(Packet(kind, number))
