"""Whether a symbol folder has anything of a PDB: most modules' PDBs are at hand nowhere, and that is seen at once.

volatility3 walks each folder six times for every name that it is asked for (once for each kind of file).
"""

from __future__ import annotations

import os
from functools import lru_cache


def has_folder(symbols: str, pdb_name: str) -> bool:
    """Whether a folder of this name is anywhere below the Windows part of the folder ``symbols``."""
    base = os.path.join(os.path.abspath(symbols), "windows")
    try:
        there = os.stat(base)
    except OSError:
        return False
    return os.path.normcase(pdb_name) in _names_below(base, (there.st_mtime_ns, there.st_nlink))


@lru_cache(maxsize=64)
def _names_below(base: str, _as_it_was: tuple[int, int]) -> frozenset[str]:
    """Names of all folders below ``base``; read again when it has changed."""
    return frozenset(os.path.normcase(name) for _, folders, _ in os.walk(base, followlinks=True) for name in folders)
