"""What a PE image is made from, and where everything of it lies once it is laid out."""

from __future__ import annotations

import uuid
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ImageSource:
    """What an image is made from.

    Attributes:
        name: file name, such as ``ntoskrnl.exe``.
        pdb: path in the debug record; empty for no debug record.
        code: listing in the notation of functions.py.
        data: variables of ``.data`` as (name, size in bytes).
        forwarders: exports that lead elsewhere, name to ``DLL.Name``.
        ordinal_only: functions exported without a name.
        exported_data: variables of ``data`` that are exported.
        version: file version of the version resource, four numbers; None for no resource.
        exporting: the functions that are exported, where it is not those that the listing marks.
    """

    name: str
    pdb: str
    code: str
    data: tuple[tuple[str, int], ...] = ()
    forwarders: Mapping[str, str] = field(default_factory=dict)
    ordinal_only: tuple[str, ...] = ()
    exported_data: tuple[str, ...] = ()
    version: tuple[int, int, int, int] | None = None
    company: str = "Microsoft Corporation"
    description: str = ""
    init: bool = False
    user: bool = False
    pad_pages: int = 0
    exporting: frozenset[str] | None = None


@dataclass(slots=True)
class Image:
    """A laid-out image: every offset is from its base.

    Attributes:
        size: SizeOfImage.
        sections: name to (offset, bytes of content, size).
        symbols: all names, private ones too.
        exports: exported names (not the forwarded ones).
        sites: ``Function>callee`` to the return address of that call, ``Function@label`` to that instruction.
        functions: name to (begin, end, bytes from the body's stack pointer to the return address).
    """

    source: ImageSource
    bits: int
    timestamp: int
    checksum: int
    guid: uuid.UUID
    age: int
    size: int = 0
    entry: int = 0
    sections: dict[str, tuple[int, bytearray, int]] = field(default_factory=dict)
    symbols: dict[str, int] = field(default_factory=dict)
    exports: dict[str, int] = field(default_factory=dict)
    sites: dict[str, int] = field(default_factory=dict)
    functions: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    imports: dict[str, int] = field(default_factory=dict)
    directories: dict[int, tuple[int, int]] = field(default_factory=dict)
    absolute: list[tuple[int, str]] = field(default_factory=list)
    _ordered: list[tuple[int, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """File name."""
        return self.source.name

    @property
    def stem(self) -> str:
        """The name that symbols are written with: ``nt`` for the kernel, else the file name without extension."""
        return "nt" if self.name.lower().startswith("nto") else self.name.rpartition(".")[0].lower()

    def section_of(self, rva: int) -> str:
        """The section that holds an offset, or an empty name (headers)."""
        for name, (start, _, size) in self.sections.items():
            if start <= rva < start + size:
                return name
        return ""

    def symbol_below(self, rva: int) -> tuple[int, str]:
        """The last symbol at or below an offset, of several there the last by name; ValueError where none is."""
        if len(self._ordered) != len(self.symbols):
            self._ordered = sorted((at, name) for name, at in self.symbols.items())
        index = bisect_right(self._ordered, rva, key=lambda symbol: symbol[0])
        if not index:
            raise ValueError(f"no symbol at or below {rva:#x}")
        return self._ordered[index - 1]
