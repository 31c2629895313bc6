"""One session with a kernel: it is stopped, asked, and left to run on. Whatever the line does, each step ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from volplugins.kd.breakpoint_instruction import go_past
from volplugins.kd.errors import LineLost, LiveError, NoAnswer, RanOn
from volplugins.kd.leaving import run_on
from volplugins.kd.line import Line
from volplugins.kd.packet import PacketType
from volplugins.kd.requests import Reply
from volplugins.kd.state_change import StateChange, bits_of, decode_state_change
from volplugins.kd.wire import WireClosed

_GIVE_UP_AFTER = 3  # a packet that came damaged so often: less is asked for
_DOUBTFUL_LIMIT = 0.6
_SLOWEST = 2  # a reply may take so many times the usual limit, as long as bytes of it come
_FLOOD = 1 << 15  # bytes that came, and no reply or stop of ours among them: no more comes of it
_HOPELESS_STEPS = 2  # so many times ``timing.step`` of resets on which nothing came, or a flood
_FIRST_ROUND = 0.1  # seconds for the first reset on a line that damages something: the reset itself may be lost


def _same(payload: bytes, other: bytes) -> bool:
    """Whether a kernel says again what it said; what it leaves unset may differ."""
    return payload == other or decode_state_change(payload) == decode_state_change(other) is not None


class ReplyTooLarge(Exception):
    """The reply came damaged again and again: ask for less."""


@dataclass(slots=True)
class Session(Line):
    """A line with a kernel at its other end.

    Attributes:
        change: the state change with which it stopped; None while it runs.
        stay_stopped: whether ``leave`` leaves it standing.
        step_past: whether its instruction pointer may be written where it runs into its own breakpoint again.
        steps: how often it was.
    """

    change: StateChange | None = None
    stay_stopped: bool = False
    step_past: bool = True
    steps: int = 0
    _stop: bytes = b""
    _over: LiveError | None = None
    _left: bool = False
    _runs: bool = True  # what leaving it came to
    _may_stop: bool = False  # a break-in was sent, and no stop has come of it yet
    _loads: int = 0  # stops that were none by themselves

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
        if self._loads:
            return "a kernel answers that only says which drivers it loads: it is starting; try again in a minute"
        if self.old_kernel:
            return "a kernel before Windows XP answers; its form of the protocol is not known here"
        came = f"{self.received} bytes came, none of them a kernel's" if self.received else "not a byte came"
        return f"nothing answered within {self.timing.attach:g} s ({came})"

    def _stopped(self, deadline: float) -> StateChange | None:
        """The state change that comes by then; what is no stop by itself (a driver was loaded) is let go on."""
        while True:
            self.work(lambda: bool(self.came), deadline)
            if not self.came:
                return None
            payload = self.came.pop()
            self.came.clear()
            change = decode_state_change(payload)
            if change is None:
                continue
            self.bits = bits_of(change)
            if not change.is_notice:
                self.change, self._may_stop = self._stopped_at(payload), False
                return change
            self._loads += 1
            self.go_on(change, self.clock() + self.timing.step)
            if self.clock() >= deadline:
                return None

    # asking it

    def ask(
        self, message: bytes, fits: Callable[[Reply], bool], limit: float | None = None, patient: bool = True
    ) -> Reply:
        """The reply to a request.

        Args:
            fits: whether a reply is the one to this request.
            limit: seconds in place of ``timing.request``, and then two attempts only.
            patient: whether a reply that comes damaged is awaited, however often; else less can be asked for.

        Raises:
            LineLost, RanOn: as their names say.
            ReplyTooLarge: it came damaged again and again, and the caller is not patient.
        """
        if self._over is not None:
            raise self._over.with_traceback(None)
        try:
            return self._answered(message, fits, limit, patient)
        except LiveError as error:
            self._over = error  # what is read from here on would be of another moment, or nothing
            raise

    def _answered(self, message: bytes, fits: Callable[[Reply], bool], limit: float | None, patient: bool) -> Reply:
        try:
            attempts, start = self.timing.attempts if limit is None else 2, self.clock()
            while attempts > 0 or self.clock() < start + (limit or self.timing.request):
                attempts -= 1
                before = self.link.damaged
                reply = self._asked(message, fits, limit or self.timing.request, patient)
                self.requests += 1
                if self.link.damaged > before:
                    self.doubt()
                if reply is not None:
                    return reply
        except WireClosed as error:
            self.change = None
            raise LineLost(f"the other side has gone: {error}") from None
        raise LineLost("the machine does not answer any longer")

    def _asked(self, message: bytes, fits: Callable[[Reply], bool], limit: float, patient: bool) -> Reply | None:
        self.replies.clear()
        self.came.clear()
        self.reset_seen, self.silences = False, 0
        if self.doubtful:  # a reply may be lost and nobody knows: to begin anew is quicker than to wait
            limit = min(limit, max(_DOUBTFUL_LIMIT, 40 * self.round_trip))
        start, damaged, repeated, heard = self.clock(), self.link.damaged, self.link.repeated, self.received
        self.link.send(PacketType.STATE_MANIPULATE, message)
        found: list[Reply] = []
        others = 0

        def done() -> bool:
            nonlocal others
            found.extend(each for each in self.replies if fits(each))
            if self.replies and not found:
                others, self.silences = others + 1, 0
            self.replies.clear()
            ended = bool(found or self.came or self.reset_seen) or too_often() or answered_otherwise()
            return ended or self.received - heard > _FLOOD

        def answered_otherwise() -> bool:
            # the request was damaged and nobody noticed, or a late reply to another one came: no more comes of it
            return bool(others and self.silences)

        def too_often() -> bool:
            return not patient and self.link.damaged - damaged >= _GIVE_UP_AFTER

        self.asking = True
        self.work(done, start + _SLOWEST * max(limit, self.timing.request), limit)
        self.asking = False
        if found:
            if (self.link.damaged, self.link.repeated) == (damaged, repeated):
                self._timed(self.clock() - start)
            return found[0]
        if self.came and _same(self.came[-1], self._stop):
            return None  # it said so again, because it was not acknowledged in time: ask again
        if answered_otherwise() and not self.came and not self.reset_seen:
            return None
        self.resynchronise()
        if too_often():
            raise ReplyTooLarge
        return None

    def _timed(self, seconds: float) -> None:
        self.round_trip = seconds if not self.round_trip else 0.8 * self.round_trip + 0.2 * seconds

    def resynchronise(self) -> None:
        """Begin anew with both sides' numbers: the kernel then says again that it has stopped, and where; or sends the
        reply again that it was sending.

        Raises:
            LineLost: it does not.
            RanOn: it says, twice alike, that it stands elsewhere.
        """
        deadline, other, hopeless = self.clock() + max(self.timing.attach, self.timing.step), b"", 0.0
        round_time = self._first_round()
        while self.clock() < deadline and hopeless < _HOPELESS_STEPS * self.timing.step:
            heard = self.received
            if self.link.damaged:
                self.link.let_go()
            self.link.reset()
            self.came.clear()
            self.replies.clear()
            self.reset_seen = False
            self.work(self._synchronous, min(self.clock() + round_time, deadline))
            came = self.came.pop() if self.came else b""
            if (came and _same(came, self._stop)) or (self._synchronous() and not came):
                return
            if came and _same(came, other):
                self.change = self._stopped_at(came)
                raise RanOn("the machine ran on or rebooted while it was looked at: what was read before is past")
            if not 0 < self.received - heard <= _FLOOD:
                hopeless += round_time
            other, round_time = came or other, min(2 * round_time, self.timing.step)
        raise LineLost("the machine does not answer any longer")

    def _first_round(self) -> float:
        usual = max(_FIRST_ROUND, 40 * self.round_trip)
        return min(usual, self.timing.step) if self.link.damaged else self.timing.step

    def _synchronous(self) -> bool:
        """Whether it has begun anew: it says that it stands, or sends what it was sending, by its new number."""
        return bool(self.came) or (self.reset_seen and bool(self.replies))

    def _stopped_at(self, payload: bytes) -> StateChange | None:
        self._stop, change = payload, decode_state_change(payload)
        self.bits = bits_of(change) if change is not None else self.bits
        return change

    # leaving it

    def leave(self) -> bool:
        """Let the machine run on, and close the line; True where it said that it took it. Raises no WireClosed.

        Once it was left, this says again what came of it.
        """
        if self._left:
            return self._runs
        self._left, self._runs, self.asking = True, False, False
        try:
            standing = self.change is not None or self._may_stop
            self._runs = not standing or self.stay_stopped or run_on(self, self.change, self._go_past)
        except WireClosed:
            pass
        finally:
            self.change = None
            self.wire.close()
        return self._runs

    def _go_past(self, change: StateChange) -> bool:
        if not self.step_past:
            return False  # somebody wants nothing of the guest to be written, and rather has it standing
        over, self._over = self._over, None  # what ended the questions may be past
        try:
            done = go_past(lambda message, fits: self.ask(message, fits, self.timing.probe), change, self.bits)
            self.steps += done
            return done
        except LiveError:
            return False
        finally:
            self._over = over
