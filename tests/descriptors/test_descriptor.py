"""Descriptors against another decoder, on every type and on random bytes; rules of the manual on single ones."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.descriptors.other_decoder import bits, other
from volplugins.descriptors.address_work import work_through
from volplugins.descriptors.descriptor import decode_descriptor, is_canonical
from volplugins.descriptors.real_mode import RealAddress, read_vectors
from volplugins.descriptors.selector import Selector
from volplugins.descriptors.table import TableRegister
from volplugins.descriptors.task_state import decode_task_16, decode_task_32, decode_task_64
from volplugins.memory.reader import SegmentReader

BITS = pytest.mark.parametrize("virtual_bits", [32, 48, 57])


def agrees(data: bytes, virtual_bits: int) -> None:
    found, said = decode_descriptor(data, virtual_bits), other(data, virtual_bits > 32)
    assert found.type_word == said["type"]
    if said["type"] == "null":
        return
    assert (found.dpl, found.present) == (said["dpl"], said["present"])
    for name in ("base", "limit", "width"):
        assert name not in said or getattr(found, name) == said[name]
    assert "flags" not in said or set(found.flags) == said["flags"]
    if "selector" in said:
        assert found.gate is not None
        assert (found.gate.selector, found.gate.offset) == (said["selector"], said["offset"])
        assert found.gate.interrupt_stack == said.get("ist", 0)


@BITS
def test_every_type_of_both_modes(virtual_bits: int) -> None:
    chance = random.Random(1)
    for access in range(256):
        for flags in range(16):
            data = bytearray(chance.randbytes(16))
            data[5], data[6] = access, flags << 4 | data[6] & 0xF
            agrees(bytes(data), virtual_bits)


@BITS
@given(st.binary(min_size=16, max_size=16))
def test_random_bytes(virtual_bits: int, data: bytes) -> None:
    agrees(data, virtual_bits)


@pytest.mark.parametrize(
    ("raw", "offsets"),
    [
        (0x00CF93000000FFFF, (0, 0xFFFFFFFF)),
        (0x0040F30000003C00, (0, 0x3C00)),
        (0x00CF97000000FFFF, (0x100000000, 0xFFFFFFFF)),  # expand-down from 4 GiB on: nothing
        (0x0040970000000FFF, (0x1000, 0xFFFFFFFF)),
        (0x0000970000000FFF, (0x1000, 0xFFFF)),  # B clear: up to 64 KiB
    ],
)
def test_offsets_within_a_segment(raw: int, offsets: tuple[int, int]) -> None:
    assert decode_descriptor(raw.to_bytes(8, "little"), 32).offsets == offsets


def test_an_upper_half_beyond_the_table_is_said() -> None:
    whole = struct.pack("<QQ", 0x00008B0000000067, 0xFFFFF800)
    assert decode_descriptor(whole, 48).notes == ()
    assert decode_descriptor(whole[:8], 48).notes == ("its upper half lies beyond the table",)


def test_a_base_that_is_not_canonical_is_said() -> None:
    data = struct.pack("<QQ", 0x00008B0000000067, 0x00FFF800)
    assert decode_descriptor(data, 48).notes == ("base 0xfff80000000000 is not canonical",)
    assert not decode_descriptor(data, 57).notes  # 0x00ff... is below 2^56


@pytest.mark.parametrize(
    ("address", "width", "canonical"),
    [(0x7FFFFFFFFFFF, 48, True), (0x800000000000, 48, False), (0xFFFF800000000000, 48, True),
     (0xFF00000000000000, 48, False), (0xFF00000000000000, 57, True), (0x0100000000000000, 57, False)],
)  # fmt: skip
def test_canonical(address: int, width: int, canonical: bool) -> None:
    assert is_canonical(address, width) is canonical


def test_selectors() -> None:
    user = Selector(0x33)
    assert (user.index, user.offset, user.local, user.privilege, user.is_null) == (6, 0x30, False, 3, False)
    assert Selector(0xF).local and Selector(0xF).index == 1 and not Selector(4).is_null
    assert all(Selector(value).is_null for value in range(4))


def test_real_addresses_and_vectors() -> None:
    assert RealAddress(0xF000, 0xFFF0).linear == 0xFFFF0
    high = RealAddress(0xFFFF, 0xFFFF)
    assert (high.linear, high.masked) == (0x10FFEF, 0xFFEF)
    page = struct.pack("<4H", 0, 0, 0xE987, 0xF000) + bytes(0x3F8)
    assert list(read_vectors(page)) == [(1, RealAddress(0xF000, 0xE987))]
    assert not list(read_vectors(b"\1\2\3"))


def test_task_states() -> None:
    wide = decode_task_64(struct.pack("<I3QQ7QQHH", 0, 1, 2, 3, 0, *range(11, 18), 0, 0, 0x68))
    assert (wide.stacks, wide.interrupt_stacks, wide.io_map, wide.ip) == ((1, 2, 3), tuple(range(11, 18)), 0x68, 0)
    body = [0x28, 100, 0x10, 0, 0, 0, 0, 0x39000, 0x80401234, 2, *range(1, 9), 0x23, 8, 0x10, 0x24, 0x30, 0, 0x48]
    narrow = decode_task_32(struct.pack("<25I2H", *body, 0, 0x20AC))
    assert (narrow.link, narrow.stacks[0], narrow.stack_segments[0]) == (0x28, 100, 0x10)
    assert (narrow.ip, narrow.registers["esp"], narrow.registers["ebp"]) == (0x80401234, 5, 6)
    assert (narrow.registers["cr3"], narrow.segments["cs"], narrow.ldt) == (0x39000, 8, 0x48)
    old = decode_task_16(struct.pack("<22H", *range(22)))
    assert (old.ip, old.registers["sp"], old.segments["es"], old.ldt) == (7, 13, 17, 21)


@given(st.binary(min_size=8, max_size=8), st.integers(0, 0xFFFF_FFFF))
def test_limits_are_those_of_the_manual(data: bytes, offset: int) -> None:
    """Intel SDM 3A, 5.3: up to the limit, or above it where the segment grows down; no emulator at hand enforces it."""
    data = bytes([*data[:5], data[5] | 0x90, *data[6:]])  # present, code or data
    code, down, big = bits(data, 43, 1), bits(data, 42, 1), bits(data, 54, 1)
    limit = bits(data, 0, 16) + (bits(data, 48, 4) << 16)
    limit = limit * 4096 + 4095 if bits(data, 55, 1) else limit
    within = limit < offset <= (0xFFFFFFFF if big else 0xFFFF) if down and not code else offset <= limit
    memory = SegmentReader({0x1000: bytes(8) + data})
    worked = work_through(memory, Selector(8), offset, TableRegister(0x1000, 0xF), None, 32)
    assert worked.linear_state == ("valid" if within else "beyond-limit")
    base = bits(data, 16, 24) + (bits(data, 56, 8) << 24)
    assert worked.linear == (base + offset) % (1 << 32)
