"""One session with a kernel: it is stopped, asked, and left to run on. Whatever the line does, each step ends."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from volplugins.kd.errors import LineLost, NoAnswer, RanOn
from volplugins.kd.io_messages import file_refusal, printed_text, prompt_answer
from volplugins.kd.link import Link, Received, WasReset
from volplugins.kd.packet import PacketType
from volplugins.kd.requests import Reply, continue_machine, decode_reply
from volplugins.kd.state_change import NewState, StateChange, decode_state_change
from volplugins.kd.wire import Timing, Wire, WireClosed

_KEPT_PRINTS = 16
_MOST_CONTINUES = 8
_GIVE_UP_AFTER = 3  # a packet that came damaged so often: less is asked for
_DOUBTED = 256  # replies behind one that was damaged
_USUAL_DR7 = 0x400


class ReplyTooLarge(Exception):
    """The reply came damaged again and again: ask for less."""


@dataclass(slots=True)
class Session:
    """A line with a kernel at its other end.

    Attributes:
        change: the state change with which it stopped; None while it runs.
        bits: width of its addresses, as far as its addresses show it.
        prints: the last texts that it printed meanwhile.
        requests, received, sent: how many requests were answered, and bytes of the line.
        round_trip: a recent reply's time in seconds, smoothed; 0 before the first.
        stay_stopped: whether ``leave`` leaves it standing.
    """

    wire: Wire
    timing: Timing = field(default_factory=Timing)
    clock: Callable[[], float] = time.monotonic
    link: Link = field(default_factory=Link)
    change: StateChange | None = None
    bits: int = 64
    prints: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_PRINTS))
    requests: int = 0
    received: int = 0
    sent: int = 0
    round_trip: float = 0.0
    stay_stopped: bool = False
    old_kernel: bool = False
    _stop: bytes = b""
    _replies: list[Reply] = field(default_factory=list)
    _came: list[bytes] = field(default_factory=list)
    _reset_seen: bool = False
    _trusted_from: int = 1  # how many requests must have been made before the line is trusted again
    _left: bool = False
    _may_stop: bool = False  # a break-in was sent, and no stop has come of it yet

    # stopping it

    def attach(self) -> StateChange:
        """Stop the kernel, or find it stopped.

        Raises:
            NoAnswer: nobody answers as a kernel does, within ``timing.attach``.
        """
        deadline, number = self.clock() + self.timing.attach, 0
        try:
            while self.clock() < deadline:
                # nothing may follow a break-in at once: a running kernel looks at one byte per tick and drops others
                (self.link.break_in if number % 2 == 0 else self.link.reset)()
                number, self._may_stop = number + 1, True
                change = self._stopped(min(self.clock() + self.timing.step, deadline))
                if change is not None:
                    return self._confirmed(change)
        except WireClosed as error:
            self._may_stop = False
            raise NoAnswer(f"the line was closed before anybody answered ({error})") from None
        self._may_stop = False
        raise NoAnswer(self._nobody())

    def _confirmed(self, change: StateChange) -> StateChange:
        """The same, or what it says the second time, where the line has damaged anything."""
        if not self.link.damaged:
            return change
        try:
            self.resynchronise()
        except RanOn:
            change = self.change or change
        return change

    def _nobody(self) -> str:
        if self.old_kernel:
            return "a kernel before Windows XP answers; its form of the protocol is not known here"
        came = f"{self.received} bytes came, none of them a kernel's" if self.received else "not a byte came"
        return f"nothing answered within {self.timing.attach:g} s ({came})"

    def _stopped(self, deadline: float) -> StateChange | None:
        """The state change that comes by then; what is no stop by itself (a driver was loaded) is let go on."""
        while True:
            self._await(lambda: bool(self._came), deadline)
            if not self._came:
                return None
            payload = self._came.pop()
            self._came.clear()
            change = decode_state_change(payload)
            if change is None:
                continue
            self.bits = _bits_of(change)
            if change.state not in (NewState.LOAD_SYMBOLS, NewState.COMMAND_STRING):
                self.change, self._may_stop = self._stopped_at(payload), False
                return change
            self._continue(change)

    # asking it

    def ask(self, message: bytes, fits: Callable[[Reply], bool], limit: float | None = None) -> Reply:
        """The reply to a request.

        Args:
            fits: whether a reply is the one to this request.
            limit: seconds in place of ``timing.request``, and then two attempts only.

        Raises:
            LineLost, RanOn: as their names say.
            ReplyTooLarge: it came damaged again and again.
        """
        try:
            for _ in range(self.timing.attempts if limit is None else 2):
                before = self.link.damaged + self.link.repeated
                reply = self._asked(message, fits, limit or self.timing.request)
                self.requests += 1
                if self.link.damaged + self.link.repeated > before:
                    self._trusted_from = self.requests + _DOUBTED
                if reply is not None:
                    return reply
        except WireClosed as error:
            self.change = None
            raise LineLost(f"the other side has gone: {error}") from None
        raise LineLost("the machine does not answer any longer")

    def _asked(self, message: bytes, fits: Callable[[Reply], bool], limit: float) -> Reply | None:
        self._replies.clear()
        self._came.clear()
        self._reset_seen = False
        start, damaged = self.clock(), self.link.damaged
        self.link.send(PacketType.STATE_MANIPULATE, message)
        found: list[Reply] = []

        def done() -> bool:
            found.extend(each for each in self._replies if fits(each))
            self._replies.clear()
            return bool(found or self._came or self._reset_seen) or self._too_often(damaged)

        self._await(done, start + limit)
        if found:
            self._timed(self.clock() - start)
            return found[0]
        if self._came and self._came[-1] == self._stop:
            return None  # it said so again, because it was not acknowledged in time: ask again
        self.resynchronise()
        if self._too_often(damaged):
            raise ReplyTooLarge
        return None

    def _too_often(self, before: int) -> bool:
        return self.link.damaged - before >= _GIVE_UP_AFTER

    def _timed(self, seconds: float) -> None:
        self.round_trip = seconds if not self.round_trip else 0.8 * self.round_trip + 0.2 * seconds

    def resynchronise(self) -> None:
        """Begin anew with both sides' numbers: the kernel then says again that it has stopped, and where.

        Raises:
            LineLost: it does not.
            RanOn: it says, twice alike, that it stands elsewhere.
        """
        deadline, other = self.clock() + max(self.timing.attach, self.timing.step), b""
        while self.clock() < deadline:
            self.link.reset()
            self._came.clear()
            self._await(lambda: bool(self._came), min(self.clock() + self.timing.step, deadline))
            came = self._came.pop() if self._came else b""
            if came == self._stop:
                return
            if came and came == other:
                self.change = self._stopped_at(came)
                raise RanOn("the machine ran on or rebooted while it was looked at: what was read before is past")
            other = came or other
        raise LineLost("the machine does not answer any longer")

    def _stopped_at(self, payload: bytes) -> StateChange | None:
        self._stop, change = payload, decode_state_change(payload)
        self.bits = _bits_of(change) if change is not None else self.bits
        return change

    @property
    def doubtful(self) -> bool:
        """Whether the line damaged something lately: its checksum is a sum, which misses two errors that cancel out."""
        return self.link.damaged + self.link.repeated > 0 and self.requests < self._trusted_from

    # leaving it

    def leave(self) -> bool:
        """Let the machine run on, and close the line; True where it said that it took it. Raises no WireClosed."""
        if self._left:
            return True
        self._left = True
        try:
            standing = self.change is not None or self._may_stop
            return not standing or self.stay_stopped or self._run_on()
        except WireClosed:
            return False
        finally:
            self.change = None
            self.wire.close()

    def _run_on(self) -> bool:
        deadline = self.clock() + self.timing.leave
        change, number = self.change, 0
        if change is None:  # it was asked to stop a moment ago
            change = self._again_by(self.clock() + self.timing.step)
            if change is None:
                return True
        for _ in range(_MOST_CONTINUES):
            if change is not None and self._continue(change, deadline):
                change = self._again_by(self.clock() + self.timing.linger)
                if change is None:
                    return True
                continue
            if self.clock() >= deadline:
                return False
            # not taken: it stands and our numbers differ, or it runs and its word was lost
            (self.link.reset if number % 2 == 0 else self.link.break_in)()
            number += 1
            change = self._again_by(min(self.clock() + self.timing.step / 2, deadline)) or change
        return False

    def _again_by(self, deadline: float) -> StateChange | None:
        self._await(lambda: bool(self._came), deadline)
        came = [change for each in self._came if (change := decode_state_change(each))]
        self._came.clear()
        return came[-1] if came else None

    def _continue(self, change: StateChange, deadline: float | None = None) -> bool:
        """Have it run on from this stop, with the Dr7 it reported; whether it took that."""
        self._came.clear()
        dr7 = change.dr7(self.bits)
        message = continue_machine(_USUAL_DR7 if dr7 is None else dr7, self.bits, change.processor)
        self.link.send(PacketType.STATE_MANIPULATE, message)
        limit = self.clock() + self.timing.step
        taken = self._await(lambda: not self.link.unacknowledged or bool(self._came), min(limit, deadline or limit))
        return taken and not self.link.unacknowledged

    # the line

    def _await(self, done: Callable[[], bool], deadline: float) -> bool:
        """Work the line until ``done`` or the deadline; whether it was done."""
        patience = max(self.timing.silence, min(4 * self.round_trip, self.timing.longest_silence))
        heard = self.clock()
        self._flush()
        while not done():
            now = self.clock()
            if now >= deadline:
                return False
            data = self.wire.receive(max(min(deadline, heard + patience) - now, 0.0))
            if data:
                heard = self.clock()
                self.received += len(data)
                self._take(self.link.feed(data))
            elif self.clock() >= heard + patience:
                heard, patience = self.clock(), min(2 * patience, self.timing.longest_silence)
                self._after_silence()
            self._flush()
        self._flush()
        return True

    def _after_silence(self) -> None:
        if self.link.partial:
            self.link.damaged += 1
        if self.link.partial or self.link.unacknowledged:
            self.link.after_silence()
        elif self.change is not None:
            self.link.ask_again()  # it took the request: its reply may be lost as a whole

    def _flush(self) -> None:
        data = self.link.output()
        if data:
            self.sent += len(data)
            self.wire.send(data)

    def _take(self, events: Iterable[Received | WasReset]) -> None:
        for event in events:
            if isinstance(event, WasReset):
                self._reset_seen = True
            elif event.kind is PacketType.STATE_CHANGE64:
                self._came.append(event.payload)
            elif event.kind is PacketType.STATE_CHANGE32:
                self.old_kernel = True
            elif event.kind is PacketType.STATE_MANIPULATE:
                reply = decode_reply(event.payload)
                self._replies += [reply] if reply is not None else []
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


def _bits_of(change: StateChange) -> int:
    """32-bit kernels give addresses sign-extended, which 64-bit kernels have no code at."""
    return 32 if change.pc >> 32 in (0, 0xFFFFFFFF) else 64
