"""What processors are read with: memory, layouts, the clock, the kernel's variables where they have names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from volplugins.io.clock import KernelClock
from volplugins.kernel.layouts import KernelLayouts
from volplugins.kernel.processors import Processor
from volplugins.memory.reader import MemoryReader


@dataclass(frozen=True, slots=True)
class ProcessorSource:
    """One kernel's processors.

    Attributes:
        build: the kernel's build number; ``bits`` its width.
        processors: their blocks.
        clock: now; None where the target does not hold it.
        variable: address of a variable of the kernel by its name, where symbols name it.
        stopped: whether the processors were stopped for the dump and saved their registers.
        small: whether memory is a small dump's, which holds no lists.
    """

    memory: MemoryReader
    layouts: KernelLayouts
    bits: int
    build: int
    processors: tuple[Processor, ...]
    clock: KernelClock | None
    variable: Callable[[str], int | None]
    stopped: bool = True
    small: bool = False

    @property
    def width(self) -> int:
        """Bytes of a pointer."""
        return self.bits // 8
