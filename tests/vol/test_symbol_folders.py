"""A symbol folder is asked once whether it has anything of a PDB."""

from __future__ import annotations

from pathlib import Path

from volplugins.vol.symbols.symbol_folders import has_folder


def test_a_table_that_comes_later_is_seen(tmp_path: Path) -> None:
    assert not has_folder(str(tmp_path), "ntkrnlmp.pdb")
    (tmp_path / "windows").mkdir()
    assert not has_folder(str(tmp_path), "ntkrnlmp.pdb")
    (tmp_path / "windows" / "ntkrnlmp.pdb").mkdir()
    assert has_folder(str(tmp_path), "ntkrnlmp.pdb")
    assert not has_folder(str(tmp_path), "hal.pdb")


def test_folders_within_folders(tmp_path: Path) -> None:
    (tmp_path / "windows" / "older" / "hal.pdb").mkdir(parents=True)
    assert has_folder(str(tmp_path), "hal.pdb")
