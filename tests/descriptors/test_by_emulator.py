"""What an emulated processor says of the same tables: bases by loads, limits and rights by its instructions, V86."""

from __future__ import annotations

import random
import struct

import pytest

from volplugins.descriptors.address_work import work_through
from volplugins.descriptors.descriptor import Descriptor, decode_descriptor
from volplugins.descriptors.real_mode import RealAddress
from volplugins.descriptors.selector import Selector
from volplugins.descriptors.table import TableRegister, read_segments
from volplugins.memory.reader import SegmentReader

unicorn = pytest.importorskip("unicorn", reason="no emulator at hand: pip install unicorn")
x86 = unicorn.x86_const

GDT, CODE, DATA, SIZE = 0x10000, 0x20000, 0x40000, 0x100000
LSL, LAR = b"\x0f\x03\xd8", b"\x0f\x02\xd8"  # lsl ebx, eax; lar ebx, eax
VERR, VERW, LTR, LLDT = b"\x0f\x00\xe0", b"\x0f\x00\xe8", b"\x0f\x00\xd8", b"\x0f\x00\xd0"  # of eax
ZERO_FLAG = 1 << 6
_READABLE_LIMITS = ("tss16", "tss32", "tss64", "ldt")


class Processor:
    """An emulated processor with one megabyte of memory and the table in it."""

    def __init__(self, bits: int, table: bytes) -> None:
        self.wide = bits == 64
        self.engine = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64 if self.wide else unicorn.UC_MODE_32)
        self.engine.mem_map(0, 2 * SIZE)
        self.engine.mem_write(GDT, table)
        self.engine.reg_write(x86.UC_X86_REG_GDTR, (0, GDT, len(table) - 1, 0))
        self.engine.reg_write(x86.UC_X86_REG_ESP, DATA)

    def run(self, code: bytes, eax: int = 0) -> tuple[int, bool]:
        """EBX and the zero flag after ``code``."""
        self.engine.mem_write(CODE, code)
        self.engine.reg_write(x86.UC_X86_REG_RAX if self.wide else x86.UC_X86_REG_EAX, eax)
        self.engine.reg_write(x86.UC_X86_REG_EBX, 0xDEAD)
        self.engine.emu_start(CODE, CODE + len(code))
        flags = self.engine.reg_read(x86.UC_X86_REG_EFLAGS)
        return self.engine.reg_read(x86.UC_X86_REG_EBX) & 0xFFFFFFFF, bool(flags & ZERO_FLAG)


def table_of(bits: int, seed: int) -> bytes:
    """A GDT of made-up descriptors of all types: code and data, system descriptors with their upper halves."""
    chance = random.Random(seed)
    found = bytearray(8)
    for access in range(256):
        entry = bytearray(chance.randbytes(8))
        entry[5] = access
        wide = bits == 64 and not access & 0x10
        # reserved combinations of L and D are left out
        if access & 0x18 == 0x18 and entry[6] & 0x20:
            entry[6] &= ~0x40
        found += entry + (struct.pack("<II", 0xFFFFF800, 0) if wide else b"")
    return bytes(found)


def places(table: bytes, bits: int) -> list[tuple[int, Descriptor]]:
    """Selectors and descriptors, stepping as the table was made: every system entry takes two places of long mode."""
    found, at = [], 8
    while at < len(table):
        wide = bits == 64 and not table[at + 5] & 0x10
        data = table[at : at + (16 if wide else 8)]
        found.append((at, decode_descriptor(data, 48 if bits == 64 else 32)))
        at += len(data)
    return found


@pytest.mark.parametrize("bits", [32, 64])
def test_limits_and_rights(bits: int) -> None:
    table = table_of(bits, bits)
    processor, seen = Processor(bits, table), 0
    for selector, found in places(table, bits):
        limit, has_limit = processor.run(LSL, selector)
        if bits == 64 and found.kind == "reserved" and found.raw >> 40 & 0xF in (1, 3):
            continue  # a TSS of 16 bits: reserved in long mode (manual, table 3-2), which the emulator does not check
        assert has_limit == (found.is_segment or found.type_word in _READABLE_LIMITS), found
        assert not has_limit or limit == found.limit
        rights, has_rights = processor.run(LAR, selector)
        if has_rights:
            assert (rights >> 13 & 3, bool(rights >> 15 & 1)) == (found.dpl, found.present)
            seen += 1
        readable = processor.run(VERR, selector)[1]
        writable = processor.run(VERW, selector)[1]
        assert (readable, writable) == ("read" in found.flags, "write" in found.flags), found
    assert seen > 100


