"""Kernel memory with processors, threads, deferred calls and timers, written word by word."""

from __future__ import annotations

from volplugins.io.clock import KernelClock
from volplugins.kernel.layouts import KernelLayouts, built_in
from volplugins.kernel.processors import Processor
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Layout
from volplugins.processors.source import ProcessorSource

TICKS, SECONDS = 1_000_000, 1 / 64
_BASE = {64: 0xFFFFF80000000000, 32: 0x82000000}
_SIZE, _BLOCK = 0x100000, 0x20000


class Made:
    """One kernel's memory: a processor's block every 128 KiB, everything else behind them."""

    def __init__(self, build: int = 19041, bits: int = 64, count: int = 2) -> None:
        self.bits, self.build, self.width = bits, build, bits // 8
        self.base = _BASE[bits]
        self.data = bytearray(_SIZE)
        self.layouts: KernelLayouts = built_in(bits, build)
        self.prcbs = [self.base + number * _BLOCK + 0x180 for number in range(count)]
        self.variables: dict[str, int] = {}
        self.reads = 0
        self._next = self.base + count * _BLOCK
        for prcb in self.prcbs:
            self.member(self.waits.processor, prcb, "KernelTime", TICKS * 9 // 10)
            self.member(self.waits.processor, prcb, "UserTime", TICKS // 10)

    @property
    def waits(self):
        return self.layouts.waits

    def read(self, address: int, size: int) -> bytes:
        self.reads += 1
        at = address - self.base
        if not 0 <= at <= at + size <= _SIZE:
            raise ReadError(address)
        return bytes(self.data[at : at + size])

    def put(self, address: int, value: int, size: int | None = None) -> None:
        at, size = address - self.base, size or self.width
        self.data[at : at + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")

    def member(self, layout: Layout, address: int, name: str, value: int) -> None:
        if name in layout.members:
            at, size = layout.members[name]
            self.put(address + at, value, min(size, self.width if size > 8 else size))

    def room(self, size: int = 0x1000) -> int:
        self._next += size
        return self._next - size

    def source(self, **more) -> ProcessorSource:
        found = tuple(Processor(number, prcb, None, None, None) for number, prcb in enumerate(self.prcbs))
        given = {"clock": KernelClock(TICKS, SECONDS, TICKS * 156250), **more}
        return ProcessorSource(self, self.layouts, self.bits, self.build, found, variable=self.variables.get, **given)

    def thread(self, waited: int = 0) -> int:
        """An ETHREAD that became ready so many ticks ago."""
        address = self.room()
        self.put(address, 6, 1)
        self.member(self.waits.thread, address, "WaitTime", TICKS - waited)
        return address

    def dpc(self, routine: int, kind: int = 19) -> int:
        address = self.room(0x40)
        self.put(address, kind, 1)
        self.member(self.waits.dpc, address, "DeferredRoutine", routine)
        return address

    def timer(self, due: float, dpc: int, period: int = 0) -> int:
        """A KTIMER that is due in so many seconds; ``dpc`` is put there as it is."""
        address = self.room(0x40)
        self.put(address, 8, 1)
        self.member(self.waits.timer, address, "DueTime", round(TICKS * 156250 + due * 1e7))
        self.member(self.waits.timer, address, "Dpc", dpc)
        self.member(self.waits.timer, address, "Period", period)
        return address

    def ring(self, head: int, entries: list[int]) -> None:
        """A circular list of these."""
        ring = [head, *entries]
        for place, entry in enumerate(ring):
            self.put(entry, ring[(place + 1) % len(ring)])
            self.put(entry + self.width, ring[place - 1])

    def ready(self, heads: int, priority: int, threads: list[int]) -> None:
        """Put threads into the list of a priority."""
        at = self.waits.thread.offset("WaitListEntry")
        self.ring(heads + 2 * self.width * priority, [each + at for each in threads])
