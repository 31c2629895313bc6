"""Folders that commands take: one that is not there ends the command with one line and the exit code of wrong use."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

WRONG_USE = 2


def split_folders(text: str) -> list[str]:
    """What ``-s`` names: folders separated by ``;``."""
    return [folder for folder in text.split(";") if folder]


def require_folders(option: str, folders: Iterable[str]) -> None:
    """End the command where one of the folders is not there; raises SystemExit."""
    for folder in folders:
        if not Path(folder).is_dir():
            print(f"volplugins: {option} {folder}: no such folder; allowed: folders that are there", file=sys.stderr)
            raise SystemExit(WRONG_USE)
