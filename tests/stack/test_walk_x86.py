"""32-bit stacks without symbols: EBP chains, functions without a frame pointer, the switch frame, epilogs."""

from __future__ import annotations

import pytest

from tests.stack.made_code import SIZE, STACK, MadeCode
from volplugins.image.image_view import ImageView
from volplugins.memory.reader import SegmentReader
from volplugins.stack.found_starts import found_starts, start_below
from volplugins.stack.frame import Trust
from volplugins.stack.registers import RBP, Registers
from volplugins.stack.unwind_x86 import unwind_epilog

LOW, RSI = STACK[32], 6
FRAMED = b"\x8b\xff\x55\x8b\xec\x83\xec\x10" + b"\x90\x40" * 40 + b"\xc9\xc3"
FRAMELESS = b"\x56\x57" + b"\x40\x41" * 40 + b"\x5f\x5e\xc3"
INNER, WAIT, SERVICE, FIRST = 0x1000, 0x1100, 0x1200, 0x1300


@pytest.fixture
def made() -> MadeCode:
    """FIRST calls SERVICE calls WAIT calls INNER, which has no frame pointer."""
    code = MadeCode(32)
    code.put(code.first + INNER, FRAMELESS)
    for place in (WAIT, SERVICE, FIRST):
        code.put(code.first + place, FRAMED)
    for caller, called in ((WAIT, INNER), (SERVICE, WAIT), (FIRST, SERVICE)):
        code.call(code.first + caller + 0x10, code.first + called)
    return code


def chain(made: MadeCode) -> dict[int, int]:
    """WAIT's frame at 40h, SERVICE's at 80h, FIRST's at C0h; INNER's return address at 8."""
    first = made.first
    return {0x08: first + WAIT + 0x15, 0x40: LOW + 0x80, 0x44: first + SERVICE + 0x15, 0x80: LOW + 0xC0,
            0x84: first + FIRST + 0x15, 0xC0: 0, 0xC4: 0}  # fmt: skip


CALLERS = (WAIT, SERVICE, FIRST)


@pytest.mark.parametrize("export", [None, FIRST, INNER - 0x800])
def test_a_chain_is_followed_and_the_frameless_function_not_passed_over(made: MadeCode, export: int | None) -> None:
    """Whatever is exported: the nearest export below says nothing of where a function starts."""

    def function_at(address: int) -> int | None:
        return address if export is not None and address == made.first + export else None

    frames = made.walk(made.memory(chain(made)), made.first + INNER + 0x20, ebp=LOW + 0x40, function_at=function_at)
    assert [frame.ip for frame in frames if frame.ip][1:] == [made.first + place + 0x15 for place in CALLERS]
    assert [frame.trust for frame in frames[1:4]] == [Trust.SCAN, Trust.FRAME_POINTER, Trust.FRAME_POINTER]


def test_stale_words_below_an_intact_chain_are_not_taken(made: MadeCode) -> None:
    stale = made.call(made.second + 0x10, made.second + 0x800)
    words = {0x04: stale, 0x20: stale, **chain(made), 0x60: stale}
    frames = made.walk(made.memory(words), made.first + WAIT + 0x20, ebp=LOW + 0x40)
    assert [frame.ip for frame in frames if frame.ip][1:] == [made.first + place + 0x15 for place in CALLERS[1:]]


def test_a_caller_through_a_pointer_is_the_one_that_the_frame_above_called(made: MadeCode) -> None:
    made.put(made.first + WAIT + 0x10, b"\xff\xd0\x90\x90\x90")
    words = {**chain(made), 0x08: made.first + WAIT + 0x12}
    frames = made.walk(made.memory(words), made.first + INNER + 0x20, ebp=LOW + 0x40)
    assert frames[1].ip == made.first + WAIT + 0x12


def test_behind_the_switch_frame_lie_four_saved_registers(made: MadeCode) -> None:
    """KiSwapContext's caller is exact: EBP, EDI, ESI and EBX lie between."""
    made.put(made.first + 0x1800, b"\x83\xec\x10" + b"\x90" * 40)
    back = made.call(made.first + INNER + 0x20, made.first + 0x1800)
    words = {0x00: LOW + 0x60, 0x10: back, 0x24: made.first + WAIT + 0x15, 0x60: LOW + 0x80,
             0x64: made.first + SERVICE + 0x15, 0x80: LOW + 0xC0, 0x84: made.first + FIRST + 0x15}  # fmt: skip
    frames = made.walk(made.memory(words), made.first + 0x1810, ebp=LOW + 0x60, trust=Trust.SWITCH_FRAME)
    assert [frame.ip for frame in frames if frame.ip][1:] == [back, *(made.first + place + 0x15 for place in CALLERS)]
    assert [frame.trust for frame in frames[:2]] == [Trust.SWITCH_FRAME, Trust.SWITCH_FRAME]


