"""Versions of volplugins and of everything that it stands on, as ``--version`` prints them."""

from __future__ import annotations

import platform
from importlib import metadata

import volplugins
from volplugins.cli.findings import OPTIONAL, REQUIRED


def version_lines() -> list[str]:
    """The first line is volplugins' own; then Python and system, what it needs, and what it can use."""
    lines = [
        f"volplugins {volplugins.__version__}",
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}",
    ]
    lines += [f"{name} {_version(name) or 'is missing'}" for name in REQUIRED]
    return lines + [f"{name} {found}" for name in OPTIONAL if (found := _version(name))]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
