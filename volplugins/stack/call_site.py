"""Does a call instruction end just before an address? The test of a return address.

Encodings: Intel SDM volume 2, CALL: E8 rel32, and FF /2 with every addressing form.
"""

from __future__ import annotations

from volplugins.memory.reader import MemoryReader, ReadError

_LONGEST = 7
# length of an FF /2 call by the top bits of its ModRM byte, without SIB
_LENGTHS = {0: 2, 1: 3, 2: 6, 3: 2}


def call_before(memory: MemoryReader, address: int) -> bool | None:
    """Whether a call instruction ends at ``address``; None where the bytes before it cannot be read."""
    try:
        before = memory.read(address - _LONGEST, _LONGEST)
    except ReadError:
        return None
    if before[2] == 0xE8:
        return True
    return any(before[-length] == 0xFF and _call_length(before[-length + 1 :]) == length for length in (2, 3, 4, 6, 7))


def called_from(memory: MemoryReader, address: int) -> int | None:
    """Where the direct call (E8) that ends at ``address`` goes; None for any other instruction, or unread code."""
    try:
        before = memory.read(address - 5, 5)
    except ReadError:
        return None
    if before[0] != 0xE8:
        return None
    mask = (1 << 64) - 1 if address >> 32 else 0xFFFF_FFFF
    return (address + int.from_bytes(before[1:], "little", signed=True)) & mask


def call_target(memory: MemoryReader, address: int, bits: int) -> int | None:
    """Where the call that ends at ``address`` goes: a direct one, or one through a pointer of the image (FF 15).

    None for any other instruction, and where code or pointer cannot be read.
    """
    direct = called_from(memory, address)
    if direct is not None:
        return direct
    try:
        before = memory.read(address - 6, 6)
        if before[:2] != b"\xff\x15":
            return None
        return pointer_at(memory, before[2:], address, bits)
    except ReadError:
        return None


def pointer_at(memory: MemoryReader, displacement: bytes, following: int, bits: int) -> int:
    """The pointer that an instruction names by 32 bits: from the next instruction on (x64), absolute (x86).

    Raises:
        ReadError: it cannot be read.
    """
    if bits == 64:
        slot = (following + int.from_bytes(displacement, "little", signed=True)) & (1 << 64) - 1
    else:
        slot = int.from_bytes(displacement, "little")
    return int.from_bytes(memory.read(slot, bits // 8), "little")


def call_before_arm64(memory: MemoryReader, address: int) -> bool | None:
    """The same for ARM64: BL or BLR (Arm Architecture Reference Manual, C6.2)."""
    if address % 4:
        return False
    try:
        word = int.from_bytes(memory.read(address - 4, 4), "little")
    except ReadError:
        return None
    return word >> 26 == 0x25 or word & 0xFFFFFC1F == 0xD63F0000


def _call_length(after_opcode: bytes) -> int:
    """Length of the FF /2 call whose bytes after the opcode are given, 0 where it is another instruction."""
    modrm = after_opcode[0]
    form, operation, register = modrm >> 6, (modrm >> 3) & 7, modrm & 7
    if operation != 2:
        return 0
    if form == 0 and register == 5:
        return 6  # disp32: absolute on x86, from the instruction pointer on x64
    if form != 3 and register == 4:
        base_is_disp32 = form == 0 and len(after_opcode) > 1 and after_opcode[1] & 7 == 5
        return 7 if base_is_disp32 else _LENGTHS[form] + 1
    return _LENGTHS[form]
