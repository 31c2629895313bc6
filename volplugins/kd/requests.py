"""What is asked of a stopped kernel, and its replies (windbgkd.h, DBGKD_MANIPULATE_STATE64).

Nothing here writes but ``set_context``, which breakpoint_instruction.py alone asks for.

A message is 56 bytes and data. ``processor`` picks a register file, not an address space. What a kernel does not know
it answers with a failure and no data; what it leaves unset may hold anything.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

MESSAGE_SIZE = 56
_HEAD = struct.Struct("<IHHII")
_ACTUAL, _CONTEXT_PIECE = 28, 24
#: the most memory that one reply holds: its packet has 4000 bytes
LARGEST_READ = 4000 - MESSAGE_SIZE
CONTINUE_HANDLED = 0x00010002  # DBG_CONTINUE
_UNCHANGED_SYMBOLS = 1


class Api(IntEnum):
    """The requests that are used."""

    READ_VIRTUAL = 0x3130
    GET_CONTEXT = 0x3132
    SET_CONTEXT = 0x3133
    READ_CONTROL_SPACE = 0x3137
    CONTINUE2 = 0x313C
    READ_PHYSICAL = 0x313D
    GET_VERSION = 0x3146
    READ_MSR = 0x3152
    GET_CONTEXT_EX = 0x315F


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply: which request it answers, NTSTATUS, the 40 bytes of its union, what follows."""

    api: int
    status: int
    union: bytes
    data: bytes

    @property
    def succeeded(self) -> bool:
        """Whether the status is one of success."""
        return self.status < 0x80000000


def decode_reply(payload: bytes) -> Reply | None:
    """The reply; None where the payload is too short for one."""
    if len(payload) < MESSAGE_SIZE:
        return None
    api, _, _, status, _ = _HEAD.unpack_from(payload)
    return Reply(api, status, payload[_HEAD.size : MESSAGE_SIZE], payload[MESSAGE_SIZE:])


def _message(api: Api, union: bytes = b"", processor: int = 0) -> bytes:
    return _HEAD.pack(api, 0, processor, 0, 0) + union.ljust(MESSAGE_SIZE - _HEAD.size, b"\0")


def get_version() -> bytes:
    """GetVersion."""
    return _message(Api.GET_VERSION)


def read_memory(api: Api, address: int, size: int) -> bytes:
    """ReadVirtual or ReadPhysical."""
    return _message(api, struct.pack("<QIII", address & 0xFFFFFFFFFFFFFFFF, size, 0, 0))


def read_control_space(base: int, size: int, processor: int) -> bytes:
    """ReadControlSpace of a processor."""
    return _message(Api.READ_CONTROL_SPACE, struct.pack("<QII", base, size, 0), processor)


def get_context(flags: int, processor: int) -> bytes:
    """GetContext of a processor; ``flags`` are its ContextFlags."""
    return _message(Api.GET_CONTEXT, struct.pack("<I", flags), processor)


def set_context(flags: int, processor: int, context: bytes) -> bytes:
    """SetContext of a processor: its whole CONTEXT."""
    return _message(Api.SET_CONTEXT, struct.pack("<I", flags), processor) + context


def get_context_ex(offset: int, size: int, processor: int) -> bytes:
    """GetContextEx: a piece of a processor's context."""
    return _message(Api.GET_CONTEXT_EX, struct.pack("<III", offset, size, 0), processor)


def read_msr(number: int, processor: int) -> bytes:
    """ReadMsr of a processor."""
    return _message(Api.READ_MSR, struct.pack("<III", number, 0, 0), processor)


def continue_machine(dr7: int, bits: int, processor: int) -> bytes:
    """Continue2: the machine runs on, with the Dr7 that it reported, no trace flag and its symbol range unchanged."""
    form = "<IIQQQ" if bits == 64 else "<IIIII"
    mask = (1 << bits) - 1
    union = struct.pack(form, CONTINUE_HANDLED, 0, dr7 & mask, _UNCHANGED_SYMBOLS, _UNCHANGED_SYMBOLS)
    return _message(Api.CONTINUE2, union, processor)


def memory_of(reply: Reply, asked: int) -> bytes:
    """The bytes that a memory or control-space reply holds: as many as it claims, has, and was asked for."""
    actual = int.from_bytes(reply.union[_ACTUAL - _HEAD.size : _ACTUAL - _HEAD.size + 4], "little")
    return reply.data[: min(actual, asked)]


def control_of(reply: Reply, asked: int) -> bytes:
    """What a control-space reply holds; nothing where it failed."""
    return memory_of(reply, asked) if reply.succeeded else b""


def context_piece(reply: Reply, asked: int) -> bytes:
    """What a GetContextEx reply holds."""
    at = _CONTEXT_PIECE - _HEAD.size
    copied = int.from_bytes(reply.union[at : at + 4], "little")
    return reply.data[: min(copied, asked)] if reply.succeeded else b""


def msr_of(reply: Reply) -> int | None:
    """The value of the register; None where it could not be read."""
    low, high = struct.unpack_from("<II", reply.union, 4)
    return low | high << 32 if reply.succeeded else None


def address_of(reply: Reply) -> int:
    """The address that a memory reply repeats, where the other side repeats it."""
    return int.from_bytes(reply.union[:8], "little")
