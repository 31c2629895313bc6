"""32-bit code on x64: the context that the WOW64 layer keeps for a thread, and its 32-bit stack.

Neither is in a kernel's symbol table. TEB.TlsSlots[1] of the 64-bit TEB leads to the CPU area, whose x86 CONTEXT begins
four bytes in (builds 7 to 11: two flag words before it); NtTib.ExceptionList of the 64-bit TEB is the 32-bit TEB.
"""

from __future__ import annotations

from collections.abc import Sequence

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.registers import NAMES_32, Registers
from volplugins.stack.scanner import Range

_CPU_AREA_SLOT = 0x1480 + 8  # TEB.TlsSlots[WOW64_TLS_CPURESERVED]
_CONTEXT_AT, _CONTEXT_SIZE = 4, 0x2CC
# offsets in an x86 CONTEXT (Windows SDK, winnt.h)
_OFFSETS = {
    "edi": 0x9C, "esi": 0xA0, "ebx": 0xA4, "edx": 0xA8, "ecx": 0xAC, "eax": 0xB0, "ebp": 0xB4, "eip": 0xB8, "esp": 0xC4,
}  # fmt: skip
_CODE_SELECTOR_AT, _USER_CODE_32 = 0xBC, 0x23
_HIGHEST_32 = 1 << 32


def wow64_context(memory: MemoryReader, teb: int) -> Registers | None:
    """The saved 32-bit registers of a thread by its 64-bit TEB; None where there are none that make sense."""
    try:
        area = int.from_bytes(memory.read(teb + _CPU_AREA_SLOT, 8), "little")
        data = memory.read(area + _CONTEXT_AT, _CONTEXT_SIZE) if area else b""
    except ReadError:
        return None
    selector = int.from_bytes(data[_CODE_SELECTOR_AT : _CODE_SELECTOR_AT + 2], "little")
    if len(data) < _CONTEXT_SIZE or selector not in (0, _USER_CODE_32):
        return None
    values = {name: int.from_bytes(data[at : at + 4], "little") for name, at in _OFFSETS.items()}
    if not values["eip"] or not values["esp"]:
        return None
    general = tuple(values.get(name) for name in NAMES_32)
    return Registers(32, values["eip"], values["esp"], general, {}, True)


def teb32_of(memory: MemoryReader, teb: int) -> int | None:
    """The 32-bit TEB by the 64-bit one; None where that cannot be read or names none."""
    try:
        teb32 = int.from_bytes(memory.read(teb, 8), "little")
    except ReadError:
        return None
    return teb32 if 0 < teb32 < _HIGHEST_32 else None


def wow64_stack(memory: MemoryReader, teb: int) -> Sequence[Range]:
    """The 32-bit stack by the 32-bit TEB; empty where that cannot be read."""
    teb32 = teb32_of(memory, teb)
    if teb32 is None:
        return ()
    try:
        base, limit = (int.from_bytes(memory.read(teb32 + at, 4), "little") for at in (4, 8))
    except ReadError:
        return ()
    return ((limit, base),) if 0 < limit < base else ()


def peb32_of(memory: MemoryReader, wow64_process: int | None) -> int | None:
    """The 32-bit PEB, or None for none.

    EPROCESS.WoW64Process is that PEB itself from Vista SP2 to 8.1; before (_WOW64_PROCESS) and since (_EWOW64PROCESS)
    it leads to a structure that begins with the address. The one lies below 4 GiB, the other in the kernel's half.
    """
    pointer = wow64_process or 0
    if pointer < _HIGHEST_32:
        return pointer or None
    try:
        peb = int.from_bytes(memory.read(pointer, 8), "little")
    except ReadError:
        return None
    return peb if 0 < peb < _HIGHEST_32 else None
