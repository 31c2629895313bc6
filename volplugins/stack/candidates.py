"""A stack without unwind data: frame pointers on x86, then every word that may be a return address.

A scanned frame is a candidate, no more: the word points into a module, and where the code before it can be read
it ends a call. Old calls leave such words behind too, which is why each says so in its trust.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.call_site import call_before
from volplugins.stack.frame import Frame, Stack, Stop, Trust

MAX_FRAMES = 128
MAX_STACK = 1 << 17  # bytes looked at from one frame on; kernel stacks are 0x18000 at most, those of user mode are not
_PAGE = 0x1000

IsCode = Callable[[int], bool]
CallBefore = Callable[[MemoryReader, int], bool | None]


def read_stack(memory: MemoryReader, sp: int, base: int) -> bytes:
    """The bytes from ``sp`` up to ``base`` (exclusive), as far as they can be read without a hole."""
    parts: list[bytes] = []
    end = min(base, sp + MAX_STACK)
    while sp < end:
        take = min(_PAGE - sp % _PAGE, end - sp)
        try:
            parts.append(memory.read(sp, take))
        except ReadError:
            parts.append(_readable_prefix(memory, sp, take))
            break
        sp += take
    return b"".join(parts)


def _readable_prefix(memory: MemoryReader, address: int, size: int) -> bytes:
    """As many bytes as can be read (a triage dump's blocks end anywhere)."""
    low, high = 0, size
    while low < high:
        middle = (low + high + 1) // 2
        try:
            memory.read(address, middle)
            low = middle
        except ReadError:
            high = middle - 1
    return memory.read(address, low) if low else b""


def scan(
    memory: MemoryReader, stack: bytes, sp: int, bits: int, is_code: IsCode, is_call: CallBefore = call_before
) -> Iterator[Frame]:
    """Candidate return addresses in ``stack`` (whose first byte is at ``sp``), lowest address first.

    Words that point into code but not behind a call are left out where the code can be read.
    """
    width = bits // 8
    start = -sp % width
    for at in range(start, len(stack) - width + 1, width):
        value = int.from_bytes(stack[at : at + width], "little")
        if is_code(value):
            checked = is_call(memory, value)
            if checked is not False:
                yield Frame(sp + at + width, value, Trust.SCAN, checked)


def frame_pointers(memory: MemoryReader, ebp: int, limit: int, base: int, is_code: IsCode) -> Iterator[Frame]:
    """Frames along the chain of saved EBP values (x86), while each lies above the last and inside the stack."""
    while limit <= ebp <= base - 8 and ebp % 4 == 0:
        try:
            data = memory.read(ebp, 8)
        except ReadError:
            return
        caller, ip = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:], "little")
        if not is_code(ip):
            return
        yield Frame(ebp + 8, ip, Trust.FRAME_POINTER, call_before(memory, ip))
        if caller <= ebp:
            return
        ebp = caller


def walk(
    memory: MemoryReader,
    ip: int,
    sp: int,
    fp: int,
    base: int,
    bits: int,
    is_code: IsCode,
    trust: Trust,
    is_call: CallBefore = call_before,
) -> Stack:
    """The frames of a thread whose registers are given: itself, its frame-pointer chain (x86), then the scan.

    Args:
        base: first address above the stack.
        trust: how ``ip`` is known.
        is_call: tells whether a call ends at an address; x86 and x64 by default.
    """
    frames = [Frame(sp, ip, trust, None)]
    at = sp
    if bits == 32:
        for frame in frame_pointers(memory, fp, sp, base, is_code):
            frames.append(frame)
            at = frame.sp
            if len(frames) >= MAX_FRAMES:
                return Stack(tuple(frames), Stop.LIMIT)
    stack = read_stack(memory, at, base)
    for frame in scan(memory, stack, at, bits, is_code, is_call):
        frames.append(frame)
        if len(frames) >= MAX_FRAMES:
            return Stack(tuple(frames), Stop.LIMIT)
    return Stack(tuple(frames), stop_behind(at, stack, base))


def stop_behind(start: int, stack: bytes, base: int) -> Stop:
    """Why a search of ``stack``, which was read from ``start`` on, went no further towards ``base``."""
    end = start + len(stack)
    if end >= base:
        return Stop.END_OF_STACK
    return Stop.LIMIT if len(stack) >= MAX_STACK else Stop.NOT_IN_DUMP
