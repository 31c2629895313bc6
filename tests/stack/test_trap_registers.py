"""Registers of x64 trap frames: those that were stored there, and none that were left on the stack by chance."""

from __future__ import annotations

import struct

import pytest

from volplugins.memory.reader import SegmentReader
from volplugins.stack.entered import from_trap_frame
from volplugins.stack.registers import NAMES_64, Registers, from_names
from volplugins.stack.trap_frame import decode_trap_frame
from volplugins.threads import crossing

AT = 0xFFFFB88A6B3FF000
INTERRUPT, EXCEPTION, SERVICE = 0, 1, 2
USER, KERNEL = (0x33, 0x2B, 0x7FF600001000, 0x14F000), (0x10, 0x18, 0xFFFFF80000001000, AT + 0x190)
VOLATILE = {"rax": 0x30, "rcx": 0x38, "rdx": 0x40, "r8": 0x48, "r9": 0x50, "r10": 0x58, "r11": 0x60}
OLD = {"rbx": 0xDEADBEEF0001, "rdi": 0xDEADBEEF0002, "rsi": 0xDEADBEEF0003}
CASES = [(active, user) for active in (INTERRUPT, EXCEPTION, SERVICE) for user in (True, False)]


def frame(active: int, user: bool) -> bytes:
    data = bytearray(0x190)
    data[0x2B] = active
    cs, ss, ip, sp = USER if user else KERNEL
    words = {0x140: OLD["rbx"], 0x148: OLD["rdi"], 0x150: OLD["rsi"], 0x158: 0x11, 0x168: ip, 0x170: cs, 0x178: 0x246,
             0x180: sp, 0x188: ss}  # fmt: skip
    for at, value in words.items():
        struct.pack_into("<Q", data, at, value)
    return bytes(data)


@pytest.mark.parametrize(("active", "user"), CASES)
def test_three_registers_are_those_of_system_calls_alone(active: int, user: bool) -> None:
    trap = decode_trap_frame(frame(active, user), AT, 64)
    assert trap is not None and trap.user is user and trap.registers["rbp"] == 0x11
    stored = OLD if active == SERVICE and user else {}
    for known in (
        trap.registers,
        from_trap_frame(trap).registers.named(),
        crossing.from_trap_frame(trap, 64).registers.named(),
    ):
        assert {name: value for name, value in known.items() if name in OLD} == stored


@pytest.mark.parametrize(("active", "user"), CASES)
def test_what_no_call_keeps_is_not_known_after_a_system_call(active: int, user: bool) -> None:
    """User mode goes on with the status in RAX, and with whatever the kernel leaves in the others."""
    trap = decode_trap_frame(frame(active, user), AT, 64)
    assert trap is not None
    assert set(VOLATILE) & set(trap.registers) == (set() if active == SERVICE and user else set(VOLATILE))
    if active == SERVICE and user:
        unwound = from_names(64, {"rip": USER[2], "rsp": USER[3]})
        found = crossing.from_machine_frame(SegmentReader({AT: frame(active, user)}), AT + 0x168, unwound).registers
        assert not set(VOLATILE) & set(found.named())


@pytest.mark.parametrize("active", [INTERRUPT, EXCEPTION, SERVICE])
def test_in_user_mode_the_others_are_those_of_the_kernel_s_frames(active: int) -> None:
    """A system call's dispatcher uses the three itself; after anything else unwinding has brought them down here."""
    unwound: Registers = from_names(64, {"rip": USER[2], "rsp": USER[3], **dict.fromkeys((*OLD, "r12"), 0x77)})
    found = crossing.from_machine_frame(SegmentReader({AT: frame(active, True)}), AT + 0x168, unwound).registers
    known = dict(zip(NAMES_64, found.general, strict=True))
    assert {name: known[name] for name in OLD} == (OLD if active == SERVICE else dict.fromkeys(OLD, 0x77))
    assert (known["rbp"], known["r12"]) == (0x11, 0x77) and (found.ip, found.sp) == (USER[2], USER[3])
