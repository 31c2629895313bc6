"""Versions of all parts that had a hand in a result."""

from __future__ import annotations

import platform
from importlib import metadata

import volplugins

_PARTS = ("volatility3", "pefile", "yara-python", "numpy")


def versions() -> dict[str, str | None]:
    """Version by part; None where it is not installed."""
    return {"volplugins": volplugins.__version__, "python": platform.python_version()} | {
        name: _version(name) for name in _PARTS
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
