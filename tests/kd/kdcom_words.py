"""What a kernel of the NT family says, for tests: its numbers, its state change, a print (windbgkd.h's layouts)."""

from __future__ import annotations

import struct

INITIAL, SYNC = 0x80800000, 0x800
MANIPULATE, PRINT, ACK, RESEND, RESET, STATE = 2, 3, 4, 5, 6, 7
ASK_AGAIN = b"again"
PC64, PC32 = 0xFFFFF80041A2B3C4, 0xFFFFFFFF8052F4C4
WRITES = {0x3131, 0x3133, 0x3134, 0x3135, 0x3138, 0x313A, 0x313B, 0x313E, 0x3145, 0x3149, 0x3153, 0x315B, 0x3160}
# GetVersion: the build, 64-bit pointers, x64, and three addresses
VERSION64 = struct.pack("<HHBBHHBBBBHQQQ", 15, 19041, 6, 2, 7, 0x8664, 12, 3, 0x33, 0, 0, PC64 & ~0xFFFFFF, PC64, PC64)
VERSION32 = struct.pack("<HHBBHHBBBBHQQQ", 15, 2600, 6, 2, 3, 0x14C, 12, 3, 0x33, 0, 0, *([0xFFFFFFFF804D7000] * 3))


def stop_at(bits: int = 64, pc: int = 0, state: int = 0x3030, text: bytes = b"") -> bytes:
    """A state change; 32-bit kernels send four bytes more."""
    pc = pc or (PC64 if bits == 64 else PC32)
    head = struct.pack("<IHHIIQQ", state, 6, 0, 1, 0xDEADBEEF, pc & ~0xFFFF, pc)
    record = struct.pack("<IIQQII", 0x80000003, 0, 0, pc, 1, 0).ljust(152, b"\0") + struct.pack("<II", 1, 0)
    report = struct.pack("<QQIHH" if bits == 64 else "<IIHHI", 0xFFFF0FF0, 0x400, *([16, 3, 0x246]))
    return head + record.ljust(160, b"\0") + report.ljust(48 if bits == 64 else 52, b"\xcc") + text


def printed(text: bytes) -> bytes:
    return struct.pack("<IHHII", 0x3230, 6, 0, len(text), 0) + text
