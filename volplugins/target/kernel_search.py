"""The search for a Windows kernel in physical memory: page directories by several strategies, then its image.

A directory is believed only if KUSER_SHARED_DATA holds a Windows version through it and a kernel's image is found
through it. All that was tried is in the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from volplugins.dumpfile.physical_memory import PhysicalMemory
from volplugins.image.headers import ImageHeaders
from volplugins.imagefile.processor_state import ProcessorState
from volplugins.kernel.kernel_space import KernelAnchors, find_kernel_space
from volplugins.memory.reader import ReadError
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.mode import PagingMode
from volplugins.target.kernel_image import kernel_at, kernel_below, kernel_in
from volplugins.target.search_log import SearchLog, Tried
from volplugins.target.self_mapped import self_mapped
from volplugins.target.start_block import start_blocks

_X64 = (PagingMode.X64, PagingMode.X64_LA57)
_X86 = (PagingMode.PAE, PagingMode.X86)
_MOST_DIRECTORIES = 256
_MOST_SAVED = 16  # of them by CR3 of different processors: what follows must still have its turn
_IDT_ENTRIES = (14, 3)  # gates that lead into the kernel in every Windows
_NO_ANCHORS = KernelAnchors(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Hint:
    """Where to look: a directory; an address in the kernel's image, or its interrupt descriptor table, where known.

    Of a search that was made before: ``image_how``, how it found the image (``address`` is its base), and ``tried``.
    """

    mode: PagingMode
    directory: int
    how: str
    address: int = 0
    idt: int = 0
    image_how: str = ""
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundKernel:
    """A kernel: the address space through which it was found, its image, and how both were found."""

    space: AddressSpace
    image: ImageHeaders
    directory_how: str
    image_how: str


def find_kernel(
    memory: PhysicalMemory, processors: Sequence[ProcessorState], log: SearchLog, known: Sequence[Hint] = ()
) -> FoundKernel | None:
    """The kernel; None where no strategy leads to one within the time.

    Args:
        processors: registers that the container saved.
        known: what an earlier search has found; it is proved like everything else. Where it is right the search is as
            if it had been made again, and where not as if nothing had been known.
    """
    found = _known(memory, log, known) or _searched(memory, processors, log)
    if found is not None:
        log.found()
    return found


def _known(memory: PhysicalMemory, log: SearchLog, known: Sequence[Hint]) -> FoundKernel | None:
    for hint in known:
        found = _through(memory, hint, SearchLog(log.seconds, log.clock))
        if found is not None and found.image.base == hint.address:
            log.restore(hint.tried)
            return replace(found, image_how=hint.image_how)
    return None


def _searched(memory: PhysicalMemory, processors: Sequence[ProcessorState], log: SearchLog) -> FoundKernel | None:
    seen: set[tuple[PagingMode, int]] = set()
    for hint in _hints(memory, processors, log):
        if (hint.mode, hint.directory) in seen and not hint.address:
            continue
        if len(seen) >= _MOST_DIRECTORIES or log.over:
            log.add(f"stopped after {len(seen)} page directories")
            return None
        seen.add((hint.mode, hint.directory))
        found = _through(memory, hint, log)
        if found is not None:
            return found
    return None


def _hints(memory: PhysicalMemory, processors: Sequence[ProcessorState], log: SearchLog) -> Iterator[Hint]:
    saved = {state.cr3: state for state in reversed(processors) if state.cr3}
    for state in [*reversed(saved.values())][:_MOST_SAVED]:
        yield from (
            Hint(mode, state.cr3 or 0, f"CR3 in the {state.source}", 0, state.idt or 0) for mode in (*_X64, *_X86)
        )
    if len(saved) > _MOST_SAVED:
        log.add(f"processors' registers: {len(saved)} different CR3, {_MOST_SAVED} are tried")
    if not processors:
        log.add("processors' registers: the container holds none")
    blocks = tuple(start_blocks(memory))
    for block in blocks:
        how = f"the processor start block at {block.physical:#x}"
        yield from (Hint(mode, block.directory_table_base, how, block.target) for mode in _X64)
    if not blocks:
        log.add("processor start block: none below 1 MiB")
    for mode, directory in self_mapped(memory, log):
        yield Hint(mode, directory, "a page directory that maps itself")


def _through(memory: PhysicalMemory, hint: Hint, log: SearchLog) -> FoundKernel | None:
    """The kernel that this directory leads to."""
    bits = 32 if hint.mode in _X86 else 64
    pae = hint.mode is PagingMode.PAE if bits == 32 else None
    space = find_kernel_space(memory, bits, pae, [(hint.directory, hint.how)], _NO_ANCHORS)
    if space is None or space.space.mode is not hint.mode:
        log.add(f"{hint.how}, {hint.mode.value}: KUSER_SHARED_DATA is not read through it", hint.directory)
        return None
    reader = space.space
    for address in _addresses(reader, hint, bits):
        image = kernel_at(reader, address) or kernel_below(reader, address, log)
        if image is not None:
            return FoundKernel(reader, image, hint.how, f"the image below {address:#x}, to which {hint.how} leads")
    image = kernel_in(reader, memory, log)
    if image is None:
        log.add(f"{hint.how}, {hint.mode.value}: no kernel's image is mapped through it", hint.directory)
        return None
    return FoundKernel(reader, image, hint.how, "the image among the kernel's pages that names itself a kernel")


def _addresses(space: AddressSpace, hint: Hint, bits: int) -> Iterator[int]:
    """Addresses in the kernel: the hint's own, or where the gates of an interrupt descriptor table lead."""
    if hint.address:
        yield hint.address
    if not hint.idt:
        return
    size = 16 if bits == 64 else 8
    for number in _IDT_ENTRIES:
        try:
            gate = space.read(hint.idt + number * size, size)
        except ReadError:
            return
        low, high = gate[0:2], gate[6:8] + (gate[8:12] if bits == 64 else b"")
        address = int.from_bytes(low + high, "little")
        if address >> (bits - 1):
            yield address
