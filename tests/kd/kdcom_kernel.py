"""A kernel of the NT family behind its serial port, for tests, as facts about KDCOM have it (ReactOS's behaviour).

Not the lab's target and not ``scripted``: it is written as a kernel is, a routine that waits for one byte at a time
and does nothing else meanwhile. It polls its port once per clock tick while it runs, sends until it is acknowledged
while it stands, sends its state change again whenever it is disturbed, and keeps its numbers between two stops. Time
is that of ``clock``, which passes only where somebody waits.
"""

from __future__ import annotations

import random
import struct
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from tests.kd.kdcom_words import (
    ACK,
    ASK_AGAIN,
    INITIAL,
    MANIPULATE,
    PC64,
    RESEND,
    RESET,
    STATE,
    SYNC,
    VERSION64,
    stop_at,
)  # fmt: skip
from volplugins.kd.wire import WireClosed

Wait = Generator[float, "int | None", "bytes | None"]
Steps = Generator[float, "int | None", None]
TICK = 0.0156
PASSED_OVER = b"passed over"


@dataclass
class KdcomKernel:
    """The wire to it is this object too.

    Attributes:
        ram: (address, bytes) of each piece of RAM; all else is absent.
        stop: its state change; ``said_before`` are packets (kind, payload) before it, ``said_after`` after each
            request, and ``loads`` state changes that follow when it is told to run on; ``boot`` those of its beginning.
        standing: it stands when the client comes, and has sent its state change then; ``repeats``: whether it sends
            again what nobody acknowledges. ``numbers`` (its own, the client's) that the session before left.
        piece: most bytes that one write of the port gives. ``slow``: seconds before each reply.
        int3: it stands at an instruction that a continue runs into again, until its instruction pointer is moved on.
        reset_answered: it answers Reset with Reset. ``rewrites_stop``: what is left unset in its state change differs
            each time. ``acknowledges``: requests too, not only by its reply.
        before_request: is told each request before the answer.
    """

    ram: tuple[tuple[int, bytes], ...] = ((0x1000, bytes(range(256)) * 64), (0x100000, b"\x5a" * 0x3000))
    stop: bytes = field(default_factory=stop_at)
    version: bytes = VERSION64
    said_before: list[tuple[int, bytes]] = field(default_factory=list)
    said_after: list[tuple[int, bytes]] = field(default_factory=list)
    loads: list[bytes] = field(default_factory=list)
    boot: list[bytes] = field(default_factory=list)
    standing: bool = False
    repeats: bool = True
    numbers: tuple[int, int] = (INITIAL | SYNC, INITIAL)
    piece: int = 1 << 16
    slow: float = 0.0
    int3: bool = False
    reset_answered: bool = True
    rewrites_stop: bool = False
    acknowledges: bool = True
    before_request: Callable[[KdcomKernel, int], None] = lambda kernel, api: None
    asked: list[int] = field(default_factory=list)
    now: float = 0.0
    running: bool = True
    closed: bool = False
    power: bool = True
    stops: int = 0

    def __post_init__(self) -> None:
        self.mine, self.theirs = self.numbers
        self._port: deque[int] = deque()
        self._out: deque[bytes] = deque()
        self._chance = random.Random(7)
        self._again_asked = self._busy = False
        self._restart()
        if self.standing:
            self._pass_time(0.01)
            self._out.clear()  # nobody listened

    def _restart(self) -> None:
        self._routine = self._life()
        self._due = self.now + next(self._routine)

    def reboot(self) -> None:
        """It begins again, as if its power had been cut: nothing is left but the line."""
        self.standing, self.running = False, True
        self.mine, self.theirs = INITIAL | SYNC, INITIAL
        raise Rebooted

    # the wire

    def clock(self) -> float:
        return self.now

    def send(self, data: bytes) -> None:
        assert not self.closed
        if not self.power:
            raise WireClosed("the other end closed the connection")
        # a running kernel's port holds one byte: the last of those that came since it looked
        self._port.extend(data if not self.running else data[-1:])
        if self.running:
            self._port = deque([self._port[-1]]) if self._port else self._port

    def receive(self, seconds: float) -> bytes:
        if not self.power:
            raise WireClosed("the other end closed the connection")
        self._pass_time(seconds)
        if not self._out:
            return b""
        self.now += 0.0005
        return self._out.popleft()

    def close(self) -> None:
        self.closed = True

    def _pass_time(self, seconds: float) -> None:
        end = self.now + max(seconds, 0.0002)
        while not self._out:
            byte = None
            if self._port and not self.running and not self._busy:
                byte = self._port.popleft()
            elif self._due > end:
                self.now = end
                return
            else:
                self.now = max(self.now, self._due)
            try:
                self._due = self.now + self._routine.send(byte)
            except Rebooted:
                self._port.clear()
                self._restart()

    def _emit(self, data: bytes) -> None:
        self._out.extend(data[at : at + self.piece] for at in range(0, len(data), self.piece))

    # the port, one byte at a time

    def _take(self, count: int) -> Wait:
        data = bytearray()
        while len(data) < count:
            byte = yield 0.3
            if byte is None:
                return None
            data.append(byte)
        return bytes(data)

    def _leader(self) -> Wait:
        row = b""
        while len(row) < 4:
            byte = yield 0.5
            if byte is None:
                return None
            if byte == 0x62 and not row:
                return b"b"
            one = bytes((byte,))
            row = row + one if one in (b"0", b"i") and row in (b"", one * len(row)) else (one if one in b"0i" else b"")
        return row

    def _receive(self, wanted: int) -> Wait:
        """A payload (empty for an acknowledgement), ASK_AGAIN, or None after silence."""
        while True:
            leader = yield from self._leader()
            if leader is None:
                return None
            if leader == b"b":
                self._again_asked = True
                return ASK_AGAIN
            done = yield from self._packet(leader, wanted)
            if done != PASSED_OVER:
                return done

    def _packet(self, leader: bytes, wanted: int) -> Wait:
        """What follows a leader: as ``_receive``, or PASSED_OVER."""
        head = yield from self._take(12)
        if head is None:
            return None
        kind, size, number, total = struct.unpack("<HHII", head)
        if leader == b"iiii":
            return self._control(kind, number, wanted)
        if wanted == ACK and number == self.theirs:  # it goes on without having acknowledged: that is one too
            self._say(RESEND, 0)
            self.mine ^= 1
            return b""
        body = yield from self._take(size + 1)
        if body is None:
            return None
        return self._data(body, kind, number, wanted, total)

    def _data(self, body: bytes, kind: int, number: int, wanted: int, total: int) -> bytes:
        if sum(body[:-1]) != total or body[-1] != 0xAA:
            self._say(RESEND, 0)
            return PASSED_OVER
        if self.acknowledges:
            self._say(ACK, number)
        if number != self.theirs:
            return PASSED_OVER
        self.theirs ^= 1
        return body[:-1] if kind == wanted else PASSED_OVER

    def _control(self, kind: int, number: int, wanted: int) -> bytes:
        if kind == ACK and wanted == ACK and number == self.mine & ~SYNC:
            self.mine = number ^ 1
            return b""
        if kind == RESET:
            self.mine = self.theirs = INITIAL
            if self.reset_answered:
                self._say(RESET, 0)
            return ASK_AGAIN
        return ASK_AGAIN if kind == RESEND else PASSED_OVER

    def _say(self, kind: int, number: int) -> None:
        self._emit(b"iiii" + struct.pack("<HHII", kind, 0, number, 0))

    def _send(self, kind: int, payload: bytes, tries: int = 1 << 30) -> Steps:
        repeat = True
        while tries:
            if repeat:
                head = struct.pack("<HHII", kind, len(payload), self.mine, sum(payload))
                self._emit(b"0000" + head + payload + b"\xaa")
            answer = yield from self._receive(ACK)
            if answer == b"":
                return
            repeat = self.repeats or answer is not None
            tries -= answer is None
        self.mine, self.theirs = INITIAL | SYNC, INITIAL  # nobody is there

    # the kernel

    def _life(self) -> Steps:
        if self.boot:
            self.running = False
        for each in self.boot:
            yield from self._stand(each)
        self.running = True
        while True:
            while not self.standing:
                yield TICK
                if self._port and self._port.popleft() == 0x62:
                    break
            self.running = self._again_asked = self.standing = False
            for kind, payload in self.said_before:
                yield from self._send(kind, payload, 5)
            self.context = bytearray(0x4D0)
            struct.pack_into("<Q", self.context, 0xF8, PC64)
            yield from self._stand(self.stop)
            while self.int3 and self.context[0xF8] == PC64 & 0xFF:
                yield from self._stand(self.stop)
            for each in self.loads:
                yield from self._stand(each)
            self.running, self.standing = True, self._again_asked
            self._port.clear()

    def _stand(self, stop: bytes) -> Steps:
        self.stops += 1
        again = True
        while True:
            if again:
                if self.rewrites_stop:
                    stop = stop[:12] + self._chance.randbytes(4) + stop[16:]
                yield from self._send(STATE, stop)
            message = yield from self._receive(MANIPULATE)
            again = message == ASK_AGAIN
            if message in (None, ASK_AGAIN):
                continue
            assert message is not None
            api = int.from_bytes(message[:4], "little")
            self.asked.append(api)
            if api in (0x313C, 0x3136):
                return
            self.before_request(self, api)
            if self.slow:  # its processor was taken away: bytes stay in the port
                self._busy = True
                yield self.slow
                self._busy = False
            yield from self._send(MANIPULATE, self._reply(api, message))
            for kind, payload in self.said_after:
                yield from self._send(kind, payload, 5)

    def _reply(self, api: int, message: bytes) -> bytes:
        union, data, status = message[16:56], b"", 0
        if api == 0x3146:
            union = self.version
        elif self.int3 and api in (0x3130, 0x3132):
            data = b"\xcc" if api == 0x3130 else bytes(self.context)
            union = union[:12] + struct.pack("<I", len(data)) + union[16:] if api == 0x3130 else union
        elif self.int3 and api == 0x3133:
            self.context[:] = message[56:]
        elif api == 0x313D:
            address, size = struct.unpack_from("<QI", union)
            data = self._memory(address, min(size, 3944))
            status = 0 if len(data) == size else 0xC0000001
            union = union[:12] + struct.pack("<I", len(data)) + union[16:]
        else:
            status = 0xC0000001
        return (
            struct.pack("<I", api) + self._chance.randbytes(4) + struct.pack("<II", status, 0xCCCCCCCC) + union + data
        )

    def _memory(self, address: int, size: int) -> bytes:
        data = b""
        for start, piece in self.ram:
            at = address + len(data) - start
            if 0 <= at < len(piece):
                data += piece[at : at + size - len(data)]
        return data


class Rebooted(Exception):
    """Its power was cut: raised through its routine."""
