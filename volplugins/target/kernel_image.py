"""The kernel's image in an address space: an image that names itself one of Windows' kernels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from volplugins.dumpfile.physical_memory import PhysicalMemory
from volplugins.image.debug_record import read_debug_record
from volplugins.image.exports import read_export_name
from volplugins.image.headers import ImageHeaders, read_headers
from volplugins.kernel.directories.page_map import Leaves, PageMap
from volplugins.kernel.directories.top import read_top
from volplugins.memory.reader import PAGE_SIZE, ReadError
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.mode import PagingMode
from volplugins.target.search_log import SearchLog

# what builds of the kernel call themselves and their PDBs: single processor, PAE, five levels
NAMES = frozenset({"ntoskrnl", "ntkrnlmp", "ntkrnlpa", "ntkrpamp", "ntkrla57"})
_MAGIC = 0x5A4D  # MZ
_REACH = 32 << 20  # the furthest that an address in the kernel is from its start
_LOADER_RANGE = {64: (0xFFFF_F800_0000_0000, 0xFFFF_F900_0000_0000), 32: (0x8000_0000, 0xC000_0000)}
_MOST_LARGE = 1 << 14  # large pages looked into: 32 GiB of them
_U = np.uint64


def kernel_at(space: AddressSpace, address: int) -> ImageHeaders | None:
    """The headers of the image at ``address``, if it is a kernel's."""
    try:
        if space.read(address, 2) != b"MZ":
            return None
        headers = read_headers(space, address)
        if headers is None:
            return None
        name = read_export_name(space, headers).rpartition(".")[0].lower()
        if name in NAMES:
            return headers
        record = read_debug_record(space, headers)
    except ReadError:
        return None
    return headers if record is not None and record.pdb_name.lower().removesuffix(".pdb") in NAMES else None


def kernel_below(space: AddressSpace, address: int, log: SearchLog) -> ImageHeaders | None:
    """The kernel that holds ``address``: its headers lie in a page below."""
    page = address & -PAGE_SIZE
    for at in range(page, max(page - _REACH, 0), -PAGE_SIZE):
        if log.over:
            return None
        found = kernel_at(space, at)
        if found is not None:
            return found if address < at + found.size_of_image else None
    return None


def kernel_in(space: AddressSpace, memory: PhysicalMemory, log: SearchLog) -> ImageHeaders | None:
    """The kernel among all pages that the kernel half maps, those of the range in which it is loaded first."""
    later: list[int] = []
    low, high = _LOADER_RANGE[32 if space.mode.facts.address_bits == 32 else 64]
    for virtual in _image_starts(space, memory, log):
        if log.over:
            return None
        if not low <= virtual < high:
            later.append(virtual)
            continue
        found = kernel_at(space, virtual)
        if found is not None:
            return found
    return next((found for at in later if not log.over and (found := kernel_at(space, at)) is not None), None)


def _image_starts(space: AddressSpace, memory: PhysicalMemory, log: SearchLog) -> Iterator[int]:
    """Addresses of mapped pages that begin with MZ."""
    top = read_top(memory, space.mode, space.directory_table_base)
    if top is None:
        return
    slot = _self_map_slot(top.entries, space) if space.mode.facts.address_bits > 32 else None
    for leaves in PageMap(memory, top, limit=memory.pages_in_file).kernel(slot):
        if log.over:
            return
        virtual, frames = _pages(space.mode, leaves)
        words = memory.words(frames)
        yield from virtual[(words & _U(0xFFFF)) == _U(_MAGIC)].tolist()


def _self_map_slot(entries: npt.NDArray[np.uint64], space: AddressSpace) -> int | None:
    own = space.directory_table_base & space.mode.facts.frame_mask
    mask = _U(space.mode.facts.frame_mask | 1)
    found = np.flatnonzero((entries & mask) == _U(own | 1)).tolist()
    return found[0] if found else None


def _pages(mode: PagingMode, leaves: Leaves) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Virtual address and PFN of each page of 4 KiB, large pages taken apart."""
    frames = (leaves.entries & _U(mode.facts.frame_mask)) >> _U(12)
    if leaves.size == PAGE_SIZE:
        return leaves.virtual, frames.astype(np.int64)
    parts = min(leaves.size, 1 << 22) // PAGE_SIZE
    chosen = slice(0, _MOST_LARGE)
    steps = np.arange(parts, dtype=_U)
    virtual = (leaves.virtual[chosen, None] + steps * _U(PAGE_SIZE)).reshape(-1)
    first = frames[chosen] & ~_U(parts - 1)
    return virtual, (first[:, None] + steps).reshape(-1).astype(np.int64)
