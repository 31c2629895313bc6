"""A folder of symbol tables that was moved: volatility3's cache of identifiers still names the old place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from volatility3 import symbols
from volatility3.framework import constants
from volatility3.framework.automagic import symbol_cache

from volplugins.image.debug_record import DebugRecord
from volplugins.vol.symbols import symbol_files

ROOT = Path(__file__).parents[2]
TABLE = next((ROOT / "symbols" / "windows" / "ntkrnlmp.pdb").iterdir())


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DebugRecord:
    """A table that the cache knows at its old place and that lies in a folder of another name now."""
    old, new = tmp_path / "old", tmp_path / "new"
    place = old / "windows" / "ntkrnlmp.pdb"
    place.mkdir(parents=True)
    shutil.copy(TABLE, place)
    monkeypatch.setattr(constants, "CACHE_PATH", str(tmp_path))
    monkeypatch.setattr(symbols, "__path__", [str(old)])
    monkeypatch.setattr(constants, "SYMBOL_BASEPATHS", [str(old)])
    symbol_cache.SqliteCache(str(tmp_path / constants.IDENTIFIERS_FILENAME)).update()
    guid, _, age = TABLE.name.removesuffix(".json.xz").rpartition("-")
    record = DebugRecord("ntkrnlmp.pdb", "ntkrnlmp.pdb", guid, int(age), "scan")
    found = symbol_files.find_location(record)
    assert found is not None
    assert "/old/" in found
    old.rename(new)
    monkeypatch.setattr(symbols, "__path__", [str(new)])
    return record


def test_the_table_is_taken_from_its_new_place(moved: DebugRecord) -> None:
    found = symbol_files.find_location(moved)
    assert found is not None
    assert "/new/" in found
    assert symbol_files.load(moved) is not None


def test_a_table_that_is_nowhere_is_none(
    moved: DebugRecord, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(symbols, "__path__", [])
    assert symbol_files.find_location(moved) is None
    assert symbol_files.load(moved) is None
    assert "cannot be used" not in caplog.text
