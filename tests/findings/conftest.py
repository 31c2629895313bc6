"""Findings of lab machines, in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from volatility3.framework import constants

from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.writers import write
from volplugins.vol.commands.findings.row import FindingRow
from volplugins.vol.commands.findings.rows import Asked, findings_rows
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.symbols.symbol_path import add_own_symbols

Found = Callable[..., list[FindingRow]]


@pytest.fixture(scope="session", autouse=True)
def own_tables(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The checkout's own symbol tables, whatever the user's cache points to."""
    constants.CACHE_PATH = str(tmp_path_factory.mktemp("cache"))
    add_own_symbols()


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """``found(snapshot, kind, who)``: the rows."""

    def rows(snapshot: Snapshot, kind: str = "full", who: tuple[str, ...] = ()) -> list[FindingRow]:
        path = write(snapshot, kind, tmp_path / "a.dmp")
        return list(findings_rows(scene_of(open_dump(FileSource(path))), Asked(who)))

    return rows
