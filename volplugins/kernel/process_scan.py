"""Processes that no list leads to: found in physical memory by the pool tags of processes and threads.

A hit is believed only if it proves its own address: the list head that nobody uses (KPROCESS.ProfileListHead, empty
unless a profile runs) leads to itself, and the kernel's page tables lead from there back to the very page of the hit.
A thread's hit counts for the process that it names, and as a thread where it proves its address the same way (one of
its two lists of APCs, nearly always empty). Tags: pooltag.txt of the Debugging Tools; before Windows 8 the
highest bit of a protected object's tag is set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile

from volplugins.kernel.members import read_member
from volplugins.kernel.physical_pieces import Piece, Progress, Scannable, pieces
from volplugins.kernel.pool_headers import tagged_headers
from volplugins.kernel.process import Process, looks_like_a_name, read_process
from volplugins.kernel.thread import MAX_THREADS, THREAD_OBJECT
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Layout
from volplugins.paging.address_space import AddressSpace

_PROCESS_TAGS, _THREAD_TAGS = (b"Proc", b"Pro\xe3"), (b"Thre", b"Thr\xe5")
_PROCESS_TYPE = 3  # KOBJECTS, in DISPATCHER_HEADER.Type
_LARGEST_PREFIX = 0x140  # pool header, optional object headers and object header before the body
_HIGHEST_PID = 1 << 26


def scan_processes(
    physical: Scannable,
    kernel: AddressSpace,
    process: Layout,
    thread: Layout,
    progress: Progress | None = None,
    threads: dict[int, list[int]] | None = None,
) -> Iterator[Process]:
    """Every process that memory holds, listed or not, each address once; Source is ``scan`` or ``thread``.

    Args:
        threads: takes the ETHREADs that were found, by the EPROCESS that they name.
    """
    if not process.has("ProfileListHead") or not process.has("UniqueProcessId"):
        return
    scanner = _Scanner(kernel, process, thread)
    seen: set[int] = set()
    named: dict[int, None] = {}  # by threads; its own tag, further on in memory, is the better evidence
    for piece in pieces(physical, scanner.beyond, progress):
        for eprocess, source, ethread in scanner.hits(piece):
            if ethread is not None and threads is not None and len(threads.get(eprocess, ())) < MAX_THREADS:
                threads.setdefault(eprocess, []).append(ethread)
            if source == "thread":
                named.setdefault(eprocess)
            elif eprocess not in seen:
                seen.add(eprocess)
                yield from scanner.believed(eprocess, source)
    for eprocess in named:
        if eprocess not in seen:
            yield from scanner.believed(eprocess, "thread")


class _Scanner:
    """One pass over physical memory."""

    def __init__(self, kernel: AddressSpace, process: Layout, thread: Layout) -> None:
        self._kernel, self._process, self._thread = kernel, process, thread
        at, size = process.members["ProfileListHead"]
        self._profile, self._width = at, size // 2
        self._lowest = 1 << (63 if self._width == 8 else 31)
        # bytes of an object that must be in the piece: what proves its address; for a thread the member Process will do
        self._process_reach = at + size
        proof = "ApcProcess" if thread.has("ApcProcess") else "Process"
        self._thread_reach = sum(thread.members[proof]) if thread.has(proof) else 0
        self.beyond = _LARGEST_PREFIX + max(self._process_reach, self._thread_reach)

    def hits(self, piece: Piece) -> Iterator[tuple[int, str, int | None]]:
        """EPROCESS addresses that a piece of memory speaks of, by what, and the ETHREAD that does."""
        data, start = piece.data, piece.start
        for header in _of_piece(piece, _PROCESS_TAGS, self._width):
            address = self._process_behind(data, header, start)
            if address is not None:
                yield address, "scan", None
        if self._thread.has("Process"):
            for header in _of_piece(piece, _THREAD_TAGS, self._width):
                found = self._thread_behind(data, header, start)
                if found is not None:
                    yield found[0], "thread", found[1]

    def _bodies(self, data: bytes, header: int, kind: int, reach: int) -> Iterator[int]:
        """Places behind a pool header where a dispatcher object of this type may begin, ``reach`` bytes of it there."""
        for body in range(header + 0x20, min(header + _LARGEST_PREFIX, len(data) - reach + 1), self._width):
            if data[body] & 0x7F == kind:
                yield body

    def _process_behind(self, data: bytes, header: int, start: int) -> int | None:
        for body in self._bodies(data, header, _PROCESS_TYPE, self._process_reach):
            flink, blink = (self._word(data, body + self._profile + n * self._width) for n in (0, 1))
            if flink == blink and self._proves(flink - self._profile, start + body):
                return flink - self._profile
        return None

    def _proves(self, address: int, physical: int) -> bool:
        """Whether the kernel's page tables lead from ``address`` to the place where it was read."""
        fits = address >= self._lowest and address & 0xFFF == physical & 0xFFF
        return fits and self._kernel.translate(address).physical == physical

    def _thread_behind(self, data: bytes, header: int, start: int) -> tuple[int, int | None] | None:
        """The process that a thread names, and the thread's own address where it can be told."""
        at, first = self._thread.offset("Process"), None
        for body in self._bodies(data, header, THREAD_OBJECT, self._thread_reach):
            if body + at + self._width > len(data):  # the member lies behind the piece
                ethread = self._thread_at(data, body, start)
                owner = read_member(self._kernel, ethread, self._thread, "Process") if ethread is not None else None
            else:
                owner = self._word(data, body + at)
            if owner is not None and owner >= self._lowest and owner % self._width == 0:
                ethread = self._thread_at(data, body, start)
                if ethread is not None:
                    return owner, ethread
                first = first or (owner, None)
        return first

    def _thread_at(self, data: bytes, body: int, start: int) -> int | None:
        """By KAPC_STATE.ApcListHead: two list heads in front of the member Process, in every build."""
        if not self._thread.has("ApcProcess"):
            return None
        for before in (4, 2):
            at = self._thread.offset("ApcProcess") - before * self._width
            flink, blink = (self._word(data, body + at + n * self._width) for n in (0, 1))
            if flink == blink and self._proves(flink - at, start + body):
                return flink - at
        return None

    def _word(self, data: bytes, at: int) -> int:
        return int.from_bytes(data[at : at + self._width], "little")

    def believed(self, eprocess: int, source: str) -> Iterator[Process]:
        """The process at ``eprocess``, if what is there reads as one."""
        try:
            if self._kernel.read(eprocess, 1)[0] & 0x7F != _PROCESS_TYPE:
                return
            process = read_process(self._kernel, eprocess, self._process)
        except ReadError:
            return
        if process.pid is not None and process.pid < _HIGHEST_PID and looks_like_a_name(process.name):
            yield replace(process, source=source)


def _of_piece(piece: Piece, tags: tuple[bytes, ...], width: int) -> Iterator[int]:
    """Where pool headers with one of these tags begin in what is this piece's own."""
    return takewhile(lambda header: header < piece.size, tagged_headers(piece.data, tags, width))