def test_at_a_return_the_caller_is_on_top_of_the_stack(made: MadeCode) -> None:
    made.put(made.first + 0x1800, b"\xc3")
    back = made.put(made.first + WAIT + 0x20, b"\xff\xd2")
    frames = made.walk(made.memory({**chain(made), 0: back}), made.first + 0x1800, ebp=LOW + 0x40)
    assert (frames[1].ip, frames[1].sp, frames[1].trust) == (back, LOW + 4, Trust.LEAF)
    assert frames[2].ip == made.first + SERVICE + 0x15


@pytest.mark.parametrize("ebp", [0, LOW + 0x40])
def test_a_stub_that_returns_at_once_is_left_as_its_callee_was(made: MadeCode, ebp: int) -> None:
    """KiFastSystemCallRet and the stub of ntdll behind it: the stack pointer is exact in both, EBP is the program's."""
    made.put(made.first + 0x1800, b"\xc3")
    stub = made.put(made.first + 0x1810, b"\xff\x12")
    made.put(stub, b"\xc2\x08\x00")
    back = made.put(made.first + WAIT + 0x20, b"\xff\xd2")
    words = {**(chain(made) if ebp else {}), 0: stub, 4: back, 8: 0x51, 0xC: 0x52}
    frames = made.walk(made.memory(words), made.first + 0x1800, ebp=ebp)
    assert [(frame.ip, frame.sp, frame.trust) for frame in frames[1:3]] == [
        (stub, LOW + 4, Trust.LEAF), (back, LOW + 0x10, Trust.LEAF)
    ]  # fmt: skip


def test_what_a_frame_pointer_led_to_is_not_taken_for_a_stub(made: MadeCode) -> None:
    """Where the caller's arguments end is not known there: the word on top need not be its return address."""
    made.put(made.first + WAIT + 0x15, b"\xc3")
    stale = made.put(made.first + FIRST + 0x20, b"\xff\xd2")
    frames = made.walk(made.memory({**chain(made), 0x48: stale}), made.first + INNER + 0x20, ebp=LOW + 0x40)
    assert frames[1].ip == made.first + WAIT + 0x15 and stale not in [frame.ip for frame in frames]


@pytest.mark.parametrize("released", [0, 4, 0xC, 0x1F0])
def test_a_return_that_releases_arguments_leaves_the_stack_above_them(made: MadeCode, released: int) -> None:
    """RET imm16 as functions end that take their arguments off the stack themselves (stdcall)."""
    made.put(made.first + 0x1800, b"\x5e\xc9\xc2" + released.to_bytes(2, "little"))
    at, back = made.first + 0x1800, made.put(made.first + WAIT + 0x20, b"\xff\xd2")
    memory = made.memory({0: 0x51, 0x10: LOW + 0x80, 0x14: back, 0x18: 0xA1})
    found = unwind_epilog(memory, Registers(32, at, LOW, (None,) * 5 + (LOW + 0x10, None, None), {}))
    assert found is not None and (found.ip, found.sp) == (back, LOW + 0x18 + released)
    assert (found.general[RBP], found.general[RSI]) == (LOW + 0x80, 0x51)


def test_a_return_whose_count_cannot_be_read_is_none() -> None:
    memory = SegmentReader({0x80500000: b"\xc2\x0c", LOW: bytes(8)})
    assert unwind_epilog(memory, Registers(32, 0x80500000, LOW, (None,) * 8, {})) is None


def test_starts_are_call_targets_and_prologs(made: MadeCode) -> None:
    memory = made.memory({})
    view = ImageView(memory, made.first, SIZE)
    starts = list(found_starts(view, ((0, SIZE),)).rvas)
    assert starts == [INNER, WAIT, SERVICE, FIRST]
    assert start_below(starts, WAIT + 0x30) == WAIT
    assert start_below(starts, INNER - 1) is None
    assert start_below(starts, FIRST + 0x8000) is None


def test_starts_of_absent_or_odd_code_are_none() -> None:
    nothing = ImageView(SegmentReader({}), 0x80500000, SIZE)
    assert not list(found_starts(nothing, ((0, SIZE), (0x7000, 0x9000), (9, 3))).rvas)
    short = SegmentReader({0x80500000: b"\xe8\0\0"})
    assert not list(found_starts(ImageView(short, 0x80500000, 3), ((0, 0x1000),)).rvas)
