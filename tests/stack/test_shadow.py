"""Shadow stacks by hand: tokens, interrupts, old words, and what hostile bytes do."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volplugins.memory.reader import SegmentReader
from volplugins.stack.frame import Frame, Trust
from volplugins.stack.shadow import ShadowStack, check, entries_from

AT, CODE, STACK = 0xFFFFFE0000010000, 0xFFFFF80000001000, 0xFFFFA00000000000
EMPTY = SegmentReader({})


def words(*values):
    return struct.pack(f"<{len(values)}Q", *values)


def frames(*ips, trust=Trust.UNWIND_INFO):
    return [Frame(STACK + 0x40 * n, ip, Trust.CONTEXT if not n else trust, None) for n, ip in enumerate((CODE, *ips))]


def test_tokens_and_interrupts_are_no_return_addresses():
    found = entries_from([AT + 8 | 1, CODE + 1, AT + 0x10 + 0x18, CODE + 2, 0x10, CODE + 3, 0, CODE + 4], AT)
    assert found == [CODE + 1, CODE + 2, CODE + 3]


def test_what_agrees_is_proved_and_what_does_not_is_replaced():
    shadow = ShadowStack(AT, words(CODE + 1, CODE + 2, CODE + 3), True)
    same = check(frames(CODE + 1, CODE + 2, CODE + 3, trust=Trust.SCAN), shadow, EMPTY, STACK + 0x1000)
    assert same.differs is None and same.agreed == 3
    assert [each.trust for each in same.frames] == [Trust.CONTEXT] + [Trust.SHADOW_STACK] * 3
    memory = SegmentReader({STACK: bytes(0x90) + words(CODE + 2) + bytes(0x400)})
    other = check(frames(CODE + 1, 0x4141), shadow, memory, STACK + 0x400)
    assert (other.differs, other.said, other.place) == (2, 0x4141, STACK + 0x80 - 8)
    assert [each.ip for each in other.frames] == [CODE, CODE + 1, CODE + 2, CODE + 3]
    assert other.frames[2].sp == STACK + 0x98  # behind the word that holds it
    guessed = check(frames(CODE + 1, 0x4141, trust=Trust.SCAN), shadow, EMPTY, STACK)
    assert guessed.differs == 2 and not guessed.overwritten


def test_a_pointer_that_is_not_known_is_found_by_two_return_addresses():
    old = words(CODE + 7, CODE + 8, CODE + 1, CODE + 2, CODE + 3)
    found = check(frames(CODE + 1, CODE + 2, CODE + 3), ShadowStack(AT, old, False), EMPTY, STACK)
    assert found.differs is None and found.agreed == 3
    assert check(frames(CODE + 1, CODE + 9), ShadowStack(AT, old, False), EMPTY, STACK) is None


def test_a_longer_run_behind_an_overwritten_address_does_not_hide_it():
    whole = ShadowStack(AT, words(*(CODE + number for number in range(1, 8))), False)
    found = check(frames(CODE + 1, CODE + 2, 0x4141, *(CODE + number for number in range(4, 8))), whole, EMPTY, STACK)
    assert (found.agreed, found.differs, found.said, found.place) == (2, 3, 0x4141, STACK + 0xC0 - 8)
    assert [each.ip for each in found.frames] == [CODE + number for number in range(8)]
    # what guesses led to may be what an earlier call left there: the longest run counts
    old = ShadowStack(AT, words(CODE + 8, CODE + 9, 0x4141, CODE + 1, CODE + 2, CODE + 3), False)
    guessed = check(frames(CODE + 8, CODE + 9, *(CODE + n for n in (1, 2, 3)), trust=Trust.SCAN), old, EMPTY, STACK)
    assert guessed.differs is None and guessed.agreed == 3


def test_a_shadow_stack_that_ends_early_takes_nothing_away():
    found = check(frames(CODE + 1, CODE + 2, CODE + 3), ShadowStack(AT, words(CODE + 1), True), EMPTY, STACK)
    assert found.differs is None and [each.ip for each in found.frames][2:] == [CODE + 2, CODE + 3]
    assert check(frames(CODE + 1), ShadowStack(AT, bytes(8), True), EMPTY, STACK) is None


@given(st.binary(max_size=512), st.lists(st.integers(0, (1 << 64) - 1), max_size=8), st.booleans())
def test_whatever_the_bytes_are_frames_come_back(data, ips, exact):
    found = check(frames(*ips), ShadowStack(AT, data, exact), EMPTY, STACK + 0x1000)
    assert found is None or (len(found.frames) <= len(ips) + 1 + 64 and found.agreed <= len(ips) + 1)


@pytest.mark.parametrize("trust", [Trust.UNWIND_INFO, Trust.SCAN])
def test_no_frames_no_verdict(trust):
    assert check([], ShadowStack(AT, words(CODE), True), EMPTY, STACK) is None
