"""Processors' blocks and threads that are none."""

from __future__ import annotations

import struct

import pytest

from volplugins.kernel.layouts import built_in
from volplugins.kernel.plausible import is_processor_block, is_thread
from volplugins.kernel.processors import read_processors
from volplugins.kernel.thread import Thread
from volplugins.memory.reader import SegmentReader

PCR, BLOCK, ETHREAD = 0xFFFFF80000010000, 0xFFFFF80000030000, 0xFFFFA00000001080
PRCB = PCR + 0x180


def pcr(self_at: int = PCR, prcb: int = PRCB, thread: int = ETHREAD) -> bytes:
    data = bytearray(0x1000)
    struct.pack_into("<QQ", data, 0x18, self_at, prcb)
    struct.pack_into("<Q", data, 0x180 + 8, thread)
    return bytes(data)


def thread(kind: int = 6) -> bytes:
    layout = built_in(64, 19041).thread
    data = bytearray(layout.size)
    data[0] = kind
    for member, value in (("StackBase", 0xFFFFB00000006000), ("StackLimit", 0xFFFFB00000000000)):
        struct.pack_into("<Q", data, layout.offset(member), value)
    struct.pack_into("<Q", data, layout.offset("ApcProcess"), 0xFFFFA00000000080)
    return bytes(data)


def processors(block: bytes, kind: int = 6) -> tuple[int, int | None]:
    reader = SegmentReader({PCR: block, BLOCK: struct.pack("<Q", PRCB), ETHREAD: thread(kind)})
    found = read_processors(reader, BLOCK, 1, built_in(64, 19041), 64)
    current = found[0].current_thread if found else None
    return len(found), current.ethread if current else None


def test_a_block_is_believed_where_its_pcr_names_it() -> None:
    assert processors(pcr()) == (1, ETHREAD)


@pytest.mark.parametrize("block", [pcr(self_at=PCR + 0x1000), pcr(prcb=0), bytes(0x1000)])
def test_a_block_that_its_pcr_does_not_name_is_none(block: bytes) -> None:
    assert processors(block) == (0, None)


def test_a_current_thread_of_another_type_is_none() -> None:
    assert processors(pcr(), kind=3) == (1, None)


def test_what_cannot_be_read_disproves_nothing() -> None:
    assert is_processor_block(SegmentReader({}), PRCB, 64)
    assert not is_processor_block(SegmentReader({}), 0x1000, 64)
    assert not is_processor_block(SegmentReader({}), PRCB + 4, 64)


def test_a_thread_with_a_stack_in_user_memory_is_none() -> None:
    reader = SegmentReader({ETHREAD: thread()})
    assert not is_thread(reader, Thread(ETHREAD, 4, 8, 0xFFFFA00000000080, 0x1000, 0x7000, None, None), 64)
