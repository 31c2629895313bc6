"""What the kernel says of itself: DBGKD_GET_VERSION64 (windbgkd.h), in the union of the reply to GetVersion."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from volplugins.kd.requests import Reply

_VERSION = struct.Struct("<HHBBHHBBBBHQQQ")
I386, AMD64, ARM64 = 0x14C, 0x8664, 0xAA64
_BITS = {I386: 32, AMD64: 64, ARM64: 64}
NAMES = {I386: "x86", AMD64: "x64", ARM64: "ARM64"}


@dataclass(frozen=True, slots=True)
class KernelVersion:
    """The kernel at the other end.

    Attributes:
        major, build: 0xF.. of a free kernel, 0xC.. of a checked one; the build number.
        protocol, secondary: version of the protocol.
        flags: 1 several processors, 2 the data pointer is valid, 4 64-bit pointers.
        machine: image machine type; ``bits`` the width of its addresses.
        kernel_base, loaded_modules, debugger_list: addresses of the kernel's image, of PsLoadedModuleList and of the
            list that leads to the debugger data block; 0 where it gives none.
    """

    major: int
    build: int
    protocol: int
    secondary: int
    flags: int
    machine: int
    bits: int
    kernel_base: int
    loaded_modules: int
    debugger_list: int


def decode_version(reply: Reply) -> KernelVersion | None:
    """The version; None where the reply is none, or of a machine that nobody knows."""
    if not reply.succeeded or len(reply.union) < _VERSION.size:
        return None
    words = _VERSION.unpack_from(reply.union)
    major, build, protocol, secondary, flags, machine = words[:6]
    bits = _BITS.get(machine)
    if bits is None:
        return None
    base, modules, blocks = (word & ((1 << bits) - 1) for word in words[-3:])
    return KernelVersion(major, build, protocol, secondary, flags, machine, bits, base, modules, blocks)
