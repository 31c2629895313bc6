"""Return addresses by frame pointer and by scan, and trap frames found on a stack."""

import struct

import pytest

from volplugins.memory.reader import SegmentReader
from volplugins.stack.call_site import call_before
from volplugins.stack.candidates import MAX_STACK, read_stack, walk
from volplugins.stack.frame import Stop, Trust
from volplugins.stack.trap_frame import find_trap_frames, read_trap_frame

CODE = 0xFFFFF80000100000


@pytest.mark.parametrize(
    "instruction",
    ["e800000000", "ff1500000000", "ffd0", "41ffd3", "ff5008", "ff9000010000", "ff542408", "ff942400010000", "ff13",
     "ff142500000000", "ff14c8"],
)  # fmt: skip
def test_calls_are_recognised(instruction: str) -> None:
    code = bytes(16) + bytes.fromhex(instruction)
    assert call_before(SegmentReader({CODE: code}), CODE + len(code)) is True


@pytest.mark.parametrize("instruction", ["e900000000", "ff2500000000", "ffe0", "90909090", "ff30", "488bc4"])
def test_other_instructions_are_not(instruction: str) -> None:
    code = b"\x90" * 16 + bytes.fromhex(instruction)
    assert call_before(SegmentReader({CODE: code}), CODE + len(code)) is False


def test_absent_code_is_neither() -> None:
    assert call_before(SegmentReader({}), CODE) is None


STACK = 0xFFFFA00000001000


def is_code(address: int) -> bool:
    return CODE <= address < CODE + 0x1000


def test_scan_takes_return_addresses_and_leaves_pointers() -> None:
    code = bytearray(b"\x90" * 0x1000)
    code[0x20:0x25] = b"\xe8\0\0\0\0"
    words = [1, CODE + 0x25, 2, CODE + 0x80, CODE + 0x5000]
    memory = SegmentReader({CODE: bytes(code), STACK: struct.pack("<5Q", *words)})
    found = walk(memory, CODE, STACK, 0, STACK + 40, 64, is_code, Trust.CONTEXT)
    assert [(f.ip, f.sp, f.trust) for f in found.frames] == [
        (CODE, STACK, Trust.CONTEXT),
        (CODE + 0x25, STACK + 16, Trust.SCAN),
    ]
    assert found.stop is Stop.END_OF_STACK


def test_a_stack_cut_by_a_hole_says_so() -> None:
    memory = SegmentReader({STACK: bytes(24)})
    assert read_stack(memory, STACK, STACK + 0x800) == bytes(24)
    assert walk(memory, CODE, STACK, 0, STACK + 0x800, 64, is_code, Trust.CONTEXT).stop is Stop.NOT_IN_DUMP


def test_frame_pointers_come_first_on_x86() -> None:
    code, stack = 0x80500000, 0xB1000000
    words = {0x10: (stack + 0x40, code + 0x30), 0x40: (0, code + 0x60)}
    data = bytearray(0x80)
    for at, pair in words.items():
        struct.pack_into("<II", data, at, *pair)
    text = bytearray(b"\x90" * 0x100)
    text[0x2B:0x30] = text[0x5B:0x60] = b"\xe8\0\0\0\0"
    memory = SegmentReader({code: bytes(text), stack: bytes(data)})
    found = walk(memory, code, stack, stack + 0x10, stack + 0x80, 32, lambda a: code <= a < code + 0x100, Trust.CONTEXT)
    assert [(f.ip - code, f.trust) for f in found.frames] == [
        (0, Trust.CONTEXT),
        (0x30, Trust.FRAME_POINTER),
        (0x60, Trust.FRAME_POINTER),
    ]


def test_a_looped_chain_ends() -> None:
    stack, code = 0xB1000000, 0x80500000
    memory = SegmentReader({stack: struct.pack("<II", stack, code + 9) * 8})
    found = walk(memory, code, stack, stack, stack + 0x40, 32, lambda a: a == code + 9, Trust.CONTEXT)
    assert len(found.frames) < 12


def trap64(ip: int, sp: int, cs: int = 0x10, ss: int = 0x18, flags: int = 0x10246) -> bytes:
    data = bytearray(0x190)
    struct.pack_into("<5Q", data, 0x168, ip, cs, flags, sp, ss)
    struct.pack_into("<Q", data, 0x30, 0xAA)
    return bytes(data)


def test_trap_frames_are_found_by_their_machine_frame() -> None:
    data = bytes(0x40) + trap64(CODE + 5, STACK + 0x400) + bytes(0x60) + trap64(0x7FF612340000, 0x1000, 0x33, 0x2B)
    kernel, user = list(find_trap_frames(data, STACK, 64))
    assert (kernel.address, kernel.ip, kernel.sp, kernel.user) == (STACK + 0x40, CODE + 5, STACK + 0x400, False)
    assert kernel.registers["rax"] == 0xAA
    assert (user.ip, user.user) == (0x7FF612340000, True)


def test_wrong_selectors_or_flags_are_no_trap_frame() -> None:
    for bad in (trap64(CODE, STACK, cs=0x18), trap64(CODE, STACK, ss=0x77), trap64(CODE, STACK, flags=0x10244)):
        assert read_trap_frame(SegmentReader({STACK: bad}), STACK, 64) is None


def test_x86_kernel_trap_frames_have_no_stack_pointer() -> None:
    data = bytearray(0x8C)
    struct.pack_into("<III", data, 0x68, 0x80501234, 8, 0x10202)
    frame = read_trap_frame(SegmentReader({0xB1000000: bytes(data)}), 0xB1000000, 32)
    assert (frame.ip, frame.sp, frame.user) == (0x80501234, 0xB1000074, False)


def test_a_stack_longer_than_is_searched_says_so() -> None:
    memory = SegmentReader({STACK: bytes(2 * MAX_STACK)})
    assert walk(memory, CODE, STACK, 0, STACK + MAX_STACK, 64, is_code, Trust.CONTEXT).stop is Stop.END_OF_STACK
    assert walk(memory, CODE, STACK, 0, STACK + 2 * MAX_STACK, 64, is_code, Trust.CONTEXT).stop is Stop.LIMIT
