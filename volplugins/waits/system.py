"""What this room reads from: the kernel's memory, the layouts of threads, locks and waits, the kernel's clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from volplugins.io.clock import KernelClock
from volplugins.io.system import IoSystem
from volplugins.kernel.thread import THREAD_OBJECT
from volplugins.kernel.wait_layouts import WaitLayouts
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout, Structure, read_structure

UserMemory = Callable[[int], MemoryReader | None]


@dataclass(frozen=True, slots=True)
class WaitSystem:
    """The machine as this room sees it.

    Attributes:
        io: its memory, and what gives places in it names.
        thread: layout of what every build's threads have (kernel/thread.py); ``layouts`` has the rest.
        clock: None where its page is not there.
        user_memory: the memory that the process of this EPROCESS sees; None where it cannot be read.
    """

    io: IoSystem
    thread: Layout
    layouts: WaitLayouts
    clock: KernelClock | None = None
    user_memory: UserMemory = lambda _: None

    @property
    def bits(self) -> int:
        """Of the machine."""
        return self.io.bits

    @property
    def width(self) -> int:
        """Bytes of a pointer."""
        return self.io.bits // 8

    def structure(self, address: int, layout: Layout) -> Structure:
        """The kernel's structure at ``address``; raises ReadError, as IoSystem.structure."""
        return self.io.structure(address, layout)

    def attempt(self, address: int, layout: Layout) -> Structure | None:
        """The same, None where it cannot be read."""
        try:
            return self.io.structure(address, layout)
        except ReadError:
            return None

    def pointers(self, address: int, count: int) -> tuple[int, ...]:
        """Consecutive pointers of the kernel's memory; none where they cannot be read."""
        if not self.io.in_kernel_half(address):
            return ()
        try:
            data = self.io.memory.read(address, count * self.width)
        except ReadError:
            return ()
        return tuple(
            int.from_bytes(data[at : at + self.width], "little") for at in range(0, count * self.width, self.width)
        )

    def is_thread(self, address: int) -> bool:
        """Whether a thread object is at ``address``."""
        if not self.io.in_kernel_half(address):
            return False
        try:
            return self.io.memory.read(address, 1)[0] & 0x7F == THREAD_OBJECT
        except ReadError:
            return False


def number_in(memory: MemoryReader, address: int, layout: Layout, member: str) -> int | None:
    """One member of the structure at ``address``; None where the layout lacks it or it cannot be read."""
    if not layout.has(member):
        return None
    at, size = layout.members[member]
    try:
        return int.from_bytes(memory.read(address + at, size), "little")
    except ReadError:
        return None


def structure_in(memory: MemoryReader, address: int, layout: Layout) -> Structure | None:
    """The structure at ``address`` of any memory; None where it cannot be read."""
    try:
        return read_structure(memory, address, layout) if layout.members else None
    except ReadError:
        return None
