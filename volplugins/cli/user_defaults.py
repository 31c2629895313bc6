"""The user's defaults for volatility3's command line: ``vol.json``, and the plugin folders that it names.

Where the file is and what it holds: volatility3 2.28, ``cli/__init__.py`` (load_system_defaults). A file that is no
JSON stops every ``vol`` run, so it is never written but whole.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

KEY = "plugin_dirs"
SEPARATOR = ";"


class DefaultsError(Exception):
    """The file cannot be used as it is; the message says why."""


def defaults_path() -> Path:
    """Where volatility3 looks: ``~/.config/volatility3``, on Windows ``%APPDATA%\\volatility3``; nowhere else."""
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", home), "volatility3", "vol.json")
    return Path(home, ".config", "volatility3", "vol.json")


def read_defaults(path: Path) -> dict[str, Any]:
    """The file's contents, empty where there is no file.

    Raises:
        DefaultsError: it is no JSON object, or its plugin folders are no text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise DefaultsError(f"{path} cannot be read: {error}") from error
    try:
        values = json.loads(text)
    except ValueError as error:
        raise DefaultsError(f"{path} is not JSON ({error}); correct it or remove it") from error
    if not isinstance(values, dict):
        raise DefaultsError(f"{path} holds no JSON object; correct it or remove it")
    if not isinstance(values.get(KEY, ""), str):
        raise DefaultsError(f'{path}: "{KEY}" is not text; correct it or remove it')
    return values


def plugin_folders(values: dict[str, Any]) -> list[str]:
    """The plugin folders in the order they are searched."""
    return [folder for folder in values.get(KEY, "").split(SEPARATOR) if folder]


def with_plugin_folders(values: dict[str, Any], folders: list[str]) -> dict[str, Any]:
    """The same defaults with other plugin folders; every other member stays as it is, where it is."""
    changed = {**values, KEY: SEPARATOR.join(folders)}
    return changed if folders else {name: value for name, value in changed.items() if name != KEY}


def write_defaults(path: Path, values: dict[str, Any]) -> None:
    """Put the file in place whole; defaults that are empty remove it. A link is followed, not replaced."""
    target = Path(os.path.realpath(path))
    if not values:
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{os.getpid()}.new")
    try:
        draft.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        if target.exists():
            draft.chmod(target.stat().st_mode & 0o777)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
