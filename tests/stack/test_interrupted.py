"""Walks that leave all code, and walks from an interrupt stack to the one that was interrupted; memory made by hand."""

from __future__ import annotations

import struct

import pytest

from volplugins.memory.reader import SegmentReader
from volplugins.stack.entered import caller_of_no_code
from volplugins.stack.frame import Stop, Trust
from volplugins.stack.interrupted import linked_trap_frame, pushed_at_top, tops_above
from volplugins.stack.registers import from_names
from volplugins.stack.walker import Walker

CODE, CODE_SIZE = 0xFFFFF80000100000, 0x1000
ISR, TOP = 0xFFFFB88A00001000, 0xFFFFB88A00004000
OLD = 0xFFFFB88A10002000  # the interrupted stack
CALL = b"\xff\xd0"  # call rax
LIMIT = 1 << 47


class Code:
    """One range of code without unwind data."""

    def holds(self, address: int) -> bool:
        return CODE <= address < CODE + CODE_SIZE

    def image_at(self, _address: int) -> None:
        return None


def trap(ip: int, sp: int, cs: int = 0x10, flags: int = 0x246, ss: int = 0x18) -> bytes:
    frame = bytearray(0x190)
    struct.pack_into("<QQQQQ", frame, 0x168, ip, cs, flags, sp, ss)
    return bytes(frame)


def memory(link: int, frame: bytes, above: bytes = b"") -> SegmentReader:
    code = bytearray(b"\x31\xc0" * (CODE_SIZE // 2))  # xor eax, eax: no padding, no prolog
    code[0x10 : 0x10 + 5] = b"\xe8" + struct.pack("<i", 0x38 - 0x15)  # calls CODE + 0x38, returns to CODE + 0x15
    isr = bytearray(TOP - ISR)
    struct.pack_into("<Q", isr, len(isr) - 0x10, link)
    return SegmentReader({CODE: bytes(code), ISR: bytes(isr), OLD: frame + above.ljust(0x200, b"\0")})


def walk(reader: SegmentReader, ip: int = CODE + 0x80, sp: int = ISR + 0x100) -> tuple[list[tuple[int, Trust]], Walker]:
    walker = Walker(reader, Code(), ((ISR, TOP),), LIMIT, tops=(TOP,))
    frames = list(walker.frames(from_names(64, {"rip": ip, "rsp": sp}), Trust.CONTEXT))
    return [(frame.ip, frame.trust) for frame in frames], walker


def test_the_walk_goes_on_where_the_interrupt_stack_was_entered() -> None:
    found, walker = walk(memory(OLD, trap(CODE + 0x40, OLD + 0x190), struct.pack("<QQ", 0, CODE + 0x15)))
    assert found == [(CODE + 0x80, Trust.CONTEXT), (CODE + 0x40, Trust.TRAP_FRAME), (CODE + 0x15, Trust.SCAN)]
    assert walker.stop is Stop.NOT_IN_DUMP


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (0, trap(CODE + 0x40, OLD + 0x190)),  # no link
        (OLD + 8, trap(CODE + 0x40, OLD + 0x190)),  # not aligned
        (0x7FF0, trap(CODE + 0x40, OLD + 0x190)),  # a user address
        (ISR + 0x800, trap(CODE + 0x40, OLD + 0x190)),  # the same stack
        (OLD, trap(CODE + 0x40, OLD + 0x190, cs=0x18)),  # no selector of kernel code
        (OLD, trap(CODE + 0x40, OLD + 0x194)),  # the stack pointer is not aligned
        (OLD, trap(CODE + 0x40, OLD + 0x190, flags=0x8246)),  # flags that the processor never sets
        (OLD, trap(0xFFFFF80012345678, OLD + 0x190)),  # no code there
        (OLD + 0x100000, trap(CODE + 0x40, OLD + 0x190)),  # not in the dump
    ],
)
def test_a_link_is_held_to_what_a_processor_pushes(link: int, frame: bytes) -> None:
    reader = memory(link, frame)
    assert linked_trap_frame(reader, Code(), (TOP,)) is None
    found, _ = walk(reader)
    assert found == [(CODE + 0x80, Trust.CONTEXT)]


def test_two_stacks_that_lead_to_each_other_end() -> None:
    back = ISR + 0x200
    reader = memory(OLD, trap(CODE + 0x40, back))
    found, walker = walk(reader)
    assert walker.stop is Stop.LOOP
    assert len(found) < 5


