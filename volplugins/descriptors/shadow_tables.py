"""KVA shadow: user mode runs on a second directory, in which the processor must find the same tables.

GDT, IDT and TSS are read by the processor itself, through whatever directory is in CR3: a shadow that lacks one of
them cannot take an interrupt, and one that maps other pages there has gates of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from volplugins.descriptors.table import LARGEST_LIMIT, TableRegister
from volplugins.memory.reader import PAGE_SIZE

# physical address of a linear one; None where it is not mapped
Translate = Callable[[int], int | None]
OTHER_PAGE = "maps another page"


def shadow_notes(table: TableRegister, kernel: Translate, user: Translate, whose: str) -> list[str]:
    """What the user directory says of a table's pages, in words; the first page that differs speaks for all.

    Args:
        kernel, user: by the kernel's directory and by the shadow.
        whose: the process that the shadow is of.
    """
    first = table.base & -PAGE_SIZE
    for page in range(first, table.base + min(table.limit, LARGEST_LIMIT) + 1, PAGE_SIZE):
        mine, its = kernel(page), user(page)
        if mine is None:
            continue
        if its is None:
            return [f"the user directory of {whose} does not map {page:#x}"]
        if its != mine:
            return [f"the user directory of {whose} {OTHER_PAGE} at {page:#x}: {its:#x}, not {mine:#x}"]
    return [f"the user directory of {whose} maps the same pages"]
