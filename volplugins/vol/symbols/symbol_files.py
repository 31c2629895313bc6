"""Symbol tables (ISF files) as volatility3 keeps them: found by PDB identity, read once, without its objects."""

from __future__ import annotations

import json
import logging
import lzma
import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from volatility3.framework import constants
from volatility3.framework.automagic import symbol_cache
from volatility3.framework.constants.windows import KERNEL_MODULE_NAMES
from volatility3.framework.layers import resources
from volatility3.framework.symbols import intermed

from volplugins.kernel.layouts import KernelLayouts
from volplugins.vol.symbols import pdb_store
from volplugins.vol.symbols.symbol_layouts import kernel_layouts

if TYPE_CHECKING:
    from volplugins.image.debug_record import DebugRecord

vollog = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PdbSymbols:
    """Symbols of one PDB by relative virtual address."""

    location: str
    addresses: list[int]
    names: list[str]
    types: dict[str, Any]
    base_types: dict[str, Any]
    kind: str = "pdb"

    def nearest(self, rva: int) -> tuple[str, int] | None:
        """The last symbol at or below ``rva`` and the displacement from it."""
        index = bisect_right(self.addresses, rva) - 1
        return (self.names[index], rva - self.addresses[index]) if index >= 0 else None

    def has_all(self, expected: Mapping[str, int]) -> bool:
        """Whether each of these symbols is at this very address."""
        return all(self.lookup(name) == rva for name, rva in expected.items())

    def lookup(self, name: str) -> int | None:
        """Relative virtual address of ``name``, or None."""
        return next((at for at, each in zip(self.addresses, self.names, strict=True) if each == name), None)

    def agrees(self, sizes: Mapping[str, int]) -> bool:
        """Whether the structures that this table knows have these sizes in bytes."""
        return all(self.types[name]["size"] == size for name, size in sizes.items() if name in self.types)

    def layouts(self, bits: int) -> KernelLayouts:
        """Layouts of the kernel's structures; one that the table lacks has no members."""
        state = self.lookup("MiState")
        symbols = {"MiState": state} if state is not None else {}
        return kernel_layouts(self.types, self.base_types, symbols, bits)


_MOST_CANDIDATES = 256
_loaded: dict[str, PdbSymbols | None] = {}


def find_location(record: DebugRecord) -> str | None:
    """Where the symbol table of this PDB is: in volatility3's cache of identifiers, else in its symbol folders."""
    identifiers = os.path.join(constants.CACHE_PATH, constants.IDENTIFIERS_FILENAME)
    wanted = symbol_cache.WindowsIdentifier.generate(record.pdb_name, record.guid, record.age)
    found: str | None = None
    if os.path.exists(identifiers):
        found = symbol_cache.SqliteCache(identifiers).find_location(wanted, "windows")
    if found:
        return found
    name = os.path.join(record.pdb_name, f"{record.guid}-{record.age}")
    urls: Iterable[str] = intermed.IntermediateSymbolTable.file_symbol_url("windows", name)
    return next(iter(urls), None)


def is_there(record: DebugRecord) -> bool:
    """Whether `load` would find a table, without reading one."""
    return find_location(record) is not None or pdb_store.is_there(record)


def load(record: DebugRecord) -> PdbSymbols | None:
    """The symbols of this PDB where a table can be had without a network, else None."""
    location = find_location(record) or pdb_store.table_location(record)
    if location is None:
        return None
    if location not in _loaded:
        _loaded[location] = _read(location)
    return _loaded[location]


def load_by_addresses(expected: Mapping[str, int], sizes: Mapping[str, int]) -> PdbSymbols | None:
    """The kernel's symbols where its debug record is not in the dump: the only table at hand that fits.

    Args:
        expected: relative virtual addresses by symbol; three of them tell real kernels apart.
        sizes: structure sizes in bytes, as the kernel's debugger data block states them.
    """
    fitting = [symbols for symbols in _candidates(expected) if symbols.agrees(sizes)]
    return fitting[0] if len(fitting) == 1 else None


def _candidates(expected: Mapping[str, int]) -> Iterator[PdbSymbols]:
    for name in KERNEL_MODULE_NAMES:
        locations: Iterable[str] = intermed.IntermediateSymbolTable.file_symbol_url("windows", f"{name}.pdb/*")
        for location in islice(locations, _MOST_CANDIDATES):
            if location not in _loaded:
                if not _has_symbols(location, expected):
                    continue
                _loaded[location] = _read(location)
            symbols = _loaded[location]
            if symbols is not None and symbols.has_all(expected):
                yield symbols


def _has_symbols(location: str, expected: Mapping[str, int]) -> bool:
    """Whether the table's text gives these addresses: a look at the text is ten times quicker than parsing it."""
    try:
        with resources.ResourceAccessor().open(location) as file:
            text = file.read()
    except (OSError, EOFError, lzma.LZMAError):
        return False
    for name, rva in expected.items():
        found = re.search(rb'"%s"\s*:\s*\{[^{}]*?"address"\s*:\s*(\d+)' % re.escape(name.encode()), text)
        if found is None or int(found[1]) != rva:
            return False
    return True


def _read(location: str) -> PdbSymbols | None:
    try:
        with resources.ResourceAccessor().open(location) as file:
            table = json.load(file)
        pairs = sorted((entry["address"], name) for name, entry in table["symbols"].items())
        return PdbSymbols(
            location, [at for at, _ in pairs], [name for _, name in pairs], table["user_types"], table["base_types"]
        )
    except (OSError, EOFError, lzma.LZMAError, ValueError, KeyError, TypeError) as error:
        vollog.warning(f"volplugins: symbol table {location} cannot be used: {error}")
        return None
