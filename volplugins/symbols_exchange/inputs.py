"""What the command is given: dumps, folders of dumps, folders of rows that triage or batch wrote, and lists."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from volplugins.dumpfile.errors import DumpError, DumpNotFound
from volplugins.image.image_files import ImageFiles
from volplugins.packed.compression import START
from volplugins.packed.kinds import called_an_image, starts_as_memory
from volplugins.symbols_exchange.dumps import add_dump
from volplugins.symbols_exchange.lists import is_list, read_images, read_list
from volplugins.symbols_exchange.needed import Needs, usable
from volplugins.symbols_exchange.rows import add_rows
from volplugins.vol.symbols.image_path import imported_images

_MOST_FILES = 1_000_000


def gather(
    inputs: Sequence[Path], folders: Sequence[str] = (), user: bool = False, image_path: Sequence[str] = ()
) -> Needs:
    """What all of ``inputs`` need. An input that cannot be opened costs a line in ``faults``.

    Args:
        folders: symbol folders, as for ``vol -s``.
        user: modules of processes too.
        image_path: folders with image files, besides that of imports.

    Raises:
        DumpError: none of them could be opened; the reason of the first.
    """
    needs = Needs(files=ImageFiles([*image_path, *imported_images()]))
    errors: list[DumpError] = []
    for path in inputs:
        for each in _units(path, errors):
            try:
                _add(needs, each, folders, user, image_path)
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
        errors.append(
            DumpNotFound(f"{path}: no crash dump, no memory image and no folder of rows is below this folder")
        )


def _is_dump(path: Path) -> bool:
    try:
        if not path.is_file():  # a pipe would wait for ever
            return False
        with path.open("rb") as file:
            return starts_as_memory(file.read(START)) or called_an_image(path.name, path.stat().st_size)
    except OSError:
        return False


def _add(needs: Needs, path: Path, folders: Sequence[str], user: bool, image_path: Sequence[str]) -> None:
    if path.is_dir():
        add_rows(needs, path, user)
    elif path.is_file() and is_list(path):  # a pipe would wait for ever
        for record, images, dumps, kernel in read_list(path):
            needs.add([(record, image, kernel) for image in images or [""]], dumps)
        for wanted, dumps in read_images(path):
            needs.add([each for each in needs.add_images([wanted], dumps) if usable(each[0])], dumps)
    else:
        add_dump(needs, path, folders, user, image_path)
