"""How this kernel writes page-table entries that are not valid: by its symbols where they are at hand."""

from __future__ import annotations

from dataclasses import replace

from volplugins.kernel.layouts import KernelLayouts
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.paging.invalid_entry import InvalidLayout, built_in_layout
from volplugins.paging.mode import PagingMode


def invalid_layout(
    layouts: KernelLayouts, mode: PagingMode, build: int, memory: MemoryReader, kernel_base: int | None
) -> InvalidLayout:
    """The layout of entries that are not valid, with the kernel's InvalidPteMask where its place is known.

    Args:
        kernel_base: where the kernel's image is; None where that is not known.
    """
    layout = layouts.invalid if layouts.invalid is not None else built_in_layout(mode, build)
    if layouts.invalid is not None and (mode is PagingMode.X86) != (layout.prototype_parts is not None):
        layout = built_in_layout(mode, build)  # the symbols are those of the other 32-bit kernel
    if layouts.invalid_mask is None or kernel_base is None:
        return layout
    try:
        mask = int.from_bytes(memory.read(kernel_base + layouts.invalid_mask, 8), "little")
    except ReadError:
        return layout
    # a mask lies within the bits of a physical address, above any real memory; what else is there is no mask
    return replace(layout, mask=mask) if mask & 0xFFF == 0 and mask < 1 << 52 else layout
