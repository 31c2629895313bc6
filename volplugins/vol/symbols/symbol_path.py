"""Puts the suite's own symbol tables (folder symbols/) on volatility3's search path, behind its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import volatility3.symbols
from volatility3.framework import constants

from volplugins.vol.symbols.kept_tables import keep_tables

_ours: set[str] = set()  # what our own commands have put first: they check what they are given


def own_symbols() -> Path | None:
    """The folder of the suite's own tables: installed, or in a checkout."""
    package = Path(__file__).resolve().parents[2]
    return next((folder for folder in (package / "symbols", package.parent / "symbols") if folder.is_dir()), None)


def add_own_symbols() -> None:
    """Append the folder, once; ``vol -s`` and the user's own folders keep coming first."""
    folder = own_symbols()
    if folder is None:
        return
    for paths in (constants.SYMBOL_BASEPATHS, volatility3.symbols.__path__):
        if str(folder) not in paths:
            paths.append(str(folder))


def search_symbols(folders: Sequence[str] = ()) -> None:
    """Have symbols looked for in ``folders`` first, as ``vol -s`` does, never on a network, and none of them lost."""
    constants.OFFLINE = True  # these commands never ask a network; `vol` does unless told --offline
    add_own_symbols()
    keep_tables()
    wanted = [os.path.abspath(folder) for folder in folders]
    _ours.update(wanted)
    volatility3.symbols.__path__ = [*wanted, *constants.SYMBOL_BASEPATHS]


def typed_symbols() -> list[str]:
    """Folders that the user named to ``vol -s``, as volatility3 has them on its path."""
    return [folder for folder in volatility3.symbols.__path__ if folder not in (*constants.SYMBOL_BASEPATHS, *_ours)]


def user_symbols() -> Path:
    """The folder of symbol tables that is the user's own: volatility3 writes there what it has fetched."""
    return Path(constants.CACHE_PATH, "symbols")
