"""Memory as the kernel reads it for a debugger: by physical address, and by virtual address in one page directory.

Page tables: Intel SDM volume 3A, chapter 4. Only valid entries count: the kernel brings nothing in from a page file.
"""

from __future__ import annotations

from collections.abc import Callable

from volplugins.lab.machine.snapshot import PAGE, Snapshot

_PRESENT, _LARGE = 1, 0x80
_FRAME_64, _FRAME_32 = 0xFFFFFFFFFF000, 0xFFFFF000
_LA57 = 1 << 12
# (shift, index bits) of each level, from the top
_FOUR = ((39, 9), (30, 9), (21, 9), (12, 9))
_FIVE = ((48, 9), *_FOUR)
_PAE = ((30, 2), (21, 9), (12, 9))
_X86 = ((22, 10), (12, 10))


class ServedMemory:
    """The machine's memory; ``directory`` is the CR3 of the processor that was broken into."""

    def __init__(self, snapshot: Snapshot, pages: dict[int, bytes], directory: int, cr4: int) -> None:
        self._pages, self._runs = pages, snapshot.runs
        wide = snapshot.bits == 64
        self._levels = (_FIVE if cr4 & _LA57 else _FOUR) if wide else _PAE if snapshot.pae else _X86
        self._entry = 4 if self._levels is _X86 else 8
        self._mask = (1 << snapshot.bits) - 1
        self._frame = _FRAME_32 if self._levels is _X86 else _FRAME_64
        self._known: dict[tuple[int, int], int | None] = {}
        self.use(directory)

    def use(self, directory: int) -> None:
        """Read by the page directory of a CR3 from now on, whatever else its low bits say."""
        self.directory = directory & ((_FRAME_32 | 0xFE0) if self._levels is _PAE else self._frame)

    def physical(self, address: int, size: int) -> bytes:
        """Bytes up to the first page that is no RAM."""
        return self._collect(address, size, lambda page: page)

    def virtual(self, address: int, size: int) -> bytes:
        """Bytes up to the first page that is not mapped or no RAM; 32-bit addresses may be sign-extended."""
        if self._mask >> 32 and (address >> self._levels[0][0] + 8) not in (0, self._mask >> self._levels[0][0] + 8):
            return b""  # not canonical
        return self._collect(address & self._mask, size, self._translated)

    def number(self, address: int, size: int) -> int | None:
        """A little-endian number at a virtual address; None where it cannot be read."""
        data = self.virtual(address, size)
        return int.from_bytes(data, "little") if len(data) == size else None

    def _collect(self, address: int, size: int, physical_of: Callable[[int], int | None]) -> bytes:
        parts = []
        while size > 0:
            start = address % PAGE
            physical = physical_of(address - start)
            content = None if physical is None else self._page(physical // PAGE)
            if content is None:
                break
            part = content[start : min(start + size, PAGE)]
            parts.append(part)
            address, size = address + len(part), size - len(part)
        return b"".join(parts)

    def _page(self, pfn: int) -> bytes | None:
        if any(base <= pfn < base + count for base, count in self._runs):
            return self._pages.get(pfn, bytes(PAGE))
        return None

    def _translated(self, page: int) -> int | None:
        key = self.directory, page
        if key not in self._known:
            self._known[key] = self._walk(page)
        return self._known[key]

    def _walk(self, page: int) -> int | None:
        table = self.directory
        for depth, (shift, bits) in enumerate(self._levels):
            at = table + (page >> shift & (1 << bits) - 1) * self._entry
            entry = int.from_bytes(self.physical(at, self._entry), "little")
            if not entry & _PRESENT:
                return None
            last = depth == len(self._levels) - 1
            if last or (entry & _LARGE and shift <= 30 and not (self._levels is _PAE and depth == 0)):
                within = (1 << shift) - 1
                return (entry & self._frame & ~within) | page & within
            table = entry & self._frame
        return None
