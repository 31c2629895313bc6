"""One loaded or unloaded module, and the table that finds the module of an address."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

# ntkrla57: of machines with five levels of page tables, beside ntoskrnl since build 20231
KERNEL_IMAGES = frozenset({"ntoskrnl.exe", "ntkrnlmp.exe", "ntkrnlpa.exe", "ntkrpamp.exe", "ntkrla57.exe"})
HAL_IMAGES = frozenset({"hal.dll", "halmacpi.dll", "halacpi.dll", "halapic.dll", "halaacpi.dll", "halmps.dll"})


@dataclass(frozen=True, slots=True)
class Module:
    """A kernel module.

    Attributes:
        base, size: load address and SizeOfImage in bytes.
        image_name: file name as the list has it, such as ``amdppm.sys``.
        path: full path where known, else empty.
        timestamp, checksum: from the list's entry; None where it has none.
        source: ``loaded-list``, ``triage`` or ``unloaded``.
        entry: address of the list's entry, or None.
        note: what is odd about it.
        unloaded: FILETIME of its unloading; None where it is loaded, or the dump does not say.
    """

    base: int
    size: int
    image_name: str
    path: str
    timestamp: int | None
    checksum: int | None
    source: str
    entry: int | None = None
    note: str = ""
    unloaded: int | None = None
    _name: list[str] = field(default_factory=list, init=False, repr=False, compare=False)  # once it was asked for

    @property
    def end(self) -> int:
        """First address after the module."""
        return self.base + self.size

    @property
    def name(self) -> str:
        """WinDbg's module name: no extension, ``nt`` for the kernel, ``hal`` for the HAL, ``_`` for odd letters."""
        if not self._name:  # an image name may be as long as a string of Windows
            self._name.append(self._made_name())
        return self._name[0]

    def _made_name(self) -> str:
        if self.is_kernel:
            return "nt"
        if self.image_name.lower() in HAL_IMAGES:
            return "hal"
        if not self.image_name.strip("\0"):
            return "unnamed"
        stem = self.image_name.rsplit(".", 1)[0] if "." in self.image_name else self.image_name
        return "".join(c if c.isalnum() or c == "_" else "_" for c in stem)

    @property
    def is_kernel(self) -> bool:
        """Whether this is the kernel image itself."""
        return self.image_name.lower() in KERNEL_IMAGES


class ModuleTable:
    """Modules by address. Overlapping entries are allowed; the one that starts nearest below wins."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.modules: Sequence[Module] = tuple(modules)
        self._sorted = sorted(self.modules, key=lambda module: module.base)
        self._bases = [module.base for module in self._sorted]

    def __iter__(self) -> Iterator[Module]:
        return iter(self.modules)

    def __len__(self) -> int:
        return len(self.modules)

    def at(self, address: int) -> Module | None:
        """The module that holds ``address``, or None."""
        index = bisect_right(self._bases, address) - 1
        if index >= 0 and address < self._sorted[index].end:
            return self._sorted[index]
        return None

    def named(self, image_name: str) -> Module | None:
        """The first module with this file name, letter case ignored."""
        wanted = image_name.lower()
        return next((module for module in self.modules if module.image_name.lower() == wanted), None)

    @property
    def kernel(self) -> Module | None:
        """The kernel image: by its name, else the first of the load order (it is always loaded first)."""
        return next((module for module in self.modules if module.is_kernel), self.modules[0] if self.modules else None)
