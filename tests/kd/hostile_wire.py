"""Any bytes as the other side of a session, for the fuzzer and its test: sound packets of any content, noise, silence.

An input is a row of pieces, each an operation, two bytes of length, and so many bytes: what it is made of decides what
the fuzzer finds quickly, and a checksum is not what it should look for.
"""

from __future__ import annotations

import contextlib
import re
import struct
from collections.abc import Iterator

from tests.kd.kdcom_kernel import KdcomKernel
from tests.kd.kdcom_words import INITIAL, WRITES, stop_at
from volplugins.kd.errors import LiveError
from volplugins.kd.machine import stop_machine
from volplugins.kd.packet import HEADER_SIZE, LARGEST_PAYLOAD
from volplugins.kd.session import Session

RAW, DATA, CONTROL, SILENCE = range(4)
_NUMBERS = (INITIAL, INITIAL | 1, INITIAL | 0x800, INITIAL | 0x801)
_AT_ONCE = 1 << 16
_LONGEST = 180.0  # seconds of the wire's clock for a whole session


def piece(operation: int, data: bytes, kind: int = 0, number: int = 0) -> bytes:
    """One piece of an input."""
    return struct.pack("<BH", operation | kind << 2 | number << 6, len(data)) + data


def pieces_of(data: bytes) -> Iterator[bytes]:
    """What an input puts on the line, receive by receive; empty for a silence."""
    at = 0
    while at + 3 <= len(data):
        operation, size = struct.unpack_from("<BH", data, at)
        content = data[at + 3 : at + 3 + size % (LARGEST_PAYLOAD + 1)]
        at += 3 + len(content)
        kind, number = operation >> 2 & 15, _NUMBERS[operation >> 6]
        if operation & 3 == DATA:
            yield b"0000" + struct.pack("<HHII", kind, len(content), number, sum(content)) + content + b"\xaa"
        elif operation & 3 == CONTROL:
            yield b"iiii" + struct.pack("<HHII", kind, 0, number, 0)
        else:
            yield content if operation & 3 == RAW else b""


class HostileWire:
    """A wire that gives an input's pieces, and then nothing."""

    def __init__(self, data: bytes) -> None:
        self.now, self.sent = 0.0, bytearray()
        self._pieces = pieces_of(data)

    def clock(self) -> float:
        """Seconds that were waited."""
        return self.now

    def send(self, data: bytes) -> None:
        """Keep what was sent."""
        assert len(data) <= _AT_ONCE
        self.sent += data

    def receive(self, seconds: float) -> bytes:
        """The next piece."""
        found = next(self._pieces, b"")
        self.now += 0.001 if found else max(seconds, 0.001)
        return found

    def close(self) -> None:
        """Nothing is open."""


def talk_hostile(data: bytes) -> int:
    """Hold a whole session with an input; the bytes of memory that it gave. Whatever is wrong with us is raised."""
    wire = HostileWire(data)
    session, given = Session(wire, clock=wire.clock), 0
    with contextlib.suppress(LiveError):
        machine = stop_machine(session)
        with contextlib.suppress(LiveError):
            given = len(machine.physical(0x1000, 64))
            given += len(machine.physical(0x2123, 6000))
            machine.context(0)
            machine.control_space(2, 0xD8, 0)
            machine.msr(0xC0000101, 0)
    session.leave()
    assert given <= 6064 and wire.now < _LONGEST, (given, wire.now)
    assert len(session.link._deframer._held) <= HEADER_SIZE + 2 * LARGEST_PAYLOAD
    assert not WRITES.intersection(_requests(bytes(wire.sent)))
    return given


def _requests(sent: bytes) -> set[int]:
    """The numbers of the requests that were made: our own packets are whole."""
    places = (found.end() for found in re.finditer(b"0000\x02\0\x38\0", sent))
    return {int.from_bytes(sent[at + 8 : at + 12], "little") for at in places}


def seeds() -> dict[str, bytes]:
    """Inputs that are honest conversations, to begin with."""
    kernels = {"x64": KdcomKernel(), "x86": KdcomKernel(stop=stop_at(32)), "small": KdcomKernel(piece=7)}
    return {name: _conversation(kernel) for name, kernel in kernels.items()}


def _conversation(kernel: KdcomKernel) -> bytes:
    heard: list[bytes] = []
    real = kernel.receive

    def receive(seconds: float) -> bytes:
        heard.append(real(seconds))
        return heard[-1]

    kernel.receive = receive  # type: ignore[method-assign]
    session = Session(kernel, clock=kernel.clock)
    machine = stop_machine(session)
    machine.physical(0x1000, 64)
    machine.physical(0x2123, 300)
    session.leave()
    return b"".join(_as_piece(each) for each in heard)


def _as_piece(heard: bytes) -> bytes:
    if heard[:4] in (b"0000", b"iiii") and len(heard) >= HEADER_SIZE:
        kind, size, number = struct.unpack_from("<HHI", heard, 4)
        operation = DATA if heard[:4] == b"0000" else CONTROL
        return piece(operation, heard[HEADER_SIZE : HEADER_SIZE + size], kind, _NUMBERS.index(number or INITIAL))
    return piece(RAW if heard else SILENCE, heard)
