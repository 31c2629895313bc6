"""Dumps of the lab that are opened from Python."""

from __future__ import annotations

from pathlib import Path

import pytest
from volatility3.framework import constants

from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The checkout's own symbol tables, whatever the user's cache points to."""
    constants.CACHE_PATH = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with MEMORY.DMP, BEFORE.DMP, small.dmp and image.raw, all but the second of one machine."""
    folder = tmp_path_factory.mktemp("dumps")
    made = build("win10-x64", wow64=True)
    write(build("win10-x64"), "full", folder / "MEMORY.DMP")
    write(build("win10-x64", base=1), "full", folder / "BEFORE.DMP")
    write(build("win10-x64"), "triage", folder / "small.dmp")
    write(made, "raw", folder / "image.raw")
    return folder
