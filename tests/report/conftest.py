"""Folders of lab dumps with their pages, and a browser where one is installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from volatility3.framework import constants

from tests.report.browser import Browser
from tests.report.hostile import hostile_folder
from tests.report.hostile_dump import hostile_dump
from tests.report.made_folder import made_folder
from volplugins.lab.damage.directories import with_directory_defect
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete dump with a 32-bit process, as triage leaves it."""
    return _made(tmp_path_factory, build("win10-x64", "driver-read", wow64=True), "full")


@pytest.fixture(scope="session")
def bad_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dump with a process whose page directory leads elsewhere."""
    snapshot = with_directory_defect(build("win10-x64", "driver-read"), "self-map-elsewhere")
    return _made(tmp_path_factory, snapshot, "full")


@pytest.fixture(scope="session")
def hostile(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder full of attacks."""
    return hostile_folder(folder, tmp_path_factory.mktemp("hostile") / "out")


@pytest.fixture(scope="session")
def hostile_triage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What triage makes of a dump in which every text is an attack."""
    place = tmp_path_factory.mktemp("attacks")
    constants.CACHE_PATH = str(tmp_path_factory.mktemp("cache"))
    return made_folder(hostile_dump(place / "MEMORY.DMP"), place / "out")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Headless Chromium."""
    if os.name == "nt":
        pytest.skip("the browser is spoken to over inherited descriptors, which Windows has not")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if found is None:
        pytest.skip("no Chromium is installed (apt-get install chromium): pages are not rendered here")
    running = Browser(found, tmp_path_factory.mktemp("browser"))
    yield running
    running.close()


def _made(factory: pytest.TempPathFactory, snapshot: object, kind: str) -> Path:
    place = factory.mktemp("dump")
    constants.CACHE_PATH = str(factory.mktemp("cache"))
    return made_folder(write(snapshot, kind, place / "MEMORY.DMP"), place / "out")  # type: ignore[arg-type]
