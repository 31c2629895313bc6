"""Takes images that came back into a store beside the symbol tables: checked against what dumps need."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from volplugins.image.image_files import store_key
from volplugins.image.pe_file import NoImage, PeFile, read_pe_file
from volplugins.symbols_exchange.imports import Imported, refuse
from volplugins.symbols_exchange.lists import put_new
from volplugins.symbols_exchange.needed import Needs
from volplugins.symbols_exchange.tables import UnfittingFile, UnusableFile, files_below, kind_of
from volplugins.vol.symbols.image_path import IMPORTED


def import_images(needs: Needs, folders: Sequence[Path], place: Path) -> Imported:
    """Take every image below ``folders`` that ``needs`` misses; the PDBs that they name are needed from then on.

    Args:
        place: a symbol folder of volatility3; images go to ``images/NAME/KEY/NAME`` below it.

    Raises:
        OSError: the place cannot be written.
    """
    found = Imported()
    for folder in folders:
        for path in files_below(folder):
            if kind_of(path) != "image":
                continue
            try:
                _take(needs, path, place, found)
            except UnfittingFile as error:
                found.refused.append(f"{path}\t{error}")
            except UnusableFile as error:
                refuse(needs, path, str(error), found)
    return found


def _take(needs: Needs, path: Path, place: Path, found: Imported) -> None:
    file = _read(path)
    needed = needs.find_image(file.timestamp, file.size_of_image, path.name)
    if needed is None:
        _check_others(needs, path.name, file)
    if needed is None or needed.present:
        found.passed += 1
        return
    target = place / IMPORTED / needed.image.store_path
    _copy(file, target)
    needs.came(needed, _read(target))
    found.taken.append(f"{needed.image.store_path}\t{path}")


def _read(path: Path) -> PeFile:
    try:
        return read_pe_file(path)
    except NoImage as error:
        raise UnusableFile(str(error)) from None
    except OSError as error:
        raise UnusableFile(error.strerror or str(error)) from None


def _check_others(needs: Needs, name: str, file: PeFile) -> None:
    """Refuse what bears the name of something that is missing: somebody fetched the wrong one."""
    wanted = [each.image for each in needs.missing_images if each.image.key[0] == name.casefold()]
    if wanted:
        asked = ", ".join(store_key(image.timestamp, image.size) for image in wanted)
        raise UnfittingFile(f"is {store_key(file.timestamp, file.size_of_image)}; needed is {asked}")


def _copy(file: PeFile, target: Path) -> None:
    """Copy the image, whole or not at all; what was copied must be what was looked at."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".import.")
    try:
        with os.fdopen(handle, "wb") as copy, file.path.open("rb") as source:
            shutil.copyfileobj(source, copy)
        copied = _read(Path(name))
        if (copied.timestamp, copied.size_of_image) != (file.timestamp, file.size_of_image):
            raise UnusableFile("changed while it was copied")
        put_new(Path(name), target)
    except FileExistsError:
        raise UnfittingFile(f"{target} exists and is left alone") from None
    finally:
        Path(name).unlink(missing_ok=True)
