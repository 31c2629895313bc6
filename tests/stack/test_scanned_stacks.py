"""Walks without unwind data over made stacks: which words are taken for frames, and how far they are trusted."""

from __future__ import annotations

import random
import struct
import time

import numpy as np
import pytest

from tests.stack.made_code import SIZE, STACK, MadeCode
from volplugins.image.exception_directory import FunctionTable
from volplugins.image.image_view import ImageView
from volplugins.stack.candidates import MAX_STACK
from volplugins.stack.frame import Stop, Trust
from volplugins.stack.registers import Registers
from volplugins.stack.walker import Walker

# push rbx; sub rsp, 20h, then ordinary instructions and a return: 28h bytes with a return address above
PROLOG = b"\x53\x48\x83\xec\x20"
BODY = PROLOG + b"\x90" * 90 + b"\xc3"
A, B, C, STALE, DEEP = 0x1000, 0x1100, 0x1200, 0x2000, 0x2100


@pytest.fixture
def made() -> MadeCode:
    """A is called by B, B by C, C through a pointer by the second image; STALE calls DEEP."""
    code = MadeCode(64)
    for place in (A, B, C, STALE, DEEP):
        code.put(code.first + place, BODY)
    code.put(code.second + A, BODY)
    code.call(code.first + B + 0x10, code.first + A)
    code.call(code.first + C + 0x10, code.first + B)
    code.put(code.second + A + 0x10, b"\xff\xd0")
    code.call(code.first + STALE + 0x10, code.first + DEEP)
    return code


def returns(made: MadeCode) -> dict[str, int]:
    return {"B": made.first + B + 0x15, "C": made.first + C + 0x15, "top": made.second + A + 0x12,
            "stale": made.first + STALE + 0x15}  # fmt: skip


def test_a_stale_word_below_the_true_caller_is_left_out(made: MadeCode) -> None:
    back = returns(made)
    words = {0x08: back["stale"], 0x28: back["B"], 0x40: back["stale"], 0x58: back["C"], 0x88: back["top"]}
    frames = made.walk(made.memory(words, 0xA0), made.first + A + 0x20, size=0xA0)
    assert [frame.ip for frame in frames[1:]] == [back["B"], back["C"], back["top"]]
    assert {frame.trust for frame in frames[1:]} == {Trust.SCAN}


def test_a_chain_of_stale_words_that_lead_to_one_another_is_left_out(made: MadeCode) -> None:
    """Old frames are each other's callers too; the way into them is what gives them away."""
    back = returns(made)
    more = made.put(made.first + 0x3000, BODY)
    assert more < made.first + SIZE
    older = made.call(made.first + 0x3010, made.first + STALE)
    words = {0x00: back["stale"], 0x28: back["B"], 0x30: back["stale"], 0x58: back["C"], 0x60: back["stale"],
             0x68: older, 0x88: back["top"]}  # fmt: skip
    frames = made.walk(made.memory(words, 0xA0), made.first + A + 0x20, size=0xA0)
    assert [frame.ip for frame in frames[1:]] == [back["B"], back["C"], back["top"]]


def test_a_disproved_word_is_left_out_where_the_true_caller_is_not_proved(made: MadeCode) -> None:
    back = returns(made)
    made.put(made.first + 0x3000, BODY)
    last = made.call(made.first + 0x3010, made.second + A)
    words = {0x08: back["stale"], 0x28: back["stale"], 0x38: back["top"], 0x48: back["stale"], 0x78: last}
    frames = made.walk(made.memory(words, 0x90), made.first + A + 0x20, size=0x90)
    assert [frame.ip for frame in frames[1:]] == [back["top"], last]


def test_a_word_within_the_function_s_own_frame_is_no_caller(made: MadeCode) -> None:
    """The call leads here, as that of an earlier round did; but the prolog's part of the stack holds no caller."""
    back = returns(made)
    frames = made.walk(made.memory({0x10: back["B"], 0x38: back["B"], 0x78: back["C"]}, 0x90),
                       made.first + A + 0x20, size=0x90)  # fmt: skip
    assert [frame.sp - STACK[64] for frame in frames[1:]] == [0x40, 0x80]


def test_unread_code_keeps_every_word(made: MadeCode) -> None:
    """Nothing can be told: as before, all of them are shown, and each says so."""
    words = {at: made.second + 0x500 + at for at in range(0, 0x80, 0x10)}
    frames = made.walk(made.memory(words, 0x80, without=made.second), made.first + 0x800, size=0x80)
    assert [frame.ip for frame in frames[1:]] == list(words.values())
    assert {frame.call_checked for frame in frames[1:]} == {None}


