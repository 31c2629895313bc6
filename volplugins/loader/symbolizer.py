"""Addresses to names: ``module!symbol+0x…`` where a symbol is known, ``module+0x…`` where only the module is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from volplugins.image.exports import ExportTable
from volplugins.loader.module import Module, ModuleTable
from volplugins.memory.address_text import parse_address


class SymbolTable(Protocol):
    """Names of one image by relative virtual address: a PDB's table or the image's exports."""

    @property
    def kind(self) -> str:
        """``pdb`` or ``export``."""
        ...  # pragma: no cover - a protocol has no body

    def lookup(self, name: str) -> int | None:
        """Relative virtual address of ``name``, or None."""
        ...  # pragma: no cover - a protocol has no body

    def nearest(self, rva: int) -> tuple[str, int] | None:
        """The last name at or below ``rva`` and the displacement from it in bytes."""
        ...  # pragma: no cover - a protocol has no body


@dataclass(frozen=True, slots=True)
class Location:
    """Where an address is.

    Attributes:
        module: the module, or None.
        rva: offset from the module's base.
        symbol, displacement: nearest name at or below, where one is known.
        kind: where the name is from: ``pdb``, ``export`` or empty.
    """

    address: int
    module: Module | None
    rva: int
    symbol: str
    displacement: int
    kind: str

    def text(self) -> str:
        """``module!symbol+0x…``, ``module+0x…``, or the bare address."""
        if self.module is None:
            return f"{self.address:#x}"
        if self.symbol:
            tail = f"+{self.displacement:#x}" if self.displacement else ""
            return f"{self.module.name}!{self.symbol}{tail}"
        return f"{self.module.name}+{self.rva:#x}"


# an export this far below says nothing of the function an address is in
_EXPORT_REACH = 0x1000
# nor does a PDB's symbol: functions are smaller (the largest of public kernels take half of this)
_PDB_REACH = 0x10000
# names of constants that compilers put between functions (string literals, floating-point numbers)
_CONSTANTS = ("??_C@", "__real@", "__xmm@")
# what code calls directly to go on where a register says: control flow guard and the retpolines of build 17763 on
_DISPATCHERS = ("guard_dispatch_icall", "guard_retpoline", "guard_xfg_dispatch", "retpoline")


class Symbolizer:
    """Names addresses; each module's table is asked for once, when first needed."""

    def __init__(self, modules: ModuleTable, table_of: Callable[[Module], SymbolTable | None]) -> None:
        self.modules = modules
        self._table_of = table_of
        self._tables: dict[int, SymbolTable | None] = {}

    def table(self, module: Module) -> SymbolTable | None:
        """The table used for ``module``, or None."""
        if module.base not in self._tables:
            self._tables[module.base] = self._table_of(module)
        return self._tables[module.base]

    def cuts(self) -> Iterator[str]:
        """What was left out of the tables used so far, in words; a function may then have the name before its own."""
        for base, table in self._tables.items():
            module = self.modules.at(base)
            if isinstance(table, ExportTable) and module is not None:
                yield from (f"{module.name}: {text}" for text in table.cut)

    def address_of(self, module: Module, name: str) -> int | None:
        """Address of the symbol ``name`` of ``module``, or None."""
        table = self.table(module)
        rva = table.lookup(name) if table else None
        return module.base + rva if rva is not None else None

    def find(self, text: str) -> int | str:
        """The address that ``module!symbol``, ``module!symbol+0x…`` or ``module+0x…`` names; in words why none.

        Modules by WinDbg's name or their file's, letter case ignored; symbols as they are spelled.
        """
        place, plus, distance = text.strip().partition("+")
        name, _, symbol = place.partition("!")
        further = parse_address(distance) if plus else 0
        if further is None:
            return f"{distance} is no distance (hexadecimal)"
        alike = [each for each in self.modules if name.lower() in (each.name.lower(), each.image_name.lower())]
        if not name or not alike:
            return f"no module is called {name}" if name else "no module is named"
        if not symbol:
            return alike[0].base + further
        for module in alike:
            address = self.address_of(module, symbol)
            if address is not None:
                return address + further
        return self._why_no_symbol(alike[0], symbol)

    def _why_no_symbol(self, module: Module, symbol: str) -> str:
        table = self.table(module)
        if table is None:
            return f"no symbols and no exports of {module.name} are at hand"
        kind = "its PDB has" if table.kind == "pdb" else "there are no symbols of it, and its exports have"
        return f"{module.name} is there, but {kind} no {symbol}"

    def locate(self, address: int) -> Location:
        """Module, symbol and displacement of ``address``."""
        module = self.modules.at(address)
        if module is None:
            return Location(address, None, 0, "", 0, "")
        rva = address - module.base
        table = self.table(module)
        found = table.nearest(rva) if table else None
        if found is None or table is None or (table.kind == "export" and found[1] > _EXPORT_REACH):
            return Location(address, module, rva, "", 0, "")
        return Location(address, module, rva, found[0], found[1], table.kind)

    def locate_variable(self, address: int) -> Location:
        """The same of data: an export names what lies exactly there, as exports are too sparse to tell what is behind.

        A PDB has few gaps, but the public one no local names: with a displacement its name too is a place.
        """
        found = self.locate(address)
        if found.kind != "export" or not found.displacement:
            return found
        return Location(address, found.module, found.rva, "", 0, "")

    def function_start(self, address: int) -> int | None:
        """Where the function that holds ``address`` starts, by a PDB's symbol; None where that is not known.

        Exports are too sparse for it: the nearest one below is mostly another function. One that is exactly there says
        at least that ``address`` itself is a start.
        """
        location = self.locate(address)
        if not location.symbol or location.symbol.startswith(_CONSTANTS):
            return None
        known = location.displacement < _PDB_REACH if location.kind == "pdb" else not location.displacement
        return address - location.displacement if known else None

    def dispatches(self, address: int) -> bool | None:
        """Whether a function that jumps where a register says starts at ``address``; None where no PDB tells."""
        location = self.locate(address)
        if location.kind != "pdb" or location.displacement:
            return None
        return any(name in location.symbol for name in _DISPATCHERS)
