"""Processes that no list leads to: found in physical memory by the pool tags of processes and threads.

A hit is believed only if it proves its own address: the list head that nobody uses (KPROCESS.ProfileListHead, empty
unless a profile runs) leads to itself, and the kernel's page tables lead from there back to the very page of the hit.
A thread's hit counts for the process that it names. Tags: pooltag.txt of the Debugging Tools; before Windows 8 the
highest bit of a protected object's tag is set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

from volplugins.kernel.process import Process, looks_like_a_name, read_process
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout
from volplugins.paging.address_space import AddressSpace

_PROCESS_TAGS, _THREAD_TAGS = (b"Proc", b"Pro\xe3"), (b"Thre", b"Thr\xe5")
_PROCESS_TYPE, _THREAD_TYPE = 3, 6  # KOBJECTS, in DISPATCHER_HEADER.Type
_CHUNK = 16 << 20
_LARGEST_PREFIX = 0x140  # pool header, optional object headers and object header before the body
_HIGHEST_PID = 1 << 26

Progress = Callable[[float], None]


class Scannable(MemoryReader, Protocol):
    """Physical memory whose pages can be listed."""

    def runs(self, first_pfn: int = 0, last_pfn: int | None = None) -> Iterator[tuple[int, int, int]]:
        """(base PFN, page count, file offset) of the pages that are there."""
        ...  # pragma: no cover - a protocol has no body

    @property
    def pages_in_file(self) -> int:
        """How many pages are there."""
        ...  # pragma: no cover - a protocol has no body


def scan_processes(
    physical: Scannable, kernel: AddressSpace, process: Layout, thread: Layout, progress: Progress | None = None
) -> Iterator[Process]:
    """Every process that memory holds, listed or not, each address once; Source is ``scan`` or ``thread``."""
    if not process.has("ProfileListHead") or not process.has("UniqueProcessId"):
        return
    scanner = _Scanner(physical, kernel, process, thread)
    seen: set[int] = set()
    done = 0
    for base, count, _ in physical.runs():
        for start in range(base << 12, (base + count) << 12, _CHUNK):
            size = min(_CHUNK, ((base + count) << 12) - start)
            for eprocess, source in scanner.chunk(start, size):
                if eprocess not in seen:
                    seen.add(eprocess)
                    found = scanner.believed(eprocess)
                    if found is not None:
                        yield replace(found, source=source)
            done += size >> 12
            if progress is not None:
                progress(100.0 * done / max(physical.pages_in_file, 1))


class _Scanner:
    """One pass over physical memory."""

    def __init__(self, physical: MemoryReader, kernel: AddressSpace, process: Layout, thread: Layout) -> None:
        self._physical, self._kernel = physical, kernel
        self._process, self._thread = process, thread
        at, size = process.members["ProfileListHead"]
        self._profile, self._width = at, size // 2
        self._step = 2 * self._width
        self._lowest = 1 << (63 if self._width == 8 else 31)

    def chunk(self, start: int, size: int) -> Iterator[tuple[int, str]]:
        """EPROCESS addresses that the bytes from ``start`` on speak of, and by what."""
        try:
            data = self._physical.read(start, size)
        except ReadError:
            return
        for tag in _PROCESS_TAGS:
            for at in _find(data, tag):
                address = self._process_behind(data, at - 4, start)
                if address is not None:
                    yield address, "scan"
        if self._thread.has("Process"):
            for tag in _THREAD_TAGS:
                for at in _find(data, tag):
                    address = self._owner_behind(data, at - 4)
                    if address is not None:
                        yield address, "thread"

    def _bodies(self, data: bytes, header: int, kind: int) -> Iterator[int]:
        """Places behind a pool header where a dispatcher object of this type may begin."""
        if header < 0 or header % self._step:
            return
        for body in range(header + 0x20, min(header + _LARGEST_PREFIX, len(data) - 0x400), self._width):
            if data[body] & 0x7F == kind:
                yield body

    def _process_behind(self, data: bytes, header: int, start: int) -> int | None:
        for body in self._bodies(data, header, _PROCESS_TYPE):
            flink, blink = (self._word(data, body + self._profile + n * self._width) for n in (0, 1))
            address = flink - self._profile
            fits = flink == blink and address >= self._lowest and address & 0xFFF == (start + body) & 0xFFF
            if fits and self._kernel.translate(address).physical == start + body:
                return address
        return None

    def _owner_behind(self, data: bytes, header: int) -> int | None:
        at = self._thread.offset("Process")
        for body in self._bodies(data, header, _THREAD_TYPE):
            address = self._word(data, body + at)
            if address >= self._lowest and address % self._width == 0:
                return address
        return None

    def _word(self, data: bytes, at: int) -> int:
        return int.from_bytes(data[at : at + self._width], "little")

    def believed(self, eprocess: int) -> Process | None:
        """The process at ``eprocess``, if what is there reads as one."""
        try:
            if self._kernel.read(eprocess, 1)[0] & 0x7F != _PROCESS_TYPE:
                return None
            process = read_process(self._kernel, eprocess, self._process)
        except ReadError:
            return None
        plausible = process.pid is not None and process.pid < _HIGHEST_PID and looks_like_a_name(process.name)
        return process if plausible else None


def _find(data: bytes, tag: bytes) -> Iterator[int]:
    at = data.find(tag)
    while at >= 0:
        yield at
        at = data.find(tag, at + 4)
