"""Requests answered: each a function from the request to status, the 40 bytes of its union, and data.

Facts: ``windbgkd.h`` and ``kdapi.c`` of ReactOS; that a read cut short says C0000001: ntoseye.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass

from volplugins.lab.serve.frames import MOST_PAYLOAD
from volplugins.lab.serve.served_machine import ServedMachine
from volplugins.lab.serve.wire_log import WRITES, Asked

SUCCESS, UNSUCCESSFUL = 0, 0xC0000001
CONTINUE, CONTINUE_2, REBOOT, SWITCH_PROCESSOR = 0x3136, 0x313C, 0x313B, 0x3150
HEADER, UNION = 56, 40
MOST_DATA = MOST_PAYLOAD - HEADER
_KERNEL, _PROCESS, _ALL_ALLOWED = 2, 0, 7


@dataclass(frozen=True, slots=True)
class Request:
    """A request taken apart; ``union`` is its 40 bytes from offset 16 on, ``data`` what follows the header."""

    api: int
    processor: int
    union: bytes
    data: bytes
    raw: bytes

    @property
    def operand(self) -> int:
        """The first operand: an address, or a smaller number in its lower half."""
        return int.from_bytes(self.union[:8], "little")

    @property
    def count(self) -> int:
        """The byte count of requests for memory."""
        return int.from_bytes(self.union[8:12], "little")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request brings."""

    status: int
    union: bytes
    data: bytes = b""


def parse_request(payload: bytes) -> Request | None:
    """A request out of a packet; None where it is shorter than a header."""
    if len(payload) < HEADER:
        return None
    api, _level, processor = struct.unpack_from("<IHH", payload)
    return Request(api, processor, payload[16:HEADER], payload[HEADER:], payload)


def answer(machine: ServedMachine, request: Request) -> Answer:
    """The answer; a request that the kernel does not know, and every one that writes, is refused."""
    handler = _HANDLERS.get(request.api)
    if handler is None or request.processor >= len(machine.processors):
        return Answer(UNSUCCESSFUL, request.union)
    return handler(machine, request)


def packed(request: Request, reply: Answer, noise: random.Random, stray: bool) -> bytes:
    """The reply's payload; the level and the padding hold whatever was on the kernel's stack, ``stray`` the processor
    too: some targets give it back as it was sent, some do not."""
    processor = noise.getrandbits(16) if stray else request.processor
    head = struct.pack("<IHHI", request.api, noise.getrandbits(16), processor, reply.status)
    return head + noise.randbytes(4) + reply.union[:UNION].ljust(UNION, b"\0") + reply.data


def asked(request: Request, reply: Answer) -> Asked:
    """What the log keeps of a request and its answer."""
    return Asked(request.api, request.processor, request.operand, request.count, reply.status, len(reply.data))


def is_write(request: Request) -> bool:
    """Whether the request would change the machine."""
    return request.api in WRITES


def _memory(request: Request, data: bytes, wanted: int) -> Answer:
    union = request.union[:12] + struct.pack("<I", len(data)) + request.union[16:]
    return Answer(SUCCESS if len(data) == wanted else UNSUCCESSFUL, union, data)


def _read_virtual(machine: ServedMachine, request: Request) -> Answer:
    wanted = min(request.count, MOST_DATA)
    return _memory(request, machine.memory.virtual(request.operand, wanted), wanted)


def _read_physical(machine: ServedMachine, request: Request) -> Answer:
    wanted = min(request.count, MOST_DATA)
    return _memory(request, machine.memory.physical(request.operand, wanted), wanted)


def _control_space(machine: ServedMachine, request: Request) -> Answer:
    facts, count = machine.processors[request.processor], min(request.count, MOST_DATA)
    if not machine.wide:
        whole = request.operand + count <= len(facts.state)
        data = facts.state[request.operand : request.operand + count] if whole else b""
        return _memory(request, data, count)
    offered = {
        0: struct.pack("<Q", facts.cpu.block), 1: struct.pack("<Q", facts.prcb), 2: facts.special,
        3: struct.pack("<Q", machine.thread(request.processor)),
    }.get(request.operand)  # fmt: skip
    if offered is None:
        return _memory(request, b"", -1)
    data = offered[:count]
    return _memory(request, data, len(data))


def _context(machine: ServedMachine, request: Request) -> Answer:
    return Answer(SUCCESS, request.union, machine.processors[request.processor].context)


def _context_part(machine: ServedMachine, request: Request) -> Answer:
    offset, count = struct.unpack_from("<II", request.union)
    context = machine.processors[request.processor].context
    data = context[offset : offset + min(count, MOST_DATA)]
    union = request.union[:8] + struct.pack("<I", len(data)) + request.union[12:]
    return Answer(SUCCESS if data else UNSUCCESSFUL, union, data)


def _version(machine: ServedMachine, _request: Request) -> Answer:
    return Answer(SUCCESS, machine.version)


def _msr(machine: ServedMachine, request: Request) -> Answer:
    number = request.operand & 0xFFFFFFFF
    value = machine.msr(request.processor, number)
    if value is None:
        return Answer(UNSUCCESSFUL, request.union)
    union = struct.pack("<III", number, value & 0xFFFFFFFF, value >> 32) + request.union[12:]
    return Answer(SUCCESS, union)


def _query_memory(machine: ServedMachine, request: Request) -> Answer:
    address = request.operand
    kernel = bool(address >> 63) or (not machine.wide and bool(address >> 31))
    union = struct.pack("<QQII", address, 0, _KERNEL if kernel else _PROCESS, _ALL_ALLOWED) + request.union[24:]
    return Answer(SUCCESS, union)


_HANDLERS: dict[int, Callable[[ServedMachine, Request], Answer]] = {
    0x3130: _read_virtual, 0x313D: _read_physical, 0x3137: _control_space, 0x3132: _context, 0x315F: _context_part,
    0x3146: _version, 0x3152: _msr, 0x315C: _query_memory,
}  # fmt: skip