def test_bases_by_loads() -> None:
    """What a load through FS gives lies at the segment's base plus the offset."""
    chance = random.Random(3)
    bases = [chance.randrange(DATA, SIZE) for _ in range(50)]
    entries = [0] + [0x00CFF30000000000 | 0xFFFF | (base & 0xFFFFFF) << 16 | base >> 24 << 56 for base in bases]
    table = struct.pack(f"<{len(entries)}Q", *entries)
    processor = Processor(32, table)
    memory, register = SegmentReader({GDT: table}), TableRegister(GDT, len(table) - 1)
    for index in range(1, len(entries)):
        worked = work_through(memory, Selector(8 * index), 0x1234, register, None, 32)
        assert worked.linear is not None
        processor.engine.mem_write(worked.linear, struct.pack("<I", 0xABC00000 + index))
        # mov fs, eax; mov ebx, fs:[0x1234]
        loaded, _ = processor.run(b"\x8e\xe0\x64\x8b\x1d\x34\x12\x00\x00", 8 * index)
        assert loaded == 0xABC00000 + index


@pytest.mark.parametrize("bits", [32, 64])
def test_bases_of_system_descriptors(bits: int) -> None:
    """LTR and LLDT take base and limit of a TSS and of an LDT into the processor's registers."""
    upper = 0xFFFFF801 if bits == 64 else 0
    for access, code, register in ((0x89, LTR, x86.UC_X86_REG_TR), (0x82, LLDT, x86.UC_X86_REG_LDTR)):
        entry = bytes.fromhex("67003412ab") + bytes([access, 0, 0x9F])
        table = bytes(8) + entry + struct.pack("<II", upper, 0)
        processor = Processor(bits, table)
        processor.run(code, 8)
        _, base, limit, _ = processor.engine.reg_read(register)
        found = decode_descriptor(table[8:], 48 if bits == 64 else 32)
        assert (base, limit) == (found.base, found.limit) and base


@pytest.mark.parametrize("address", [(0xF000, 0xFFF0), (0x1234, 0x5678), (0xFFFF, 0xFFFF), (0, 0x400)])
def test_addresses_of_real_mode(address: tuple[int, int]) -> None:
    engine = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_16)
    engine.mem_map(0, 2 * SIZE)
    where = RealAddress(*address)
    engine.mem_write(where.linear, b"\x5a")
    code = b"\x8e\xd8\x8a\x1f"  # mov ds, ax; mov bl, [bx]
    engine.mem_write(0x8000, code)
    engine.reg_write(x86.UC_X86_REG_AX, where.segment)
    engine.reg_write(x86.UC_X86_REG_BX, where.offset)
    engine.emu_start(0x8000, 0x8000 + len(code))
    assert engine.reg_read(x86.UC_X86_REG_BL) == 0x5A


def test_addresses_of_virtual_8086_mode() -> None:
    """IRETD into virtual-8086 mode, then loads there."""
    processor = Processor(32, struct.pack("<3Q", 0, 0x00CF9B000000FFFF, 0x00CF93000000FFFF))
    engine, where = processor.engine, RealAddress(0x2345, 0xFEDC)
    engine.mem_write(where.linear, b"\x77")
    frame = struct.pack("<9I", 0, 0x3000, 1 << 17 | 2, 0x1000, 0x5000, 0, where.segment, 0, 0)
    engine.mem_write(DATA, frame)
    engine.mem_write(0x30000, b"\x8a\x1f\x90")  # mov bl, [bx]
    engine.mem_write(CODE, b"\xcf")
    for register, selector in ((x86.UC_X86_REG_CS, 8), (x86.UC_X86_REG_SS, 0x10), (x86.UC_X86_REG_DS, 0x10)):
        engine.reg_write(register, selector)
    engine.reg_write(x86.UC_X86_REG_ESP, DATA)
    engine.reg_write(x86.UC_X86_REG_EBX, where.offset)
    engine.emu_start(CODE, 0x30002, count=2)
    assert engine.reg_read(x86.UC_X86_REG_EFLAGS) & 1 << 17, "not in virtual-8086 mode"
    assert engine.reg_read(x86.UC_X86_REG_EBX) & 0xFF == 0x77


def test_the_reader_steps_as_the_emulator_does() -> None:
    """A table read whole has at each selector what the processor finds there."""
    code = struct.pack("<Q", 0x00209B0000000000)
    table = bytes(8) + code + bytes.fromhex("6700341200890000") + struct.pack("<II", 0xFFFFF801, 0) + code
    processor = Processor(64, table)
    found = list(read_segments(SegmentReader({GDT: table}), TableRegister(GDT, len(table) - 1), 48))
    assert [each.index for each in found] == [1, 2, 4]
    for each in found:
        assert each.descriptor is not None
        assert processor.run(LSL, 8 * each.index) == (each.descriptor.limit, True)
