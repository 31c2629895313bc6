"""Handles of a process, up to Windows 7: the object that a handle stands for.

HANDLE_TABLE.TableCode is a page of entries; its two lowest bits say how many levels of pages with pointers lie above.
A handle is four times its entry's number; an entry's first pointer is the object's header, its lowest three bits are
flags (public symbol tables and ReactOS' ex/handle.c). Windows 8 packs entries, and needs no events any more.
"""

from __future__ import annotations

from volplugins.memory.reader import ReadError
from volplugins.waits.system import WaitSystem

_PAGE, _FLAGS, _LEVELS = 0x1000, 7, 3
PACKED_SINCE = 9200


def object_of(system: WaitSystem, table: int, handle: int) -> int:
    """Address of the object that a handle stands for; 0 where that cannot be told.

    Args:
        table: EPROCESS.ObjectTable.
    """
    header = system.io.layouts.object_header
    if system.io.build >= PACKED_SINCE or not header.has("Body") or not system.io.in_kernel_half(table):
        return 0
    try:
        return _object(system, system.io.pointer(table), handle // 4) + header.offset("Body")
    except ReadError:
        return 0


def _object(system: WaitSystem, code: int, number: int) -> int:
    """Address of the header; raises ReadError."""
    entry_size = 2 * system.width
    level, page = code & _LEVELS, code & ~_LEVELS
    per_page = _PAGE // entry_size
    pointers = _PAGE // system.width
    for above in range(level, 0, -1):
        below = per_page * pointers ** (above - 1)
        page = _pointer(system, page + number // below % pointers * system.width)
        number %= below
    if number >= per_page:
        raise ReadError(page, "no such handle")
    found = _pointer(system, page + number * entry_size) & ~_FLAGS
    if not system.io.in_kernel_half(found):
        raise ReadError(found, "not a kernel address")
    return found


def _pointer(system: WaitSystem, address: int) -> int:
    if not system.io.in_kernel_half(address):
        raise ReadError(address, "not a kernel address")
    return system.io.pointer(address)
