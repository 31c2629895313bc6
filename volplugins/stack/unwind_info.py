"""UNWIND_INFO: what a function's prolog did, decoded from an x64 image.

Format: Microsoft, "x64 exception handling", version 1. Version 2 adds codes that say where the epilogs are (operation
6); what they mean was worked out from drivers of Windows 10, whose epilogs they name: the first code's offset is the
size of every epilog, its lowest info bit says that one lies at the function's end, and each further code is the
distance from the function's end to an epilog's start (zero: padding).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from volplugins.image.exception_directory import FunctionEntry
from volplugins.image.image_view import ImageView
from volplugins.memory.reader import ReadError

MAX_CHAIN = 32
_CHAINED = 4
_ENTRY = 12


class Operation(IntEnum):
    """Unwind operations, by their numbers."""

    PUSH = 0
    ALLOC_LARGE = 1
    ALLOC_SMALL = 2
    SET_FRAME = 3
    SAVE = 4
    SAVE_FAR = 5
    EPILOG = 6
    SPARE = 7
    SAVE_XMM = 8
    SAVE_XMM_FAR = 9
    MACHINE_FRAME = 10


@dataclass(frozen=True, slots=True)
class Code:
    """One operation of a prolog.

    Attributes:
        offset: bytes from the function's begin to the end of the instruction that did it.
        register: which one was pushed or saved.
        value: bytes allocated, or distance from the frame's base; machine frame: bytes of error code below it.
    """

    offset: int
    operation: Operation
    register: int
    value: int


@dataclass(frozen=True, slots=True)
class UnwindInfo:
    """Decoded UNWIND_INFO.

    Attributes:
        prolog_size: bytes.
        frame_register, frame_offset: register that holds the frame's base plus the offset in bytes; 0 for none.
        codes: last operation of the prolog first.
        epilogs: (start, end) distances from the function's end, version 2 only; None where nothing is said.
        chained: the entry whose prolog ran before this one's.
    """

    version: int
    prolog_size: int
    frame_register: int
    frame_offset: int
    codes: tuple[Code, ...]
    epilogs: tuple[tuple[int, int], ...] | None
    chained: FunctionEntry | None


class BadUnwindInfo(Exception):
    """The bytes are no UNWIND_INFO; its text says why."""


def read_unwind_info(view: ImageView, rva: int) -> UnwindInfo:
    """Decode the UNWIND_INFO at ``rva``.

    Raises:
        ReadError: it is not in memory.
        BadUnwindInfo: what is there makes no sense.
    """
    head = view.read(rva, 4)
    version, flags = head[0] & 7, head[0] >> 3
    if version == 3:  # wholly another encoding behind the same first byte (Microsoft's preview of 2026, for APX)
        raise BadUnwindInfo("unwind information of version 3 (APX), which is not read")
    if version not in (1, 2):
        raise BadUnwindInfo(f"version {version}")
    count = head[2]
    slots = view.read(rva + 4, 2 * count)
    codes, epilogs = _codes(slots, count, version)
    chained = None
    if flags & _CHAINED:
        begin, end, info = struct.unpack("<III", view.read(rva + 4 + 2 * (count + count % 2), _ENTRY))
        chained = FunctionEntry(begin, end, info)
    return UnwindInfo(version, head[1], head[3] & 15, (head[3] >> 4) * 16, codes, epilogs, chained)


def chain(view: ImageView, entry: FunctionEntry) -> tuple[UnwindInfo, ...]:
    """The unwind information of an entry, then of those it is chained to; raises as read_unwind_info does."""
    found: list[UnwindInfo] = []
    seen: set[int] = set()
    following: FunctionEntry | None = entry
    while following is not None:
        rva = following.unwind_info
        if rva & 1:  # an indirect entry leads to another one
            following = FunctionEntry(*struct.unpack("<III", view.read(rva & ~1, _ENTRY)))
            rva = following.unwind_info
        if rva in seen or len(found) >= MAX_CHAIN or rva & 1:
            raise BadUnwindInfo("the chain of entries loops")
        seen.add(rva)
        info = read_unwind_info(view, rva)
        found.append(info)
        following = info.chained
    return tuple(found)


def try_chain(view: ImageView, entry: FunctionEntry) -> tuple[UnwindInfo, ...] | str:
    """The chain, or in words why there is none (``not-in-dump``, or what is wrong with it)."""
    try:
        return chain(view, entry)
    except ReadError as error:
        return error.reason
    except BadUnwindInfo as error:
        return str(error)


def _codes(slots: bytes, count: int, version: int) -> tuple[tuple[Code, ...], tuple[tuple[int, int], ...] | None]:
    codes: list[Code] = []
    epilogs: list[tuple[int, int]] = []
    size = -1
    at = 0
    while at < count:
        offset, low, info = slots[2 * at], slots[2 * at + 1] & 15, slots[2 * at + 1] >> 4
        if low == Operation.EPILOG and version == 2:
            if size < 0:
                size = offset
                if info & 1:
                    epilogs.append((size, 0))
            elif offset | info << 8:
                start = offset | info << 8
                epilogs.append((start, start - size))
            at += 1
            continue
        code, used = _code(slots, at, count, offset, low, info)
        if code is not None:
            codes.append(code)
        at += used
    return tuple(codes), tuple(epilogs) if size >= 0 else None


def _code(slots: bytes, at: int, count: int, offset: int, low: int, info: int) -> tuple[Code | None, int]:
    """One operation and how many slots it takes."""
    try:
        operation = Operation(low)
    except ValueError:
        raise BadUnwindInfo(f"operation {low}") from None
    used = _SLOTS.get(operation, 1)
    if operation is Operation.ALLOC_LARGE:
        used = 3 if info else 2
    if at + used > count:
        raise BadUnwindInfo("an operation is cut short")
    near = int.from_bytes(slots[2 * at + 2 : 2 * at + 4], "little")
    far = int.from_bytes(slots[2 * at + 2 : 2 * at + 6], "little")
    value = {
        Operation.ALLOC_LARGE: far if info else near * 8,
        Operation.ALLOC_SMALL: info * 8 + 8,
        Operation.SAVE: near * 8,
        Operation.SAVE_FAR: far,
        Operation.SAVE_XMM: near * 16,
        Operation.SAVE_XMM_FAR: far,
        Operation.MACHINE_FRAME: info * 8 if info < 2 else 0,
    }.get(operation, 0)
    if operation in (Operation.EPILOG, Operation.SPARE):
        return None, used
    return Code(offset, operation, info, value), used


# slots besides the first, where there are any; version 1 had two forms of XMM saves as 6 and 7
_SLOTS = {
    Operation.SAVE: 2, Operation.SAVE_FAR: 3, Operation.EPILOG: 2, Operation.SPARE: 3, Operation.SAVE_XMM: 2,
    Operation.SAVE_XMM_FAR: 3,
}  # fmt: skip
