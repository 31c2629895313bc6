"""Random bytes as unwind information, exception directories, code and stacks: a reason, never an exception, no hang."""

from __future__ import annotations

import contextlib
import struct

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stack.hostile_walk import HostileCode, walk_hostile
from volplugins.image.exception_directory import FunctionEntry, FunctionTable
from volplugins.image.image_view import ImageView
from volplugins.memory.reader import SegmentReader
from volplugins.stack.epilog import epilog_plan
from volplugins.stack.frame import Stop, Trust
from volplugins.stack.plan import CannotUnwind, plan_of
from volplugins.stack.registers import Registers
from volplugins.stack.unwind_info import try_chain
from volplugins.stack.unwind_x64 import CodeImage, unwind
from volplugins.stack.walker import MAX_FRAMES, Walker

BASE, SIZE, STACK = 0xFFFFF80000000000, 0x3000, 0xFFFFD00000010000


class OneImage:
    def __init__(self, memory, functions) -> None:
        self.image = CodeImage(BASE, SIZE, ImageView(memory, BASE, SIZE), functions)

    def image_at(self, address):
        return self.image if BASE <= address < BASE + SIZE else None

    def holds(self, address) -> bool:
        return self.image_at(address) is not None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 400))
def test_unwind_information(data: bytes, rva: int) -> None:
    view = ImageView(SegmentReader({BASE: data} if data else {}), BASE, SIZE)
    table = FunctionTable(struct.pack("<III", 0, 0x1000, rva), np.ones(12, dtype=bool))
    entry = table.find(1)
    assert entry is not None
    found = try_chain(view, entry)
    assert isinstance(found, str) or len(found) <= 32


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=600), st.lists(st.booleans(), max_size=600), st.integers(0, 1 << 32))
def test_exception_directories(data: bytes, there: list[bool], rva: int) -> None:
    present = np.array((there + [True] * len(data))[: len(data)], dtype=bool)
    table = FunctionTable(data, present)
    entry = table.find(rva)
    assert entry is None or entry.begin <= rva < entry.end
    assert isinstance(table.knows(rva), bool)
    assert table.readable <= table.count


@settings(max_examples=300, deadline=None)
@given(
    st.binary(min_size=64, max_size=0x2000), st.binary(min_size=8, max_size=512), st.integers(0, SIZE), st.booleans()
)
def test_one_step(image: bytes, stack: bytes, rva: int, is_return: bool) -> None:
    entries = b"".join(
        struct.pack("<III", at, at + 0x40, int.from_bytes(image[at % 60 : at % 60 + 2], "little") % SIZE)
        for at in range(0, SIZE, 0x40)
    )
    memory = SegmentReader({BASE: image, STACK: stack})
    code = OneImage(memory, FunctionTable(entries, np.ones(len(entries), dtype=bool)))
    general = tuple(STACK + 8 * number for number in range(16))
    registers = Registers(64, BASE + rva, STACK, general, {})
    with contextlib.suppress(CannotUnwind):
        unwind(memory, code, registers, is_return)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=96), st.integers(0, 15))
def test_epilogs(code: bytes, frame_register: int) -> None:
    plan = epilog_plan(code, BASE, frame_register, lambda _target: True)
    assert plan is None or plan.return_at % 8 in range(8)


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=0x1800))
def test_whole_walks(data: bytes) -> None:
    walk_hostile(data)


def test_a_chain_of_frame_pointers_without_end_stops_at_the_limit() -> None:
    base, stack = 0x82000000, 0x9A000000
    words = b"".join(struct.pack("<II", stack + 8 * number + 8, base + 0x105) for number in range(5000))
    code = bytes(0x100) + b"\xe8\0\0\0\0" + bytes(0x100)
    memory = SegmentReader({base: code, stack: words})
    registers = Registers(32, base + 0x105, stack, (None, None, None, None, None, stack, None, None), {})
    walker = Walker(memory, HostileCode(memory, code, 32), ((stack, stack + len(words)),), 0x80000000)
    frames = list(walker.frames(registers, Trust.CONTEXT))
    assert len(frames) == MAX_FRAMES
    assert walker.stop is Stop.LIMIT


def test_an_indirect_entry_leads_to_the_entry_that_it_names() -> None:
    """The lowest bit of UnwindInfoAddress: what is there is another entry of the table, whose information counts."""
    info = bytes([1, 4, 1, 0, 4, 0x42])  # one code: 28h bytes
    image = bytearray(0x200)
    image[0x100 : 0x100 + len(info)] = info
    image[0x40:0x4C] = struct.pack("<III", 0x10, 0x20, 0x100)
    image[0x60:0x6C] = struct.pack("<III", 0x10, 0x20, 0x61)  # leads to itself
    view = ImageView(SegmentReader({BASE: bytes(image)}), BASE, SIZE)
    direct, indirect, loop = (try_chain(view, FunctionEntry(0x10, 0x20, rva)) for rva in (0x100, 0x41, 0x61))
    assert not isinstance(direct, str)
    assert direct == indirect
    assert plan_of(direct, None).return_at == 0x28
    assert loop == "the chain of entries loops"


def test_version_3_is_refused_by_name() -> None:
    """Another encoding behind the same first byte (Microsoft's preview of 2026): never read as version 1 or 2."""
    image = bytearray(0x1000)
    image[0x100:0x104] = bytes((3, 8, 2, 1))
    found = try_chain(ImageView(SegmentReader({BASE: bytes(image)}), BASE, 0x1000), FunctionEntry(0x10, 0x20, 0x100))
    assert found == "unwind information of version 3 (APX), which is not read"
