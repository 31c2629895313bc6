"""Files that came back, read: whose PDB or symbol table each is, and the table that it becomes."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from volatility3.framework import constants, contexts
from volatility3.framework.symbols.windows.pdbconv import PdbReader

from volplugins.image.debug_record import DebugRecord

_PDB = b"Microsoft C/C++ MSF 7.00\r\n\x1aDS"
_OLD_PDB = b"Microsoft C/C++ program database 2.00"
_CABINET = b"MSCF"
_IMAGE = b"MZ"
_LARGEST = 1 << 30  # of a PDB; the converter reads it piece by piece
# What a table's text can come to: those of the largest kernels have 60 MiB, and packed a twentieth of it is left
_LARGEST_TABLE, _SMALL_TABLE, _RATIO = 256 << 20, 16 << 20, 200
_PIECE = 1 << 20
_MOST_FILES = 1_000_000
_OPENERS: dict[str, Callable[..., Any]] = {
    ".json": Path.open,
    ".json.xz": lzma.open,
    ".json.gz": gzip.open,
    ".json.bz2": bz2.open,
}
_MEMBERS = ("symbols", "user_types", "base_types", "enums", "metadata")


class UnusableFile(Exception):
    """The file cannot be used; the text says why in one line."""


class UnfittingFile(UnusableFile):
    """The file is sound and not what is needed, or there is something in its place already."""


def files_below(folder: Path) -> Iterator[Path]:
    """Every plain file below a folder, in the order of names; links to folders are not followed."""
    count = 0
    for where, below, names in os.walk(folder):
        below.sort()
        for name in sorted(names):
            count += 1
            if count > _MOST_FILES:
                return
            if Path(where, name).is_file():
                yield Path(where, name)


def kind_of(path: Path) -> str:
    """``table``, ``pdb``, ``image``, or why a file that looks like symbols is none; empty for anything else."""
    if _opener(path) is not None:
        return "table"
    try:
        with path.open("rb") as file:
            start = file.read(len(_OLD_PDB))
    except OSError:
        return ""
    if start.startswith((_PDB, _IMAGE)):
        return "pdb" if start.startswith(_PDB) else "image"
    if start.startswith(_OLD_PDB):
        return "a PDB of the old format (2.00), which volatility3 does not read"
    if start.startswith(_CABINET) and path.suffix.lower() == ".pd_":
        return "compressed: expand it first (expand FILE.pd_ FILE.pdb, or cabextract)"
    return "is no PDB" if path.suffix.lower() == ".pdb" else ""


def read_table(path: Path) -> dict[str, Any]:
    """A symbol table (ISF) of a PDB.

    Raises:
        UnusableFile: it is none, damaged, or unpacks to more than a table can be.
    """
    try:
        table = json.loads(_text(path))
    except (OSError, EOFError, lzma.LZMAError, ValueError, RecursionError) as error:
        raise UnusableFile(f"damaged: {' '.join(str(error).split())}") from None
    if not isinstance(table, dict) or not all(isinstance(table.get(name), dict) for name in _MEMBERS):
        raise UnusableFile("is no symbol table of volatility3 (ISF)")
    return table


def _text(path: Path) -> bytearray:
    """A table's text, which grows no further than a table of this size can."""
    opener = _opener(path)
    assert opener is not None
    limit = min(_LARGEST_TABLE, max(_SMALL_TABLE, _RATIO * path.stat().st_size))
    text = bytearray()
    with opener(path, "rb") as file:
        while piece := file.read(_PIECE):
            text += piece
            if len(text) > limit:
                raise UnusableFile(f"unpacks to more than {limit >> 20} MiB, more than a table of its size can be")
    return text


def identity_of(table: dict[str, Any]) -> DebugRecord:
    """What PDB a table was made of.

    Raises:
        UnusableFile: it does not say.
    """
    windows = table["metadata"].get("windows")
    pdb = windows.get("pdb") if isinstance(windows, dict) else None
    known = pdb if isinstance(pdb, dict) else {}
    name, guid, age = known.get("database"), known.get("GUID"), known.get("age")
    if not isinstance(name, str) or not isinstance(guid, str) or type(age) is not int:
        raise UnusableFile("a symbol table that does not name its PDB")
    return DebugRecord(name, name, guid.upper(), age, "table")


class PdbFile:
    """A PDB file as volatility3's converter reads it.

    Raises:
        UnusableFile: the converter cannot read it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            if path.stat().st_size > _LARGEST:
                raise UnusableFile("larger than 1 GiB")
            os.makedirs(constants.CACHE_PATH, exist_ok=True)  # the converter keeps something there
            self._reader = PdbReader(contexts.Context(), path.absolute().as_uri(), database_name=path.name)
            self._reader.read_pdb_info_stream()
            known = self._reader.metadata["windows"]["pdb"]
            self.guid, self.age = str(known["GUID"]).upper(), int(known["age"])
        except (UnusableFile, MemoryError):
            raise
        except Exception as error:  # the converter answers damage with errors of every kind
            raise UnusableFile(_why(error)) from None

    def table(self, record: DebugRecord) -> dict[str, Any]:
        """The table, under the name and age by which dumps ask for it.

        Raises:
            UnusableFile: it cannot be converted.
        """
        try:
            table: dict[str, Any] = self._reader.get_json()
        except MemoryError:
            raise
        except Exception as error:  # as above
            raise UnusableFile(_why(error)) from None
        return named(table, record)


def named(table: dict[str, Any], record: DebugRecord) -> dict[str, Any]:
    """The table with the name and age that dumps ask for: volatility3 finds tables by these too."""
    table["metadata"]["windows"]["pdb"] |= {"database": record.pdb_name, "age": record.age}
    return table


def _why(error: Exception) -> str:
    return f"cannot be converted: {type(error).__name__} {' '.join(str(error).split())}".rstrip()


def _opener(path: Path) -> Callable[..., Any] | None:
    name = path.name.lower()
    return next((opener for ending, opener in _OPENERS.items() if name.endswith(ending)), None)
