"""Where the plugins are, and by which way plain ``vol`` finds them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import volplugins

SHELLS = Path("windows") / "kd"


def plugin_folder() -> Path:
    """The folder for ``vol -p``: the one of this very package."""
    return Path(volplugins.__path__[0]).resolve() / "plugins"


def is_plugin_folder(folder: str) -> bool:
    """Whether a folder's name says that it is, or was, the plugin folder of some copy of this package."""
    return Path(folder).parts[-2:] == ("volplugins", "plugins")


def shells_in(folder: str | Path) -> dict[str, bytes]:
    """The shells in a folder of plugins: file name to contents."""
    where = Path(folder) / SHELLS
    return {path.name: path.read_bytes() for path in sorted(where.glob("*.py"))}


def first_with_shells(folders: Iterable[str]) -> str | None:
    """The first of these folders that holds shells: volatility3 takes each plugin from the first that has it."""
    return next((folder for folder in folders if shells_in(folder)), None)
