"""PDB files in symbol folders, turned into symbol tables by volatility3's own converter and kept in its cache.

A folder may be a symbol store (``name.pdb/GUIDage/name.pdb``, age in hexadecimal) or hold the file itself. A file whose
own identity is not the one that is wanted is passed over.
"""

from __future__ import annotations

import json
import logging
import lzma
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import volatility3.symbols
from volatility3.framework import constants, contexts
from volatility3.framework.symbols.windows.pdbconv import PdbReader

if TYPE_CHECKING:
    from volplugins.image.debug_record import DebugRecord

vollog = logging.getLogger(__name__)
_LARGEST = 1 << 30


def table_location(record: DebugRecord) -> str | None:
    """Where the table made of this PDB is, as a URL: in the cache, else made now; None where no folder has the PDB."""
    name = _name(record)
    kept = _kept(name, record)
    if not name:
        return None
    if kept.is_file():
        return kept.as_uri()
    for path in _files(name, record):
        table = _converted(path, record)
        if table is not None and _keep(table, kept):
            return kept.as_uri()
    return None


def is_there(record: DebugRecord) -> bool:
    """Whether a table can be had: made already, or its PDB lies where a symbol store keeps it.

    A file of that name outside of a store's folders is looked into: the table is made then.
    """
    name = _name(record)
    if not name:
        return False
    if _kept(name, record).is_file():
        return True
    files = list(_files(name, record))
    return any(path.parent.name == _store_folder(record) for path in files) or (
        bool(files) and table_location(record) is not None
    )


def _name(record: DebugRecord) -> str:
    """The PDB's file name; empty where it is none."""
    name = record.pdb_name.replace("\\", "/").rsplit("/", 1)[-1]
    return "" if name in (".", "..") else name


def _kept(name: str, record: DebugRecord) -> Path:
    return Path(constants.CACHE_PATH) / "volplugins-pdb" / name / f"{record.guid}-{record.age}.json.xz"


def _store_folder(record: DebugRecord) -> str:
    return f"{record.guid}{record.age:X}"


def _files(name: str, record: DebugRecord) -> Iterator[Path]:
    for folder in volatility3.symbols.__path__:
        for path in (Path(folder, name, _store_folder(record), name), Path(folder, name)):
            try:
                if path.is_file() and path.stat().st_size <= _LARGEST:
                    yield path
            except OSError:
                continue


def _converted(path: Path, record: DebugRecord) -> dict[str, Any] | None:
    """The table of a PDB file; None where it is another build's, or cannot be read."""
    try:
        os.makedirs(constants.CACHE_PATH, exist_ok=True)  # the converter keeps something there and wants it to exist
        reader = PdbReader(contexts.Context(), path.absolute().as_uri(), database_name=path.name)
        table: dict[str, Any] = reader.get_json()
        identity = table["metadata"]["windows"]["pdb"]["GUID"]
    except Exception as error:  # the converter answers damage with errors of every kind
        vollog.warning(f"volplugins: {path} cannot be converted: {error}")
        return None
    # the age in a PDB's stream grows with every writing; the image names the one that it was linked with
    return table if identity.upper() == record.guid.upper() else None


def _keep(table: dict[str, Any], place: Path) -> bool:
    """Write the table into the cache, whole or not at all."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(lzma.compress(json.dumps(table).encode("utf-8"), preset=1))
        os.replace(temporary, place)
    except OSError as error:
        vollog.warning(f"volplugins: {place} cannot be written: {error}")
        return False
    return True
