"""Where a live machine's kernel is: by what it says itself. Nothing is searched for.

The version packet gives the kernel's base and the list that leads to the debugger data block; control space gives CR3
and CR4, and with them the page tables.
"""

from __future__ import annotations

from volplugins.image.headers import read_headers
from volplugins.kd.errors import LiveError
from volplugins.kd.machine import Machine
from volplugins.kernel.debugger_data import OWNER_TAG
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.mode import PagingMode
from volplugins.target.debugger_block import DebuggerBlock
from volplugins.target.kernel_search import FoundKernel
from volplugins.target.live_processors import SpecialRegisters

_PAE, _LA57 = 1 << 5, 1 << 12  # CR4, Intel SDM 3A 2.5
_LIST_HOPS = 8
_TAG, _SMALLEST, _LARGEST = 0x10, 0x18, 0x1000


def live_space(machine: Machine, physical: MemoryReader, special: SpecialRegisters | None) -> AddressSpace:
    """The address space in which the machine stopped.

    Raises:
        LiveError: its processor does not say where its page tables are.
    """
    if special is None or not special.cr3:
        raise LiveError("the machine answers, and does not give its control registers: no page tables can be found")
    if machine.version.bits == 64:
        mode = PagingMode.X64_LA57 if special.cr4 & _LA57 else PagingMode.X64
    else:
        mode = PagingMode.PAE if special.cr4 & _PAE else PagingMode.X86
    return AddressSpace(physical, mode, special.cr3)


def live_kernel(machine: Machine, space: AddressSpace) -> FoundKernel:
    """The kernel's image.

    Raises:
        LiveError: it is not where the version packet says.
    """
    base = machine.version.kernel_base
    try:
        image = read_headers(space, base) if base else None
    except ReadError:
        image = None
    if image is None and not _tables_are_given(space):
        raise LiveError(
            f"the machine answers, and does not give the page of its page tables ({space.directory_table_base:#x}): "
            "it may be starting; try again in a minute"
        )
    if image is None or image.bits != machine.version.bits:
        raise LiveError(f"the machine answers, and its kernel is not at {base:#x}, where it says it is")
    how = f"CR3 of processor {machine.change.processor}, by control space"
    return FoundKernel(space, image, how, "the version packet")


def _tables_are_given(space: AddressSpace) -> bool:
    """Whether the page at CR3 can be read: a kernel that has not set its memory up yet gives no physical memory."""
    try:
        space.physical.read(space.directory_table_base & ~0xFFF, 8)
    except ReadError:
        return False
    return True


def live_block(machine: Machine, memory: MemoryReader) -> DebuggerBlock | None:
    """The debugger data block, to which the version packet's list leads; None where it does not."""
    start, width = machine.version.debugger_list, machine.version.bits // 8
    at = start
    for _ in range(_LIST_HOPS if start else 0):
        block = _block_at(memory, at)
        if block is not None:
            how = "the list in the version packet" if at != start else "the version packet"
            return DebuggerBlock(at, block, how)
        try:
            at = int.from_bytes(memory.read(at, width), "little")
        except ReadError:
            return None
        if at in (0, start):
            return None
    return None


def _block_at(memory: MemoryReader, address: int) -> bytes | None:
    try:
        head = memory.read(address, _SMALLEST)
        size = int.from_bytes(head[0x14:0x18], "little")
        if head[_TAG : _TAG + len(OWNER_TAG)] != OWNER_TAG or not _SMALLEST <= size <= _LARGEST:
            return None
        return memory.read(address, size)
    except ReadError:
        return None
