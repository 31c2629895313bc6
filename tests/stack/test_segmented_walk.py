"""Stacks of 16-bit code: calls that an emulated processor made, frames made by hand, and what must end a walk."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volplugins.memory.reader import SegmentReader
from volplugins.stack.frame import Stop
from volplugins.stack.segmented import SegmentedRegisters, read_segmented, segmented_of
from volplugins.stack.segmented_walk import MOST_FRAMES, Segment, SegmentedFrame, SegmentedWalker

V86_FLAGS = 0x20202
PROLOG = b"\x55\x89\xe5"  # push bp; mov bp, sp
FAR_PROLOG = b"\x45\x55\x89\xe5"  # inc bp; push bp; mov bp, sp
CODE, OTHER, STACK = 0x2000, 0x3000, 0x4000  # segments
HALT = b"\xeb\xfe"


def registers(cs: int, ip: int, sp: int, bp: int, ss: int = STACK, flags: int = V86_FLAGS) -> SegmentedRegisters:
    found = segmented_of({"cs": cs, "eip": ip, "ss": ss, "esp": sp, "ebp": bp, "efl": flags})
    assert found is not None
    return found


def walk(memory: SegmentReader, start: SegmentedRegisters) -> tuple[list[SegmentedFrame], SegmentedWalker]:
    walker = SegmentedWalker(memory, lambda _selector: None)
    return list(walker.frames(start)), walker


def far_call(segment: int, offset: int) -> bytes:
    return b"\x9a" + struct.pack("<HH", offset, segment)


def near_call(at: int, to: int) -> bytes:
    return b"\xe8" + struct.pack("<H", (to - at - 3) & 0xFFFF)


def program(prolog: bytes) -> dict[int, bytes]:
    """CODE:0 calls OTHER:100 far, it OTHER:200 near, that CODE:300 far, that CODE:400 by PUSH CS and CALL."""
    at = 0x100 + len(prolog)
    first, second = bytearray(0x500), bytearray(0x500)
    first[0x10:0x15] = far_call(OTHER, 0x100)
    second[0x100 : at + 3] = prolog + near_call(at, 0x200)
    second[0x200:0x208] = PROLOG + far_call(CODE, 0x300)
    body = prolog + b"\x0e"
    first[0x300 : 0x300 + len(body) + 3] = body + near_call(0x300 + len(body), 0x400)
    first[0x400 : 0x400 + len(PROLOG) + 2] = PROLOG + HALT
    return {CODE << 4: bytes(first), OTHER << 4: bytes(second)}


@pytest.mark.parametrize("prolog", [PROLOG, FAR_PROLOG], ids=["plain", "odd-bp"])
def test_the_frames_are_those_that_a_processor_made(prolog: bytes) -> None:
    unicorn = pytest.importorskip("unicorn", reason="no emulator at hand: pip install unicorn")
    x86 = unicorn.x86_const
    engine = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_16)
    engine.mem_map(0, 0x100000)
    code = program(prolog)
    for at, data in code.items():
        engine.mem_write(at, data)
    for name, value in (("CS", CODE), ("SS", STACK), ("SP", 0x1000), ("BP", 0)):
        engine.reg_write(getattr(x86, f"UC_X86_REG_{name}"), value)
    engine.emu_start((CODE << 4) + 0x10, (CODE << 4) + 0x403)
    held = {name: engine.reg_read(getattr(x86, f"UC_X86_REG_{name}")) for name in ("CS", "IP", "SP", "BP")}
    memory = SegmentReader({**code, STACK << 4: bytes(engine.mem_read(STACK << 4, 0x1000))})
    found, walker = walk(memory, registers(held["CS"], held["IP"] & 0xFFFF, held["SP"], held["BP"]))
    size = len(prolog)
    assert [(frame.cs, frame.ip) for frame in found] == [
        (CODE, 0x403), (CODE, 0x300 + size + 4), (OTHER, 0x208), (OTHER, 0x100 + size + 3), (CODE, 0x15),
    ]  # fmt: skip
    assert (found[-1].sp, found[-1].bp, walker.stop) == (0x1000, 0, Stop.END_OF_STACK)
    assert [frame.linear_ip for frame in found] == [frame.cs * 16 + frame.ip for frame in found]


def stacked(*words: int, bp: int = 0x800) -> dict[int, bytes]:
    """A stack with words at BP."""
    return {STACK << 4: bytes(bp) + struct.pack(f"<{len(words)}H", *words).ljust(0x200, b"\0")}


def code_at(offset: int, data: bytes, segment: int = CODE) -> dict[int, bytes]:
    return {segment << 4: bytes(offset) + data + bytes(0x20)}


def one(memory: dict[int, bytes], bp: int = 0x800) -> tuple[list[SegmentedFrame], SegmentedWalker]:
    return walk(SegmentReader(memory), registers(CODE, 0x400, 0x7F0, bp))


def test_what_may_be_either_is_marked() -> None:
    """A near call ends there, and if the next word is the segment a far one of another does too."""
    memory = stacked(0, 0x23, OTHER) | code_at(0x20, near_call(0x20, 0x400))
    found, _ = one(memory | code_at(0x21, b"\xff\x1d", OTHER))  # call far [di]
    assert (found[1].cs, found[1].ip, found[1].sp) == (CODE, 0x23, 0x804)
    assert found[1].note == "a call ends there, near or far: 3000:0023 if it is far"


@pytest.mark.parametrize(
    ("call", "length", "note"),
    [(b"\xff\xd3", 2, "near"), (b"\xff\x56\x04", 3, "near"), (b"\xff\x16\x00\x10", 4, "near"),
     (b"\xff\x5e\x04", 3, "far"), (b"\xff\x1e\x00\x10", 4, "far")],
)  # fmt: skip
def test_calls_through_registers_and_memory(call: bytes, length: int, note: str) -> None:
    found, _ = one(stacked(0, 0x20 + length, CODE) | code_at(0x20, call))
    assert found[1].note == f"a {note} call ends there"
    assert found[1].sp == (0x804 if note == "near" else 0x806)


@pytest.mark.parametrize(
    ("memory", "bp", "stop"),
    [
        (stacked(0x900, 0x1234, 0x5678), 0x800, Stop.NO_UNWIND_DATA),  # no call ends anywhere
        (stacked(0x900, 0x23, CODE), 0x700, Stop.NO_UNWIND_DATA),  # below SP
        ({}, 0x800, Stop.NOT_IN_DUMP),
        (stacked(0x900, 0x23, CODE), 0xFFFE, Stop.OUT_OF_BOUNDS),  # past the segment's end
        (stacked(0x900, 0x23, CODE), 0, Stop.END_OF_STACK),
        (stacked(0x800, 0x23, CODE) | code_at(0x20, near_call(0x20, 0x400)), 0x800, Stop.NO_UNWIND_DATA),  # leads back
    ],
)
def test_what_ends_a_walk(memory: dict[int, bytes], bp: int, stop: Stop) -> None:
    found, walker = one(memory, bp)
    assert (found[0].cs, found[0].ip) == (CODE, 0x400) and len(found) <= 2
    assert walker.stop is stop and walker.text


def test_an_endless_chain_is_cut() -> None:
    frames = b"".join(struct.pack("<HH", 0x100 + 4 * (n + 1), 0x23) for n in range(0x3000 // 4))
    memory = {STACK << 4: bytes(0x100) + frames} | code_at(0x20, near_call(0x20, 0x400))
    found, walker = walk(SegmentReader(memory), registers(CODE, 0x400, 0xF0, 0x100))
    assert (len(found), walker.stop) == (MOST_FRAMES + 1, Stop.LIMIT)


def test_protected_mode_adds_bases_and_keeps_to_limits() -> None:
    code, stack = Segment(0x500000, 0, 0xFFF, 16), Segment(0x600000, 0, 0x8FF, 16)
    memory = SegmentReader(
        {0x500000: bytes(0x20) + near_call(0x20, 0x400) + bytes(0x20), 0x600800: struct.pack("<3H", 0x8FE, 0x23, 0)}
    )
    start = registers(0xF, 0x400, 0x7F0, 0x800, 0x17, 0x202)
    walker = SegmentedWalker(memory, {0xF: code, 0x17: stack}.get)
    found = list(walker.frames(start))
    assert [(frame.linear_ip, frame.linear_sp) for frame in found] == [(0x500400, 0x6007F0), (0x500023, 0x600804)]
    assert walker.stop is Stop.OUT_OF_BOUNDS  # a frame at 0x8fe leaves the segment
    none = SegmentedWalker(memory, lambda _selector: None)
    (only,) = none.frames(start)
    assert (only.linear_ip, none.stop) == (None, Stop.NO_CONTEXT) and "CS 0xf is no segment" in none.text


def test_code_of_32_bits_in_an_ldt_has_wide_frames() -> None:
    code, stack = Segment(0x500000, 0, 0xFFFFF, 32), Segment(0x600000, 0, 0xFFFFF, 32)
    memory = SegmentReader({
        0x500000: bytes(0x20) + b"\xe8" + struct.pack("<i", 0x1000 - 0x25) + bytes(0x20),
        0x610000: struct.pack("<3I", 0, 0x25, 0),
    })  # fmt: skip
    found = list(SegmentedWalker(memory, {0xF: code, 0x17: stack}.get).frames(
        registers(0xF, 0x1010, 0xFFF0, 0x10000, 0x17, 0x202)))  # fmt: skip
    assert [(frame.ip, frame.sp) for frame in found] == [(0x1010, 0xFFF0), (0x25, 0x10008)]


@pytest.mark.parametrize(
    ("values", "virtual"),
    [
        ({"cs": 0xF000, "ss": 0x1234, "efl": V86_FLAGS}, True),
        ({"cs": 0x8, "ss": 0, "efl": V86_FLAGS}, True),  # a segment that looks like the kernel's selector
        ({"cs": 0xF, "ss": 0x17, "efl": 0x202}, False),
        ({"cs": 0x1B, "ss": 0x23, "efl": 0x202}, None),  # flat user code
        ({"cs": 0x8, "ss": 0x10, "efl": 0x202}, None),  # the kernel's
        ({"cs": 0xF, "ss": 0x10, "efl": 0x202}, None),  # a stack of the kernel
        ({"cs": 0xF000, "ss": 0, "efl": V86_FLAGS & ~2}, None),  # a bit that is always set
        ({"cs": 0xF000, "ss": 0, "efl": V86_FLAGS | 0x8000}, None),  # one that never is
        ({"cs": 0xF000, "ss": 0, "efl": V86_FLAGS | 1 << 30}, None),
        ({"cs": 0xF000, "ss": 0, "efl": V86_FLAGS, "eip": 0x12345}, None),  # no offset of 16 bits
    ],
)
def test_whose_registers_are_segmented(values: dict[str, int], virtual: bool | None) -> None:
    found = segmented_of({"eip": 0x100, "esp": 0x200, "ebp": 0, **values})
    assert (found.virtual if found is not None else None) is virtual


def test_a_trap_frame_of_virtual_8086_mode_has_its_segments_behind_ss() -> None:
    frame = bytearray(0x8C)
    words = {0x30: 0x3B, 0x34: 0x23, 0x38: 0x23, 0x60: 0x7FE, 0x68: 0xFFF0, 0x6C: 0xF000, 0x70: V86_FLAGS,
             0x74: 0x7F0, 0x78: 0x1234, 0x7C: 0xB800, 0x80: 0x40, 0x84: 0x50, 0x88: 0x60}  # fmt: skip
    for at, value in words.items():
        struct.pack_into("<I", frame, at, value)
    found = read_segmented(SegmentReader({0xF0001000: bytes(frame)}), 0xF0001000)
    assert found is not None and found.virtual and found.offset == 0xFFF0
    assert [found.values[name] for name in ("cs", "ss", "es", "ds", "fs", "gs")] == [
        0xF000, 0x1234, 0xB800, 0x40, 0x50, 0x60,
    ]  # fmt: skip
    assert read_segmented(SegmentReader({}), 0xF0001000) is None


@given(st.binary(min_size=0x200, max_size=0x200), st.integers(0, 0x1FF), st.integers(0, 0x1FF), st.booleans())
def test_any_stack_is_walked_in_bounded_steps(data: bytes, sp: int, bp: int, virtual: bool) -> None:
    """Random bytes as code and as stack: no exception, stack pointers that grow, an end with a word."""
    memory = SegmentReader({STACK << 4: data, CODE << 4: data})
    flags = V86_FLAGS if virtual else 0x202
    selectors = (CODE, STACK) if virtual else (0xF, 0x17)
    segments = {0xF: Segment(CODE << 4, 0, 0x1FF, 16), 0x17: Segment(STACK << 4, 0, 0x1FF, 16)}
    walker = SegmentedWalker(memory, segments.get)
    found = list(walker.frames(registers(selectors[0], 0x20, sp, bp, selectors[1], flags)))
    assert len(found) <= MOST_FRAMES + 1 and walker.stop in Stop
    assert all(after.sp > before.sp for before, after in itertools.pairwise(found))
