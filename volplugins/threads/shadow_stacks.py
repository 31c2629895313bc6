"""A thread's shadow stacks in memory: the kernel's by KTHREAD, user mode's by the state that the thread left there.

KTHREAD.KernelShadowStack is the pointer of a thread that does not run; one that runs is somewhere between the limit and
the start (public symbol tables since 20348). StateSaveArea leads to an XSAVE area (Intel SDM 1, chapter 13): behind 512
bytes the header with the components that are there, then in the compacted form each that is, in the order of their
numbers; component 11 is user mode's part of CET, IA32_U_CET and the pointer.
"""

from __future__ import annotations

from volplugins.kernel.members import is_kernel_address, read_member
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError
from volplugins.memory.structure import Layout
from volplugins.stack.shadow import MAX_ENTRIES, ShadowStack

_HEADER, _AREAS = 0x200, 0x240
_COMPACTED = 1 << 63
_CET_USER, _ENABLED = 11, 1
# bytes of components 2 to 10 in the compacted form, none of which is aligned by itself (CPUID leaf 13 of processors
# that have CET): AVX, bounds, AVX-512, processor trace, protection keys, PASID
_SIZES = {2: 0x100, 3: 0x40, 4: 0x40, 5: 0x40, 6: 0x200, 7: 0x400, 8: 0x80, 9: 0x8, 10: 0x8}
_LARGEST = 0x10000


def kernel_shadow(memory: MemoryReader, ethread: int, layout: Layout, runs: bool) -> ShadowStack | None:
    """The thread's shadow stack in the kernel; None where it has none, or it is not in the target.

    Args:
        runs: whether the thread runs, so that the pointer it has saved is an old one.
    """
    limit, start, pointer = (
        read_member(memory, ethread, layout, name)
        for name in ("KernelShadowStackLimit", "KernelShadowStackInitial", "KernelShadowStack")
    )
    if limit is None or start is None or pointer is None or not is_kernel_address(pointer, 64):
        return None
    low = limit & -PAGE_SIZE
    if not low < pointer <= start <= low + _LARGEST or start % 8 or pointer % 8:
        return None
    first = low if runs else pointer
    return _read(memory, first, start, not runs)


def user_shadow(kernel: MemoryReader, user: MemoryReader, ethread: int, layout: Layout) -> ShadowStack | None:
    """The thread's shadow stack in user mode, of a thread that is in the kernel; None where it has none."""
    area = read_member(kernel, ethread, layout, "StateSaveArea")
    if not is_kernel_address(area, 64) or area is None:
        return None
    pointer = _saved_pointer(kernel, area & ~0x3F)
    if pointer is None or pointer % 8 or not PAGE_SIZE <= pointer < 1 << 47:
        return None
    return _read(user, pointer, pointer + 8 * MAX_ENTRIES, True)


def _saved_pointer(memory: MemoryReader, area: int) -> int | None:
    """PL3_SSP of an XSAVE area; None where component 11 is not in it or shadow stacks are off."""
    try:
        header = memory.read(area + _HEADER, 16)
        there, form = (int.from_bytes(header[at : at + 8], "little") for at in (0, 8))
        if not form & _COMPACTED or not there & form & 1 << _CET_USER:
            return None
        at = _AREAS + sum(size for number, size in _SIZES.items() if form & 1 << number)
        part = memory.read(area + at, 16)
    except ReadError:
        return None
    control, pointer = (int.from_bytes(part[at : at + 8], "little") for at in (0, 8))
    return pointer if control & _ENABLED else None


def _read(memory: MemoryReader, first: int, end: int, exact: bool) -> ShadowStack | None:
    """Bytes from ``first`` on, up to ``end`` or the first page that cannot be read."""
    data = b""
    while first + len(data) < end:
        at = first + len(data)
        try:
            data += memory.read(at, min(PAGE_SIZE - at % PAGE_SIZE, end - at))
        except ReadError:
            break
    return ShadowStack(first, data, exact) if len(data) >= 8 else None
