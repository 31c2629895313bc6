"""Takes what came back into the place where volatility3 looks: checked against what is needed, never overwriting."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from volplugins.image.debug_record import DebugRecord
from volplugins.symbols_exchange.lists import put_new
from volplugins.symbols_exchange.needed import NeededPdb, Needs
from volplugins.symbols_exchange.reading import ReadFile, ReadingProcess
from volplugins.symbols_exchange.tables import UnfittingFile, UnusableFile, files_below, kind_of


@dataclass(slots=True)
class Imported:
    """What became of the files: lines for the user; ``passed`` counts those that nothing needs."""

    taken: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    passed: int = 0


def import_folders(needs: Needs, folders: Sequence[Path], place: Path) -> Imported:
    """Take every file below ``folders`` that ``needs`` misses; what is taken is marked as present there.

    Another process reads them: one that takes too much memory or time costs itself.

    Args:
        place: a symbol folder of volatility3; tables go to ``windows/NAME.pdb/GUID-AGE.json.xz`` below it.

    Raises:
        OSError: the place cannot be written.
    """
    found = Imported()
    with ReadingProcess() as reading:
        for path in (each for folder in folders for each in files_below(folder)):
            kind = kind_of(path)
            if not kind or kind == "image":  # image_imports.py takes them
                continue
            try:
                _take(needs, path, kind, place, found, reading)
            except UnfittingFile as error:
                found.refused.append(f"{path}\t{error}")
            except UnusableFile as error:
                refuse(needs, path, str(error), found)
    return found


def _take(needs: Needs, path: Path, kind: str, place: Path, found: Imported, reading: ReadingProcess) -> None:
    if kind not in ("pdb", "table"):
        raise UnusableFile(kind)
    file = reading.read(path, kind)
    needed = _of_pdb(needs, path, file) if kind == "pdb" else _of_table(needs, file)
    if needed is None or needed.present:
        found.passed += 1
        return
    target = place / "windows" / needed.record.pdb_name / f"{needed.record.guid}-{needed.record.age}.json.xz"
    if target.exists():
        raise UnfittingFile(f"{target} exists and is left alone")
    _write(reading, needed.record, target)
    needed.present = target.as_uri()
    found.taken.append(f"{needed.record.symbol_path}\t{path}")


def _of_pdb(needs: Needs, path: Path, file: ReadFile) -> NeededPdb | None:
    """What needs this PDB file: by its own identity; the age may be that of the store's folder instead.

    A PDB's age grows with every writing, and a store files it under the age that the image names.
    """
    needed = needs.find(file.guid, file.age, path.name)
    if needed is None:
        folder = path.parent.name.upper()
        stored = [
            p for p in needs.named(path.name) if folder == p.record.guid_age.upper() and p.record.guid == file.guid
        ]
        needed = stored[0] if stored else None
    if needed is None:
        _check_others(needs, path.name, file.guid, file.age)
    return needed


def _of_table(needs: Needs, file: ReadFile) -> NeededPdb | None:
    needed = needs.find(file.guid, file.age, file.name)
    if needed is None:
        _check_others(needs, file.name, file.guid, file.age)
    return needed


def _check_others(needs: Needs, name: str, guid: str, age: int) -> None:
    """Refuse what bears the name of something that is missing: somebody fetched the wrong one."""
    wanted = [pdb.record for pdb in needs.named(name) if not pdb.present]
    if wanted:
        asked = ", ".join(f"{record.guid} age {record.age}" for record in wanted)
        raise UnfittingFile(f"is {guid} age {age}; needed is {asked}")


def refuse(needs: Needs, path: Path, why: str, found: Imported) -> None:
    """A damaged file is refused where its place or name says that it is needed, else passed over."""
    places = {part.casefold() for part in (path.name, path.parent.name, path.parent.parent.name)}
    places |= {path.with_suffix(".pdb").name.casefold()}
    images = any(each.image.key[0] in places for each in needs.missing_images)
    if images or any(pdb.record.pdb_name.casefold() in places for pdb in needs.missing):
        found.refused.append(f"{path}\t{why}")
    else:
        found.passed += 1


def _write(reading: ReadingProcess, record: DebugRecord, target: Path) -> None:
    """Write the table that was read last, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".import.")
    os.close(handle)
    try:
        reading.write(record, Path(name))
        try:
            put_new(Path(name), target)
        except FileExistsError:
            raise UnfittingFile(f"{target} exists and is left alone") from None
    finally:
        Path(name).unlink(missing_ok=True)
