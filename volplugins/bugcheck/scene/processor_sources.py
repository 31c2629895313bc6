"""The processors by the first source of KiProcessorBlock that leads to any: KDBG, symbols, the kernel's own data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from volplugins.bugcheck.scene.find_processors import find_processor_block
from volplugins.kernel.debugger_data import DebuggerData
from volplugins.kernel.layouts import KernelLayouts
from volplugins.kernel.processors import Processor, read_processor, read_processors
from volplugins.loader.module import ModuleTable
from volplugins.loader.symbolizer import Symbolizer
from volplugins.memory.reader import MemoryReader, ReadError

KDBG = "the debugger data block"
CONTROL_SPACE = "the processors' control space"


@dataclass(frozen=True, slots=True)
class FoundProcessors:
    """Processors, what named KiProcessorBlock (empty where nothing did), and which sources led nowhere."""

    processors: tuple[Processor, ...] = ()
    source: str = ""
    notes: tuple[str, ...] = ()

    @property
    def evidence(self) -> str:
        """What to add to how a processor was recognised; nothing where the usual source named it."""
        return f"; KiProcessorBlock by {self.source}" if self.source not in ("", KDBG) else ""


@dataclass(frozen=True, slots=True)
class ProcessorSources:
    """What may say where KiProcessorBlock is; ``known``: number and KPRCB of processors that say so themselves."""

    memory: MemoryReader
    debugger_data: DebuggerData | None
    modules: ModuleTable
    symbolizer: Symbolizer
    bits: int
    count: int
    known: tuple[tuple[int, int], ...] = ()

    def find(self, layouts: KernelLayouts) -> FoundProcessors:
        """Ask one source after the other."""
        data = self.debugger_data
        unnamed = data is not None and "KiProcessorBlock" not in data.addresses
        notes = [f"{KDBG} names no KiProcessorBlock"] if unnamed else []
        for block, source in self._blocks():
            found = read_processors(self.memory, block, self.count, layouts, self.bits)
            if found:
                return FoundProcessors(found, source, tuple(notes))
            notes.append(f"KiProcessorBlock {block:#x} of {source} leads to no processor")
        told = tuple(self._told(layouts))
        if told:
            return FoundProcessors(told, CONTROL_SPACE, tuple(notes))
        return FoundProcessors(notes=tuple(notes))

    def _told(self, layouts: KernelLayouts) -> Iterator[Processor]:
        for number, prcb in self.known:
            with suppress(ReadError):
                yield read_processor(self.memory, number, prcb, layouts, self.bits)

    def _blocks(self) -> Iterator[tuple[int, str]]:
        data, kernel = self.debugger_data, self.modules.kernel
        if data is not None and "KiProcessorBlock" in data.addresses:
            yield data.addresses["KiProcessorBlock"], KDBG
        if kernel is None or self.known:
            return
        by_symbol = self.symbolizer.address_of(kernel, "KiProcessorBlock")
        if by_symbol:
            yield by_symbol, "the kernel's symbols"
        found = find_processor_block(self.memory, kernel.base, self.count, self.bits)
        if found:
            yield found, "a search of the kernel's data"
