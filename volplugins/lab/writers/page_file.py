"""A dump file's body: pages one after the other, zero pages left as holes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from volplugins.lab.machine.snapshot import PAGE

_ZERO_PAGE = bytes(PAGE)


def pages_of_runs(runs: list[tuple[int, int]]) -> list[int]:
    """Every PFN of the runs, in the order of the runs."""
    return [pfn for base, count in runs for pfn in range(base, base + count)]


def ranges_of(pfns: Collection[int]) -> list[tuple[int, int]]:
    """PFNs as ascending ranges without gaps: (first PFN, page count)."""
    ranges: list[tuple[int, int]] = []
    for pfn in sorted(set(pfns)):
        if ranges and pfn == sum(ranges[-1]):
            ranges[-1] = (ranges[-1][0], ranges[-1][1] + 1)
        else:
            ranges.append((pfn, 1))
    return ranges


def write_pages(path: Path, head: bytes, pfns: Collection[int], pages: Mapping[int, bytes]) -> Path:
    """Write ``head`` and then a page for each PFN, seeking over zeros so that the file is sparse.

    Args:
        path: the file to write; an old one is replaced.
        head: everything before the first page.
        pfns: which pages follow, in file order.
        pages: contents by PFN; what is absent is zeros.

    Raises:
        ValueError: a page is not 4096 bytes long.
        OSError: as opening and writing a file raises it.
    """
    with path.open("wb") as file:
        file.write(head)
        position = offset = len(head)
        for pfn in pfns:
            content = pages.get(pfn, _ZERO_PAGE)
            if len(content) != PAGE:
                raise ValueError(f"page {pfn:#x} has {len(content)} bytes")
            if content != _ZERO_PAGE:
                if position != offset:
                    file.seek(offset)
                file.write(content)
                position = offset + PAGE
            offset += PAGE
        file.truncate(offset)
    return path