@pytest.mark.parametrize("bits", [64, 32])
def test_a_stack_full_of_return_addresses_takes_bounded_time(bits: int) -> None:
    made, chooser = MadeCode(bits), random.Random(1)
    for at in range(8, SIZE - 8, 8):
        made.call(made.first + at, made.first + chooser.randrange(SIZE))
    size, width = 1 << 16, bits // 8
    words = {at: made.first + chooser.randrange(1, SIZE // 8) * 8 + 5 for at in range(0, size, width)}
    memory = made.memory(words, size)
    started = time.perf_counter()
    assert made.walk(memory, made.first + 20, size=size)
    assert time.perf_counter() - started < 20


class TestTrust:
    """The second image has unwind data, the first has none."""

    def tabled(self, made: MadeCode, words: dict[int, int], leaf: bool = False):
        unwind = made.second + 0x3000
        made.put(unwind, bytes((1, 5, 2, 0, 5, 0x32, 1, 0x30)))  # sub rsp, 20h; push rbx
        memory = made.memory(words, 0x100)
        rows = struct.pack("<3I", 0x3800 if leaf else A, 0x3900 if leaf else A + len(BODY), 0x3000)
        table = FunctionTable(rows, np.ones(len(rows), dtype=bool))
        image = made.image_at(made.second)
        assert image is not None
        image.functions = table
        return made.walk(memory, made.first + A + 0x20, size=0x100)

    def test_what_rests_on_an_unproved_word_is_a_scan(self, made: MadeCode) -> None:
        """A pointer call led into the second image, whose unwind data lead on: to a call that does not prove it."""
        at = made.put(made.first + 0x3000, BODY[:0x10] + b"\xff\xd0" + BODY)
        assert at
        frames = self.tabled(made, {0x28: made.second + A + 0x12, 0x58: made.first + 0x3012})
        assert [(frame.ip, frame.trust) for frame in frames[1:]] == [
            (made.second + A + 0x12, Trust.SCAN), (made.first + 0x3012, Trust.SCAN),
        ]  # fmt: skip

    def test_a_call_that_leads_there_proves_the_chain(self, made: MadeCode) -> None:
        made.put(made.first + 0x3000, BODY)
        back = made.call(made.first + 0x3010, made.second + A)
        frames = self.tabled(made, {0x28: made.second + A + 0x12, 0x58: back})
        assert [frame.trust for frame in frames[1:]] == [Trust.SCAN, Trust.UNWIND_INFO]

    def test_a_return_address_is_in_no_leaf(self, made: MadeCode) -> None:
        """The image's function table is whole and has no entry there: such a function has called nothing."""
        back = returns(made)
        leaf = made.second + A + 0x12
        frames = self.tabled(made, {0x28: leaf, 0x30: back["C"], 0x48: back["B"]}, leaf=True)
        assert leaf not in [frame.ip for frame in frames]
        assert frames[1].ip == back["B"]


def test_code_that_memory_lacks_is_read_from_the_image_s_file(made: MadeCode) -> None:
    back = returns(made)
    words = {0x08: back["stale"], 0x38: back["B"], 0x40: back["stale"], 0x78: back["C"]}
    whole = made.memory(words, 0x90)
    without = made.memory(words, 0x90, without=made.first)
    assert [frame.ip for frame in made.walk(without, made.first + A + 0x20, size=0x90)[1:]] == list(words.values())
    image = made.image_at(made.first)
    assert image is not None
    image.view = ImageView(whole, made.first, SIZE)
    assert [frame.ip for frame in made.walk(without, made.first + A + 0x20, size=0x90)[1:]] == [back["B"], back["C"]]


def walked(made: MadeCode, words: dict[int, int], size: int) -> tuple[list[int], Walker]:
    """The frames of a user stack that begins at its first word, and the walker with why it ended."""
    low = STACK[64]
    walker = Walker(made.memory(words, size), made, [(low, low + size)])
    registers = Registers(64, made.first + A + 0x20, low, (None,) * 16, {})
    return [frame.ip for frame in walker.frames(registers, Trust.CONTEXT)], walker


def test_each_frame_is_followed_by_a_search_of_its_own(made: MadeCode) -> None:
    """User stacks are larger than what is searched at once; what lies far up is found from the frame below it."""
    back = returns(made)
    made.put(made.first + 0x3000, BODY)
    last, far = made.call(made.first + 0x3010, made.first + C), MAX_STACK - 0x100
    found, walker = walked(made, {0x28: back["B"], far: back["C"], 2 * far: last}, 4 * MAX_STACK)
    assert found[1:] == [back["B"], back["C"], last]
    last = STACK[64] + 2 * far + 8
    assert (walker.stop, walker.text) == (Stop.LIMIT, f"no return address in the 128 KiB above {last:#x}")


def test_a_stack_that_is_searched_to_its_end_says_nothing_of_limits(made: MadeCode) -> None:
    back = returns(made)
    found, walker = walked(made, {0x28: back["B"]}, MAX_STACK)
    assert (found[1:], walker.stop, walker.text) == ([back["B"]], Stop.END_OF_STACK, "")
