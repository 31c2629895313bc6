"""A line that is worked: bytes out and in, repetitions after silence, and what a kernel says of itself answered."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from volplugins.kd.io_messages import file_refusal, printed_text, prompt_answer
from volplugins.kd.link import Link, Received, WasReset
from volplugins.kd.packet import PacketType
from volplugins.kd.requests import Reply, continue_machine, decode_reply
from volplugins.kd.state_change import StateChange, decode_state_change
from volplugins.kd.wire import Timing, Wire

_KEPT_PRINTS = 16
_KEPT_PACKETS = 1024  # more than come at once
_DOUBTED = 256  # replies behind one that was damaged
_USUAL_DR7 = 0x400


@dataclass(slots=True)
class Line:
    """A wire with the link's state machine on it.

    Attributes:
        bits: width of the kernel's addresses, as far as its addresses show it.
        prints: the last texts that it printed meanwhile.
        received, sent: bytes of the line.
        requests: how many requests were made.
        round_trip: a recent reply's time in seconds, smoothed; 0 before the first.
        old_kernel: whether a kernel before Windows XP spoke.
        came, replies, reset_seen: the last state changes and replies that nobody has taken yet, whether a reset was
            seen.
        silences: how often nothing came for a while.
        asking: whether a reply is awaited.
    """

    wire: Wire
    timing: Timing = field(default_factory=Timing)
    clock: Callable[[], float] = time.monotonic
    link: Link = field(default_factory=Link)
    bits: int = 64
    prints: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_PRINTS))
    received: int = 0
    sent: int = 0
    requests: int = 0
    round_trip: float = 0.0
    old_kernel: bool = False
    came: deque[bytes] = field(default_factory=lambda: deque(maxlen=_KEPT_PACKETS))
    replies: deque[Reply] = field(default_factory=lambda: deque(maxlen=_KEPT_PACKETS))
    reset_seen: bool = False
    silences: int = 0
    asking: bool = False
    trusted_from: int = _DOUBTED

    @property
    def doubtful(self) -> bool:
        """Whether the line damaged something lately: its checksum is a sum, which misses two errors that cancel out."""
        return self.link.damaged > 0 and self.requests < self.trusted_from

    def doubt(self) -> None:
        """Something was damaged just now."""
        self.trusted_from = self.requests + _DOUBTED

    def work(self, done: Callable[[], bool], deadline: float, quiet: float | None = None) -> bool:
        """Work the line until ``done`` or the deadline; whether it was done.

        Args:
            quiet: seconds without a byte after which there is no more waiting: on a slow line a packet takes long.
        """
        patience = usual = self._usual_patience()
        heard = last = self.clock()
        self._flush()
        while not done():
            now = self.clock()
            if now >= deadline or (quiet is not None and now >= last + quiet):
                return False
            data = self.wire.receive(max(min(deadline, heard + patience) - now, 0.0))
            if data:
                heard, patience = self.clock(), usual
                last = heard
                self.received += len(data)
                self._take(self.link.feed(data))
            elif self.clock() >= heard + patience:
                heard, patience = self.clock(), min(2 * patience, self.timing.longest_silence)
                self._after_silence()
            self._flush()
        self._flush()
        return True

    def stop_by(self, deadline: float) -> StateChange | None:
        """The last state change that has come, or comes by then."""
        self.work(lambda: bool(self.came), deadline, self.timing.step)
        found = [change for each in self.came if (change := decode_state_change(each))]
        self.came.clear()
        return found[-1] if found else None

    def go_on(self, change: StateChange, deadline: float) -> bool:
        """Have it run on from this stop, with the Dr7 that it reported; whether it took that."""
        self.came.clear()
        dr7 = change.dr7(self.bits)
        message = continue_machine(_USUAL_DR7 if dr7 is None else dr7, self.bits, change.processor)
        self.link.send(PacketType.STATE_MANIPULATE, message)
        taken = self.work(lambda: not self.link.unacknowledged or bool(self.came), deadline, self.timing.step)
        return taken and not self.link.unacknowledged

    def _usual_patience(self) -> float:
        least = self.timing.silence if self.doubtful and self.round_trip else self.timing.first_silence
        return min(max(least, 6 * self.round_trip), self.timing.longest_silence)

    def _after_silence(self) -> None:
        self.silences += 1
        if self.link.partial:
            self.link.damaged += 1
        if self.link.partial or self.link.unacknowledged:
            self.link.after_silence()
        elif self.asking:
            self.link.ask_again()  # it took the request: its reply may be lost as a whole

    def _flush(self) -> None:
        data = self.link.output()
        if data:
            self.sent += len(data)
            self.wire.send(data)

    def _take(self, events: Iterable[Received | WasReset]) -> None:
        for event in events:
            if isinstance(event, WasReset):
                self.reset_seen = True
            elif event.kind is PacketType.STATE_CHANGE64:
                self.came.append(event.payload)
            elif event.kind is PacketType.STATE_CHANGE32:
                self.old_kernel = True
            elif event.kind is PacketType.STATE_MANIPULATE:
                reply = decode_reply(event.payload)
                self.replies.extend([reply] if reply is not None else [])
            else:
                self._answer(event)

    def _answer(self, event: Received) -> None:
        """What the kernel says or asks by itself."""
        if event.kind is PacketType.FILE_IO:
            self.link.send(PacketType.FILE_IO, file_refusal(event.payload))
        elif event.kind is PacketType.DEBUG_IO:
            answer, text = prompt_answer(event.payload), printed_text(event.payload)
            if answer is not None:
                self.link.send(PacketType.DEBUG_IO, answer)
            elif text is not None:
                self.prints.append(text)
