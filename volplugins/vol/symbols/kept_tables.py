"""Keeps a user's symbol tables whole: volatility3's download of a PDB's table never touches a file that is there.

volatility3 (framework/symbols/windows/pdbutil.py, download_pdb_isf; 2.26 to 2.28) opens the table's own name in the
first symbol folder for writing, which empties a table that lies there, then asks the network, and removes the file
where that fails; it does so with --offline too. It comes to that for a table at hand wherever its index does not lead
to it: a table that does not name its PDB or names it by another age, one that could not be read once, an index that
another process changes at the same time.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from volatility3 import symbols
from volatility3.framework import constants
from volatility3.framework.symbols import intermed
from volatility3.framework.symbols.windows import pdbutil

vollog = logging.getLogger(__name__)
#: Versions of volatility3 whose method this was tested with.
TESTED = ("2.26.0", "2.26.2", "2.27.0", "2.28.0", "2.28.2")
_ENDING = ".json.xz"  # of the file that volatility3 writes


def version() -> str:
    """volatility3's own."""
    return str(constants.PACKAGE_VERSION)


def is_kept() -> bool:
    """Whether downloads of this process leave what is there alone."""
    return hasattr(pdbutil.PDBUtility.download_pdb_isf, "theirs")


def keep_tables() -> None:
    """Replace the one method, once, where volatility3's version is one that was tested."""
    if version() not in TESTED or is_kept():
        return
    original = pdbutil.PDBUtility.__dict__["download_pdb_isf"]
    theirs = original.__func__

    def download_pdb_isf(cls: Any, context: Any, guid: str, age: int, pdb_name: str, progress: Any = None) -> None:
        place = Path(pdb_name.strip("\0")) / f"{guid}-{age}"
        if table_at_hand(place) is None:
            _download(lambda: theirs(cls, context, guid, age, pdb_name, progress), place)

    download_pdb_isf.theirs = original  # type: ignore[attr-defined]
    pdbutil.PDBUtility.download_pdb_isf = classmethod(download_pdb_isf)


def table_at_hand(place: Path) -> str | None:
    """The URL of the first table of this name, ``NAME.pdb/GUID-AGE``, in any symbol folder; volatility3 takes it."""
    try:
        return next(iter(intermed.IntermediateSymbolTable.file_symbol_url("windows", str(place))), None)
    except (OSError, ValueError, NotImplementedError):  # a name that no path takes
        return None


def _download(theirs: Callable[[], None], place: Path) -> None:
    """Have volatility3 write into an empty folder, then put what came into the first folder that takes it."""
    folders = list(symbols.__path__)
    with tempfile.TemporaryDirectory(prefix="volplugins-symbols-") as folder:
        _copy_converters_table(Path(folder))
        symbols.__path__ = [folder]
        try:
            theirs()
        finally:
            symbols.__path__ = folders
        made = Path(folder, "windows", f"{place}{_ENDING}")
        if made.is_file() and not any(_put(made, Path(each, "windows", f"{place}{_ENDING}")) for each in folders):
            vollog.warning("volplugins: no symbol folder can be written: the table that was fetched is not kept")


def _copy_converters_table(folder: Path) -> None:
    """The converter reads PDB files by a table of its own, which it looks for in the symbol folders."""
    for url in intermed.IntermediateSymbolTable.file_symbol_url("windows", "pdb"):
        path = Path(url2pathname(urlparse(url).path))
        if urlparse(url).scheme == "file" and path.is_file():
            (folder / "windows").mkdir()
            shutil.copy(path, folder / "windows" / path.name)
            return


def _put(made: Path, target: Path) -> bool:
    """Give the table its place, whole; whether it is there afterwards. Nothing is overwritten."""
    draft: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".fetched.")
        draft = Path(name)
        with os.fdopen(handle, "wb") as file, made.open("rb") as source:
            shutil.copyfileobj(source, file)
        draft.chmod(0o644)
        _name(draft, target)
    except FileExistsError:
        return target.is_file()
    except OSError:
        return False
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)
    return True


def _name(draft: Path, target: Path) -> None:
    """Name the file, but not over another.

    Raises:
        FileExistsError: there is something of that name.
        OSError: it cannot be named.
    """
    try:
        os.link(draft, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if target.exists():
            raise FileExistsError(str(target)) from None
        os.rename(draft, target)
