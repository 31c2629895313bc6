"""The list that goes to a machine with a network, and comes back as the measure of an import.

Two forms. JSON lines (docs/schema/symbols.schema.json) say everything. A file named ``….txt`` has a line
``name,identity,1`` for each PDB, as symchk writes manifests (``/om``) and takes them (``/im``).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from volplugins.image.debug_record import DebugRecord
from volplugins.symbols_exchange.needed import NeededPdb, record_of, usable

SCHEMA = "volplugins.symbols/1"
_LARGEST = 1 << 28


def write_list(path: Path, pdbs: Iterable[NeededPdb]) -> int:
    """Write the list, whole or not at all; return how many PDBs are in it.

    Raises:
        FileExistsError: there is something of that name; it is left alone.
    """
    make = _manifest_line if path.suffix.lower() == ".txt" else _json_line
    lines = [line for line in map(make, pdbs) if line]
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)
        put_new(Path(temporary), path)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return len(lines)


def put_new(temporary: Path, place: Path) -> None:
    """Give a finished file its name.

    Raises:
        FileExistsError: there is something of that name; it is left alone.
    """
    temporary.chmod(0o644)
    try:
        os.link(temporary, place)  # unlike a renaming, this never replaces anything
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if place.exists():
            raise FileExistsError(f"{place}: exists") from None
        os.rename(temporary, place)


def is_list(path: Path) -> bool:
    """Whether the file is a list in one of the two forms."""
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError:
        return False
    if start.startswith(b"{"):
        return SCHEMA.encode() in start.partition(b"\n")[0]
    return (
        path.suffix.lower() == ".txt" and _of_manifest(start.partition(b"\n")[0].decode("utf-8", "replace")) is not None
    )


def read_list(path: Path) -> Iterator[tuple[DebugRecord, list[str], int, bool]]:
    """Record, images, number of dumps and whether it is a kernel's, of each line that is good."""
    if path.stat().st_size > _LARGEST:
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            found = _of_json(line) if line.startswith("{") else _of_manifest(line)
            if found is not None and usable(found[0]):
                yield found


def _json_line(pdb: NeededPdb) -> str:
    record = pdb.record
    line: dict[str, Any] = {"schema": SCHEMA, "pdb": record.pdb_name, "guid": record.guid, "age": record.age}
    line |= {"path": record.symbol_path, "dumps": pdb.dumps, "images": pdb.images, "kernel": pdb.kernel}
    return json.dumps(line) + "\n"


def _manifest_line(pdb: NeededPdb) -> str:
    """Empty for a name with a comma: the form has no way to write it."""
    name = pdb.record.pdb_name
    return "" if "," in name else f"{name},{pdb.record.guid_age},1\n"


def _of_json(line: str) -> tuple[DebugRecord, list[str], int, bool] | None:
    try:
        found = json.loads(line)
        name, guid, age, dumps = found["pdb"], found["guid"], found["age"], found.get("dumps", 1)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    right = isinstance(name, str) and isinstance(guid, str) and type(age) is int and type(dumps) is int
    if not right or not 0 <= age < 1 << 32:
        return None
    images = found.get("images")
    names = [each for each in images if isinstance(each, str)] if isinstance(images, list) else []
    return DebugRecord(name, name, guid.upper(), age, "list"), names, max(dumps, 0), found.get("kernel") is True


def _of_manifest(line: str) -> tuple[DebugRecord, list[str], int, bool] | None:
    name, _, rest = line.strip().partition(",")
    record = record_of(name, rest.partition(",")[0])
    return None if record is None else (record, [], 1, False)
