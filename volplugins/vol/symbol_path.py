"""Puts the suite's own symbol tables (folder symbols/) on volatility3's search path, behind its own."""

from __future__ import annotations

from pathlib import Path

import volatility3.symbols
from volatility3.framework import constants


def own_symbols() -> Path | None:
    """The folder of the suite's own tables: installed, or in a checkout."""
    package = Path(__file__).resolve().parent.parent
    return next((folder for folder in (package / "symbols", package.parent / "symbols") if folder.is_dir()), None)


def add_own_symbols() -> None:
    """Append the folder, once; ``vol -s`` and the user's own folders keep coming first."""
    folder = own_symbols()
    if folder is None:
        return
    for paths in (constants.SYMBOL_BASEPATHS, volatility3.symbols.__path__):
        if str(folder) not in paths:
            paths.append(str(folder))
