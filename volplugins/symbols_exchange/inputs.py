"""What the command is given: dumps, folders of dumps, folders of rows that triage or batch wrote, and lists."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from volplugins.dumpfile.errors import DumpError, DumpNotFound
from volplugins.image.debug_record import DebugRecord
from volplugins.symbols_exchange.lists import is_list, read_list
from volplugins.symbols_exchange.needed import Needs, record_of, usable
from volplugins.vol.commands.lm.rows import Wanted as WantedModules
from volplugins.vol.commands.lm.rows import lm_rows
from volplugins.vol.scene.crash_scene import debug_record, kernel_symbols, scene_below
from volplugins.vol.scene.session import open_file

Wanted = tuple[DebugRecord, str, bool]
_MAGIC = (b"PAGEDUMP", b"PAGEDU64")
_MOST_FILES = 1_000_000
_LONGEST_LINE = 1 << 24


def gather(inputs: Sequence[Path], folders: Sequence[str] = (), user: bool = False) -> Needs:
    """What all of ``inputs`` need. An input that cannot be opened costs a line in ``faults``.

    Args:
        folders: symbol folders, as for ``vol -s``.
        user: modules of processes too.

    Raises:
        DumpError: none of them could be opened; the reason of the first.
    """
    needs = Needs()
    errors: list[DumpError] = []
    for path in inputs:
        for each in _units(path, errors):
            try:
                _add(needs, each, folders, user)
                needs.inputs += 1
            except DumpError as error:
                errors.append(error if str(each) in str(error) else DumpError(f"{each}: {error}"))
            except OSError as error:
                errors.append(DumpNotFound(f"{each}: {error.strerror or error}"))
    if errors and not needs.inputs:
        raise errors[0]
    needs.faults += [str(error) for error in errors]
    return needs


def _units(path: Path, errors: list[DumpError]) -> Iterator[Path]:
    """Dumps, lists and folders of rows below a path; the path itself where it is none of these, to be told why."""
    if not path.is_dir():
        yield path
        return
    if (path / "rows").is_dir():
        yield path
        return
    found = False
    for folder, below, files in os.walk(path):
        below.sort()
        if "rows" in below and "summary.json" in files:
            below.clear()
            found = True
            yield Path(folder)
            continue
        for name in sorted(files)[:_MOST_FILES]:
            if _is_dump(Path(folder, name)):
                found = True
                yield Path(folder, name)
    if not found:
        errors.append(DumpNotFound(f"{path}: no crash dump and no folder of rows is below this folder"))


def _is_dump(path: Path) -> bool:
    try:
        if not path.is_file():  # a pipe would wait for ever
            return False
        with path.open("rb") as file:
            return file.read(8) in _MAGIC
    except OSError:
        return False


def _add(needs: Needs, path: Path, folders: Sequence[str], user: bool) -> None:
    if path.is_dir():
        _add_rows(needs, path, user)
    elif path.is_file() and is_list(path):  # a pipe would wait for ever
        for record, images, dumps, kernel in read_list(path):
            needs.add([(record, image, kernel) for image in images or [""]], dumps)
    else:
        _add_dump(needs, path, folders, user)


def _add_rows(needs: Needs, path: Path, user: bool) -> None:
    """The rows of one dump; faults where they do not name the kernel's PDB."""
    wanted: list[Wanted] = []
    unknown, kernel_seen = 0, False
    for row in _rows(path / "rows" / "kernel-modules.jsonl"):
        if row.get("Source") == "unloaded":
            continue
        record, image = record_of(str(row.get("Pdb") or ""), str(row.get("GuidAge") or "")), str(row.get("Module"))
        is_kernel = not kernel_seen and row.get("Start") is not None  # the kernel is the list's first
        kernel_seen = kernel_seen or is_kernel
        if record is not None:
            wanted.append((record, image, is_kernel))
        elif is_kernel and row.get("Status") == "pdb symbols":
            needs.notes.append(f"{path}: the kernel's table was at hand by three addresses of the header")
        elif is_kernel:
            needs.faults.append(f"{path}: the rows do not name the kernel's PDB")
        else:
            unknown += 1
    for row in _rows(path / "rows" / "lm.jsonl") if user else ():
        record = record_of(str(row.get("Pdb") or ""), str(row.get("GuidAge") or ""))
        if record is not None:
            wanted.append((record, str(row.get("Module")), False))
    _add_usable(needs, path, wanted, unknown)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            try:
                line = json.loads(text) if len(text) <= _LONGEST_LINE else None
            except (ValueError, RecursionError):
                continue
            row = line.get("row") if isinstance(line, dict) else None
            if isinstance(row, dict):
                yield row


def _add_dump(needs: Needs, path: Path, folders: Sequence[str], user: bool) -> None:
    """The dump's kernel modules and, with ``user``, those of its processes."""
    scene = scene_below(*open_file(path, folders))
    wanted: list[Wanted] = []
    unknown, kernel = 0, scene.modules.kernel
    for module in scene.modules:
        record = debug_record(scene.memory, module)
        if record is not None:
            wanted.append((record, module.image_name, module.is_kernel))
        elif module is not kernel:
            unknown += 1
    if kernel is None:
        needs.faults.append(f"{path}: the kernel's image is not known; its PDB cannot be named")
    elif debug_record(scene.memory, kernel) is None:
        symbols = kernel_symbols(scene.dump, kernel)
        found = _identity(symbols.location) if symbols is not None else None
        if found is not None:
            wanted.insert(0, (found, kernel.image_name, True))
            needs.notes.append(f"{path}: kernel {found.pdb_name} {found.guid_age} by three addresses of the header")
        else:
            needs.faults.append(f"{path}: the kernel's debug record is not in the dump, and no table at hand has the "
                                "addresses of the header; its PDB cannot be named")  # fmt: skip
    for row in lm_rows(scene, WantedModules()) if user else ():
        record = record_of(row.pdb, row.guid_age)
        if record is not None:
            wanted.append((record, row.module, False))
    _add_usable(needs, path, wanted, unknown)


def _identity(location: str) -> DebugRecord | None:
    """The identity in a table's place, ``…/name.pdb/GUID-age.json.xz``."""
    *_, name, file = ["", *unquote(location).split("/")]
    guid, _, age = file.partition(".")[0].partition("-")
    made = DebugRecord(name, name, guid.upper(), int(age), "header addresses") if age.isdecimal() else None
    return made if made is not None and usable(made) else None


def _add_usable(needs: Needs, path: Path, wanted: list[Wanted], unknown: int) -> None:
    good = [each for each in wanted if usable(each[0])]
    needs.add(good)
    if len(good) < len(wanted):
        needs.notes.append(f"{path}: {len(wanted) - len(good)} modules name a PDB whose name no file can have")
    if unknown:
        needs.notes.append(f"{path}: {unknown} modules: the debug record is not in the dump")
