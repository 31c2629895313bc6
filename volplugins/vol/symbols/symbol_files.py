"""Symbol tables (ISF files) as volatility3 keeps them: found by PDB identity, read once, without its objects."""

from __future__ import annotations

import json
import logging
import lzma
import os
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from volatility3 import symbols
from volatility3.framework import constants
from volatility3.framework.automagic import symbol_cache
from volatility3.framework.layers import resources
from volatility3.framework.symbols import intermed

from volplugins.kernel.layouts import KernelLayouts
from volplugins.vol.symbols import pdb_store
from volplugins.vol.symbols.symbol_folders import has_folder
from volplugins.vol.symbols.symbol_layouts import kernel_layouts
from volplugins.vol.symbols.table_facts import identity_of

if TYPE_CHECKING:
    from volplugins.image.debug_record import DebugRecord

vollog = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PdbSymbols:
    """Symbols of one PDB by relative virtual address. ``identity``: ``name.pdb/GUID-age``, empty where it is unsaid."""

    location: str
    addresses: list[int]
    names: list[str]
    types: dict[str, Any]
    base_types: dict[str, Any]
    kind: str = "pdb"
    identity: str = ""

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


_loaded: dict[str, PdbSymbols | None] = {}


def find_location(record: DebugRecord) -> str | None:
    """Where the symbol table of this PDB is: in volatility3's cache of identifiers, else in its symbol folders."""
    identifiers = os.path.join(constants.CACHE_PATH, constants.IDENTIFIERS_FILENAME)
    wanted = symbol_cache.WindowsIdentifier.generate(record.pdb_name, record.guid, record.age)
    found: str | None = None
    if os.path.exists(identifiers):
        found = symbol_cache.SqliteCache(identifiers).find_location(wanted, "windows")
    if found and not _has_gone(found):
        return found
    if not any(has_folder(path, record.pdb_name) for path in symbols.__path__):
        return None
    name = os.path.join(record.pdb_name, f"{record.guid}-{record.age}")
    urls: Iterable[str] = intermed.IntermediateSymbolTable.file_symbol_url("windows", name)
    return next(iter(urls), None)


def _has_gone(location: str) -> bool:
    """Whether the cache names a file that is no longer there: a folder of tables that was moved or taken away."""
    parts = urlsplit(location)
    return parts.scheme == "file" and not os.path.exists(url2pathname(parts.path))


def is_there(record: DebugRecord) -> bool:
    """Whether `load` would find a table, without reading one."""
    return find_location(record) is not None or pdb_store.is_there(record)


def load(record: DebugRecord) -> PdbSymbols | None:
    """The symbols of this PDB where a table can be had without a network, else None."""
    location = find_location(record) or pdb_store.table_location(record)
    if location is None:
        return None
    return load_from(location)


def load_from(location: str) -> PdbSymbols | None:
    """The symbols of the table at this URL, read once; None where it cannot be used."""
    if location not in _loaded:
        _loaded[location] = _read(location)
    return _loaded[location]


def forget(location: str) -> None:
    """Let go of a table that is not used after all: it is large."""
    _loaded.pop(location, None)


def _read(location: str) -> PdbSymbols | None:
    try:
        with resources.ResourceAccessor().open(location) as file:
            table = json.load(file)
        pairs = sorted((entry["address"], name) for name, entry in table["symbols"].items())
        return PdbSymbols(
            location, [at for at, _ in pairs], [name for _, name in pairs], table["user_types"], table["base_types"],
            identity=_identity(table) or _identity_of_place(location),
        )  # fmt: skip
    except (OSError, EOFError, lzma.LZMAError, ValueError, KeyError, TypeError) as error:
        vollog.warning(f"volplugins: symbol table {location} cannot be used: {error}")
        return None


def _identity(table: Mapping[str, Any]) -> str:
    """What PDB the table says that it was made of."""
    metadata = table.get("metadata")
    windows = metadata.get("windows") if isinstance(metadata, dict) else None
    return identity_of(windows.get("pdb") if isinstance(windows, dict) else None)


def _identity_of_place(location: str) -> str:
    """The identity in a table's place, ``…/name.pdb/GUID-age.json.xz``."""
    *_, name, file = ["", *unquote(location).split("/")]
    guid, _, age = file.partition(".")[0].partition("-")
    return f"{name}/{guid.upper()}-{age}" if guid and age.isdecimal() else ""
