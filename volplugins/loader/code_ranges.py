"""Where code can be: the executable sections of a module whose headers are there, else all of it past its headers."""

from __future__ import annotations

from volplugins.image.headers import read_headers
from volplugins.loader.module import Module, ModuleTable
from volplugins.memory.reader import MemoryReader

_HEADERS = 0x400  # smallest size of headers that linkers leave room for


class CodeRanges:
    """Answers whether an address is in code; each module's headers are read once, when first needed."""

    def __init__(self, memory: MemoryReader, modules: ModuleTable) -> None:
        self._memory = memory
        self._modules = modules
        self._ranges: dict[int, tuple[tuple[int, int], ...]] = {}

    def holds(self, address: int) -> bool:
        """Whether ``address`` is in some module's code."""
        module = self._modules.at(address)
        if module is None:
            return False
        if module.base not in self._ranges:
            self._ranges[module.base] = self._read(module)
        rva = address - module.base
        return any(start <= rva < end for start, end in self._ranges[module.base])

    def _read(self, module: Module) -> tuple[tuple[int, int], ...]:
        headers = read_headers(self._memory, module.base)
        sections = headers.sections if headers else ()
        found = tuple((s.rva, s.rva + s.virtual_size) for s in sections if s.executable)
        return found or ((_HEADERS, module.size),)
