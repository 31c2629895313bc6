"""What this room reads from: the kernel's memory, the layouts of its structures, and what gives places in it names."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.kernel.debugger_data import DebuggerData
from volplugins.kernel.io_layouts import IoLayouts
from volplugins.kernel.physical_pieces import Scannable
from volplugins.loader.module import ModuleTable
from volplugins.loader.symbolizer import Symbolizer
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout, Structure, read_present, read_structure
from volplugins.paging.address_space import AddressSpace


@dataclass(frozen=True, slots=True)
class IoSystem:
    """The machine as this room sees it.

    Attributes:
        memory: reads kernel virtual addresses.
        bits, build: of the machine.
        physical, space: physical memory and the kernel's page tables, for searches; None in a small dump.
    """

    memory: MemoryReader
    bits: int
    build: int
    layouts: IoLayouts
    modules: ModuleTable
    symbolizer: Symbolizer
    debugger_data: DebuggerData | None = None
    physical: Scannable | None = None
    space: AddressSpace | None = None

    @property
    def width(self) -> int:
        """Bytes of a pointer."""
        return self.bits // 8

    def in_kernel_half(self, address: int) -> bool:
        """Whether an address may be the kernel's, aligned as its structures are."""
        return bool(address >> (self.bits - 1)) and address % self.width == 0

    def pointer(self, address: int) -> int:
        """The pointer at ``address``; raises ReadError."""
        return int.from_bytes(self.memory.read(address, self.width), "little")

    def structure(self, address: int, layout: Layout) -> Structure:
        """The structure at ``address``.

        Raises:
            ReadError: it cannot be read, or ``address`` is none of the kernel's, or this build's layout is not known.
        """
        self._can_be(address, layout)
        return read_structure(self.memory, address, layout)

    def present(self, address: int, layout: Layout, *needed: str) -> Structure:
        """What is there of the structure at ``address``: without the members of pages that are absent.

        Raises:
            ReadError: as ``structure`` does, where one of the ``needed`` members cannot be read.
        """
        self._can_be(address, layout)
        found = read_present(self.memory, address, layout)
        for member in needed:
            if not found.layout.has(member):
                at, size = layout.members[member]
                self.memory.read(address + at, size)
                raise ReadError(address + at)
        return found

    def _can_be(self, address: int, layout: Layout) -> None:
        if not layout.members:
            raise ReadError(address, f"layout of {layout.name} not known")
        if not self.in_kernel_half(address):
            raise ReadError(address, "not a kernel address")

    def variable(self, name: str) -> int | None:
        """Address of a variable of the kernel: by its symbols or exports, else by the debugger data block."""
        kernel = self.modules.kernel
        found = self.symbolizer.address_of(kernel, name) if kernel is not None else None
        if found is None and self.debugger_data is not None:
            found = self.debugger_data.addresses.get(name)
        return found
