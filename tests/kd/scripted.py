"""A kernel at the other end of a line, for tests: time passes only when somebody waits, and noise comes from a seed."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from volplugins.kd.wire import WireClosed

INITIAL = 0x80800000
CONTROL, DATA = b"iiii", b"0000"
KERNEL = 0xFFFFF8026BC18000
# GetVersion's reply of Windows 8.1 x64, as a public transcript of a debugging session has it
VERSION = bytes.fromhex("0f00802506020700 6486 0c03 3100 0000".replace(" ", "")) + struct.pack(
    "<QQQ", KERNEL, 0xFFFFF8026BEE22D0, 0xFFFFF8026BEF91F0
)


def control(kind: int, number: int = 0) -> bytes:
    return CONTROL + struct.pack("<HHII", kind, 0, number, 0)


def packet(kind: int, number: int, payload: bytes) -> bytes:
    return DATA + struct.pack("<HHII", kind, len(payload), number, sum(payload)) + payload + b"\xaa"


def state_change(bits: int = 64, state: int = 0x3030, processors: int = 2, text: bytes = b"", pc: int = 0) -> bytes:
    pc = pc or (KERNEL + 0x1234 if bits == 64 else 0xFFFFFFFF8052F4C4)
    fixed = struct.pack("<IHHIIQQ", state, 6, 0, processors, 0, pc & ~0xFFF, pc)
    union = struct.pack("<IIQQI", 0x80000003, 0, 0, pc, 0).ljust(152, b"\0") + struct.pack("<II", 1, 0)
    report = struct.pack("<QQ", 0xFFFF0FF0, 0x455) if bits == 64 else struct.pack("<II", 0xFFFF0FF0, 0x455)
    return fixed + union.ljust(160, b"\0") + report.ljust(48 if bits == 64 else 52, b"\0") + text


@dataclass
class Noise:
    """Loses, doubles and damages one byte in so many, each."""

    one_in: int = 0
    seed: int = 1
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def passed(self, data: bytes) -> bytes:
        if not self.one_in:
            return data
        out = bytearray()
        for byte in data:
            draw = self.chance.randrange(self.one_in * 3)
            out += {0: b"", 1: bytes((byte, byte)), 2: bytes((byte ^ 1 << self.chance.randrange(8),))}.get(
                draw, bytes((byte,))
            )
        return bytes(out)


@dataclass
class ScriptedKernel:
    """A kernel, and the line to it.

    Attributes:
        memory: physical bytes from 0 on; what is behind them is absent.
        running: whether it runs; a running one looks at one byte in each tick.
        deaf: takes bytes and answers none. ``gone``: the line is closed from this many requests on.
        stop: its state change. ``first``: packets that it sends, each acknowledged, before its first stop.
        limit: most bytes of memory in one reply.
    """

    memory: bytes = bytes(range(256)) * 64
    running: bool = True
    deaf: bool = False
    gone: int = 1 << 30
    stop: bytes = field(default_factory=state_change)
    first: list[tuple[int, bytes]] = field(default_factory=list)
    limit: int = 0xF00
    noise: Noise = field(default_factory=Noise)
    version: bytes = VERSION
    echo: bool = True
    now: float = 0.0
    closed: bool = False
    continued: list[bytes] = field(default_factory=list)
    seen: list[bytes] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    on_request: Callable[[ScriptedKernel, int], None] = lambda kernel, api: None
    _in: bytearray = field(default_factory=bytearray)
    _out: bytearray = field(default_factory=bytearray)
    _sent: list[tuple[int, bytes]] = field(default_factory=list)
    _waiting: bytes = b""
    _again: float = 0.0
    _heard: float = 0.0
    _mine: int = INITIAL
    _theirs: int = INITIAL

    def clock(self) -> float:
        return self.now

    # the wire

    def send(self, data: bytes) -> None:
        if self.closed or len(self.asked) >= self.gone:
            raise WireClosed("the other end closed the connection")
        if self.deaf:
            return
        data = self.noise.passed(data)
        if self.running:
            if data[:1] == b"b":  # what comes with it is lost
                self.break_in()
            return
        if self.now > self._heard + 0.1:  # a kernel waits so long for the next byte of a packet
            self._in.clear()
        self._heard = self.now
        self._in += data
        self._read()

    def receive(self, seconds: float) -> bytes:
        if self.closed or len(self.asked) >= self.gone:
            raise WireClosed("the other end closed the connection")
        if not self._out:
            self.now += max(seconds, 0.001)
            if self._waiting and self.now >= self._again:
                self._transmit(self._waiting)
            return b""
        self.now += 0.002 + 5e-6 * len(self._out)
        data = self.noise.passed(bytes(self._out))
        self._out.clear()
        return data

    def close(self) -> None:
        self.closed = True

    # the kernel

    def break_in(self) -> None:
        self.running = False
        self._mine = self._theirs = INITIAL
        self._sent = [*self.first, (7, self.stop)]
        self.first = []
        self._next(sync=True)

    def say(self, kind: int, payload: bytes, sync: bool = False) -> None:
        self._sent.append((kind, payload))
        if not self._waiting:
            self._next(sync)

    def _next(self, sync: bool = False) -> None:
        if sync:
            self._mine = self._theirs = INITIAL
        if self._sent:
            kind, payload = self._sent.pop(0)
            self._waiting = packet(kind, self._mine | (0x800 if sync else 0), payload)
            self._transmit(self._waiting)

    def _transmit(self, data: bytes) -> None:
        self._out += data
        self._again = self.now + 0.5

    def _read(self) -> None:
        while self._in:
            at = min((place for lead in (CONTROL, DATA) if (place := self._in.find(lead)) >= 0), default=-1)
            if at < 0:
                del self._in[: max(len(self._in) - 3, 0)]
                return
            del self._in[:at]
            if len(self._in) < 16:
                return
            kind, size, number, total = struct.unpack_from("<HHII", self._in, 4)
            if self._in[:4] == CONTROL:
                del self._in[:16]
                self._control(kind, number)
                continue
            if size > 4000 or not 1 <= kind <= 11:
                del self._in[:1]
                continue
            if len(self._in) < 17 + size:
                return
            payload, end = bytes(self._in[16 : 16 + size]), self._in[16 + size]
            del self._in[: 17 + size]
            if sum(payload) != total or end != 0xAA:
                self._out += control(5)
            else:
                self._data(kind, number, payload)

    def _control(self, kind: int, number: int) -> None:
        if kind == 4 and self._waiting and number == struct.unpack_from("<I", self._waiting, 8)[0] & ~0x800:
            stopped, self._waiting, self._mine = self._waiting[4] == 7, b"", self._mine ^ 1
            if not stopped:  # a kernel that has stopped says no more until it is asked
                self._next()
        elif kind == 5 and self._waiting:
            self._transmit(self._waiting)
        elif kind == 6:
            self._mine = self._theirs = INITIAL
            self._waiting, self._sent = b"", [(7, self.stop)]
            self._out += control(6)
            self._next()

    def _data(self, kind: int, number: int, payload: bytes) -> None:
        self._out += control(4, number)
        if number != self._theirs:
            return
        self._theirs ^= 1
        self._waiting = b""
        self.seen.append(payload)
        if kind == 2:
            self._request(payload)

    def _request(self, message: bytes) -> None:
        api = int.from_bytes(message[:4], "little")
        self.asked.append(api)
        self.on_request(self, api)
        if api == 0x313C:
            self.continued.append(message)
            self.running = not self._sent
            self._next(sync=True)
            return
        union, data, status = message[16:56], b"", 0
        if api == 0x3146:
            union = self.version
        elif api == 0x313D:
            address, size = struct.unpack_from("<QI", union)
            data = self.memory[address : address + min(size, self.limit)]
            status = 0 if len(data) == min(size, self.limit) else 0xC0000001
            union = struct.pack("<QIII", address if self.echo else 0, size, len(data), 0).ljust(40, b"\0")
        else:
            status = 0xC0000001
        self.say(2, struct.pack("<IHHII", api, 0x1234, 0x5678, status, 0) + union + data)
