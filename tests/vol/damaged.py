"""A lab machine's dump whose physical memory can be damaged before it is looked at."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np

from volplugins.bugcheck.scene.crash_scene import build_scene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.memory.reader import ReadError
from volplugins.vol.commands.pagedirs.rows import pagedirs_rows
from volplugins.vol.scene.crash_scene import scene_of

X64, PAE, X86 = "win10-x64", "win7-x86-pae", "xp-x86"
VICTIM = "explorer.exe"


class Patched:
    """Physical memory with some bytes changed and some pages taken away."""

    def __init__(self, memory) -> None:
        self._memory = memory
        self._pages: dict[int, bytearray] = {}
        self._gone: set[int] = set()

    def __getattr__(self, name):
        return getattr(self._memory, name)

    def write(self, physical: int, data: bytes) -> None:
        pfn = physical >> 12
        page = self._pages.setdefault(pfn, bytearray(self._memory.read(pfn << 12, 0x1000)))
        page[physical & 0xFFF : (physical & 0xFFF) + len(data)] = data

    def remove(self, pfn: int) -> None:
        self._gone.add(pfn)

    def read(self, physical: int, size: int) -> bytes:
        first, last = physical >> 12, (physical + size - 1) >> 12
        for pfn in sorted(self._gone):
            if first <= pfn <= last:
                self._memory.read(physical, max((pfn << 12) - physical, 0))
                raise ReadError(max(pfn << 12, physical), "not-in-dump")
        data = self._memory.read(physical, size)
        for pfn, page in self._pages.items():
            if first <= pfn <= last:
                start, end = max(pfn << 12, physical), min((pfn + 1) << 12, physical + size)
                part = bytes(page[start - (pfn << 12) : end - (pfn << 12)])
                data = data[: start - physical] + part + data[end - physical :]
        return data

    def read_pages(self, pfns):
        pages, present = self._memory.read_pages(pfns)
        pages = pages.copy()
        for row, pfn in enumerate(pfns.tolist()):
            if pfn in self._pages:
                pages[row] = np.frombuffer(bytes(self._pages[pfn]), dtype=np.uint8)
            if pfn in self._gone:
                present[row] = False
        return pages, present

    def present(self, pfns):
        gone = np.array(sorted(self._gone), np.int64)
        return self._memory.present(pfns) & ~np.isin(pfns, gone)

    def has(self, pfn: int) -> bool:
        return pfn not in self._gone and self._memory.has(pfn)


class Machine:
    """A lab machine's dump whose physical memory can be damaged before it is looked at."""

    def __init__(self, dumps, name: str, kind: str = "full", host: int = 0) -> None:
        path, self.snapshot = dumps(name, kind=kind, host=host)
        dump = open_dump(FileSource(path))
        self.memory = Patched(dump.memory)
        self.dump = replace(dump, memory=self.memory)
        self.scene = scene_of(self.dump)
        self.victim = next(p for p in self.snapshot.truth["processes"] if p["name"] == VICTIM)
        self.size = 4 if name == X86 else 8
        self.layouts = "symbols"

    def rows(self, *who: str, typed=(), checks=False):
        scene = scene_of(self.dump) if self.layouts == "symbols" else build_scene(self.dump)
        return list(pagedirs_rows(scene, who, typed, checks))

    def verdict(self):
        (row,) = [row for row in self.rows(f"pid:{self.victim['pid']}") if row.depth == 0 and row.pid is not None]
        return row

    @property
    def top(self) -> int:
        return self.victim["dtb"] & ~(0x1F if self.snapshot.pae else 0xFFF)

    def entry(self, physical: int) -> int:
        return int.from_bytes(self.memory.read(physical, self.size), "little")

    def set_entry(self, physical: int, value: int) -> None:
        self.memory.write(physical, struct.pack("<I" if self.size == 4 else "<Q", value))

    def set_dirbase(self, value: int) -> None:
        layout = self.scene.layouts.process
        at, width = layout.members["DirectoryTableBase"]
        address = self.victim["eprocess"] + at
        self.memory.write(self.scene.space.space.translate(address).physical, value.to_bytes(width, "little"))

    def use_built_in_layouts(self) -> None:
        """Read structures by the built-in tables, as where no symbols are at hand."""
        self.layouts = "built-in"

    def first_valid(self, table: int, count: int) -> int:
        return next(a for a in range(table, table + count * self.size, self.size) if self.entry(a) & 1)


def frame(entry: int) -> int:
    """Address of the page that an entry leads to."""
    return entry & 0xFFFFFFFFFF000
