"""The list that goes to a machine with a network, and comes back as the measure of an import.

Two forms. JSON lines (docs/schema/symbols.schema.json) say everything. A file named ``….txt`` has a line
``name,identity,1`` for each file, as symchk writes manifests (``/om``) and takes them (``/im``).
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from volplugins.image.debug_record import DebugRecord
from volplugins.image.image_files import store_key
from volplugins.symbols_exchange.images import NeededImage
from volplugins.symbols_exchange.needed import NeededPdb, record_of, usable, usable_name
from volplugins.vol.symbols.store_images import Image, image_of

SCHEMA = "volplugins.symbols/1"
PDB, IMAGE = "pdb", "image"  # kinds of lines
_IMAGE_KEY = re.compile(r"[0-9A-F]{8}[0-9A-F]{1,8}", re.I)
_LARGEST = 1 << 28


def write_list(path: Path, pdbs: Iterable[NeededPdb], images: Iterable[NeededImage] = ()) -> int:
    """Write the list, whole or not at all; return how many lines are in it.

    Raises:
        FileExistsError: there is something of that name; it is left alone.
    """
    if path.suffix.lower() == ".txt":
        made = [*map(_manifest_line, pdbs), *(_plain(e.image.name, _key(e.image)) for e in images)]
    else:
        made = [*map(_json_line, pdbs), *map(_json_image, images)]
    lines = [line for line in made if line]
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
    line = start.partition(b"\n")[0].decode("utf-8", "replace")
    return path.suffix.lower() == ".txt" and (_of_manifest(line) is not None or _image_of_manifest(line) is not None)


def read_list(path: Path) -> Iterator[tuple[DebugRecord, list[str], int, bool]]:
    """Record, images, number of dumps and whether it is a kernel's, of each line that is a good one of a PDB."""
    for line in _lines(path):
        found = _of_json(line) if line.startswith("{") else _of_manifest(line)
        if found is not None and usable(found[0]):
            yield found


def read_images(path: Path) -> Iterator[tuple[Image, int]]:
    """Image and number of dumps, of each line that is a good one of an image."""
    for line in _lines(path):
        found = _image_of_json(line) if line.startswith("{") else _image_of_manifest(line)
        if found is not None and usable_name(found[0].name):
            yield found


def _lines(path: Path) -> Iterator[str]:
    if path.stat().st_size <= _LARGEST:
        with path.open(encoding="utf-8", errors="replace") as file:
            yield from file


def _json_line(pdb: NeededPdb) -> str:
    record = pdb.record
    line: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": PDB,
        "pdb": record.pdb_name,
        "guid": record.guid,
        "age": record.age,
    }
    line |= {"path": record.symbol_path, "dumps": pdb.dumps, "images": pdb.images, "kernel": pdb.kernel}
    return json.dumps(line) + "\n"


def _manifest_line(pdb: NeededPdb) -> str:
    """Empty for a name with a comma: the form has no way to write it."""
    return _plain(pdb.record.pdb_name, pdb.record.guid_age)


def _plain(name: str, identity: str) -> str:
    return "" if "," in name else f"{name},{identity},1\n"


def _key(image: Image) -> str:
    return store_key(image.timestamp, image.size)


def _json_image(needed: NeededImage) -> str:
    image = needed.image
    line: dict[str, Any] = {"schema": SCHEMA, "kind": IMAGE, "image": image.name, "timestamp": image.timestamp}
    line |= {"size": image.size, "path": image.store_path, "dumps": needed.dumps, "kernel": image.kernel}
    return json.dumps(line) + "\n"


def _of_json(line: str) -> tuple[DebugRecord, list[str], int, bool] | None:
    try:
        found = json.loads(line)
        name, guid, age, dumps = found["pdb"], found["guid"], found["age"], found.get("dumps", 1)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if found.get("kind", PDB) != PDB:
        return None
    right = isinstance(name, str) and isinstance(guid, str) and type(age) is int and type(dumps) is int
    if not right or not 0 <= age < 1 << 32:
        return None
    images = found.get("images")
    names = [each for each in images if isinstance(each, str)] if isinstance(images, list) else []
    return DebugRecord(name, name, guid.upper(), age, "list"), names, max(dumps, 0), found.get("kernel") is True


def _of_manifest(line: str) -> tuple[DebugRecord, list[str], int, bool] | None:
    name, _, rest = line.strip().partition(",")
    identity = rest.partition(",")[0]
    record = record_of(name, identity)
    if record is None or _is_image(name, identity):
        return None
    return record, [], 1, False


def _is_image(name: str, identity: str) -> bool:
    """Whether a line is an image's: PDBs of before Windows XP's last years have identities of the same form."""
    return _IMAGE_KEY.fullmatch(identity) is not None and not name.lower().endswith(".pdb")


def _image_of_json(line: str) -> tuple[Image, int] | None:
    try:
        found = json.loads(line)
        name, timestamp, size, dumps = found["image"], found["timestamp"], found["size"], found.get("dumps", 1)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    right = isinstance(name, str) and type(timestamp) is int and type(size) is int and type(dumps) is int
    image = image_of(name, timestamp, size) if right and found.get("kind") == IMAGE else None
    return (image, max(dumps, 0)) if image is not None else None


def _image_of_manifest(line: str) -> tuple[Image, int] | None:
    name, _, rest = line.strip().partition(",")
    identity = rest.partition(",")[0]
    if not _is_image(name, identity):
        return None
    image = image_of(name, int(identity[:8], 16), int(identity[8:], 16))
    return (image, 1) if image is not None else None