def test_a_user_frame_behind_the_link_crosses_into_user_mode() -> None:
    _, walker = walk(memory(OLD, trap(0x7FFB0000, 0x1000, cs=0x33, ss=0x2B)))
    assert walker.crossed is not None
    assert walker.crossed.ip == 0x7FFB0000


def test_tops_are_the_known_ones_and_the_end_of_what_is_there() -> None:
    reader = memory(0, b"")
    assert tops_above(reader, ISR + 0x100, (ISR, ISR + 0x2000, TOP + 0x100000)) == (ISR + 0x2000, TOP)
    assert tops_above(reader, ISR + 0x100) == (TOP,)


@pytest.mark.parametrize("ip", [0, 0x41414141, 0xFFFF8A8F00001000])
def test_the_word_at_the_stack_pointer_is_the_caller_of_no_code(ip: int) -> None:
    stack = struct.pack("<QQ", CODE + 0x12, 7)
    reader = SegmentReader({CODE: b"\x90" * 0x10 + CALL + b"\x90" * 0x80, OLD: stack})
    registers = from_names(64, {"rip": ip, "rsp": OLD, "rbx": 3})
    found = caller_of_no_code(reader, Code(), registers)
    assert found is not None
    assert (found.ip, found.sp, found.trust, found.call_checked) == (CODE + 0x12, OLD + 8, Trust.LEAF, True)
    assert found.registers is not None
    assert found.registers.named()["rbx"] == 3


def test_a_word_behind_no_call_is_no_caller() -> None:
    reader = SegmentReader({CODE: b"\x90" * 0x100, OLD: struct.pack("<Q", CODE + 0x12)})
    assert caller_of_no_code(reader, Code(), from_names(64, {"rip": 0, "rsp": OLD})) is None
    # code that cannot be read proves nothing against it
    unread = SegmentReader({OLD: struct.pack("<Q", CODE + 0x12)})
    found = caller_of_no_code(unread, Code(), from_names(64, {"rip": 0, "rsp": OLD}))
    assert found is not None
    assert found.call_checked is None


PUSHED = struct.pack("<QQQQQ", CODE + 0x40, 0x10, 0x246, OLD + 0x100, 0x18)


def begun(pushed: bytes, kept: int) -> SegmentReader:
    """A stack of the interrupt stack table: what the processor pushed, below what the kernel keeps at its end."""
    reader = memory(0, b"")
    isr = bytes(TOP - ISR - len(pushed) - kept) + pushed + bytes(kept)
    return SegmentReader({CODE: reader.read(CODE, CODE_SIZE), ISR: isr, OLD: bytes(0x400)})


@pytest.mark.parametrize("kept", [0, 0x10, 0x60])
def test_a_stack_of_the_processors_own_leads_back_by_what_it_pushed(kept: int) -> None:
    walker = Walker(begun(PUSHED, kept), Code(), ((ISR, TOP), (OLD, OLD + 0x400)), LIMIT, begun=(TOP,))
    frames = list(walker.frames(from_names(64, {"rip": CODE + 0x80, "rsp": ISR + 0x100}), Trust.CONTEXT))
    assert [(frame.ip, frame.sp, frame.trust) for frame in frames[1:]] == [
        (CODE + 0x40, OLD + 0x100, Trust.MACHINE_FRAME)
    ]


@pytest.mark.parametrize("tops", [(), (TOP + 0x1000,)])
def test_a_stack_that_is_not_known_to_begin_so_does_not(tops: tuple[int, ...]) -> None:
    walker = Walker(begun(PUSHED, 0), Code(), ((ISR, TOP),), LIMIT, begun=tops)
    assert len(list(walker.frames(from_names(64, {"rip": CODE + 0x80, "rsp": ISR + 0x100}), Trust.CONTEXT))) == 1


@pytest.mark.parametrize(
    ("place", "value"),
    [(0, 0x1234), (1, 0x33), (2, 0x244), (2, 1 << 40), (3, OLD + 4), (3, 0x1000), (4, 0x2B)],
)
def test_what_the_processor_pushed_is_held_to_its_rules(place: int, value: int) -> None:
    words = list(struct.unpack("<5Q", PUSHED))
    words[place] = value
    assert pushed_at_top(begun(struct.pack("<5Q", *words), 0), Code(), TOP) is None
