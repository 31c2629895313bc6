"""Where volatility3 keeps its cache. It makes that folder when it is imported, and cannot be imported where that fails.

Nothing here imports it: the rule is that of volatility3/framework/constants (XDG_CACHE_HOME, else ~/.cache; on Windows
APPDATA).
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

_VARIABLE = "APPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
_left: Path | None = None


def cache_folder() -> Path:
    """The folder as volatility3 will name it, by the environment as it is now."""
    home = os.path.expanduser("~")
    base = os.environ.get(_VARIABLE) or (home if sys.platform == "win32" else os.path.join(home, ".cache"))
    return Path(os.path.abspath(base)) / "volatility3"


def keep_cache_in(folder: str) -> None:
    """Have volatility3, when it is imported, keep its cache below ``folder``."""
    global _left  # noqa: PLW0603 - what the environment said before is known nowhere else
    _left = _left or cache_folder()
    os.environ[_VARIABLE] = folder


def left_folder() -> Path | None:
    """The user's own cache where this process keeps its cache elsewhere: to read from, never to write into."""
    return _left


def make_cache_possible() -> None:
    """Where it cannot be made (a home that is read-only or missing), have a temporary one used, gone at exit."""
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = tempfile.mkdtemp(prefix="volplugins-cache-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        keep_cache_in(folder)
