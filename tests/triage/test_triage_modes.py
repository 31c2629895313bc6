"""Who may read what a run writes: its owner, and those whom the folder's own mode lets in."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.triage.conftest import silent
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.triage import TriageOptions, run_triage

pytestmark = pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(build("win7-x86-pae"), "triage", tmp_path_factory.mktemp("modes") / "small.dmp")


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("own", "mask", "expected"), [
    (None, 0o022, 0o600), (0o700, 0o022, 0o600), (0o750, 0o022, 0o640), (0o755, 0o022, 0o644), (0o777, 0o077, 0o600),
])  # fmt: skip
def test_files_are_for_those_whom_the_folder_lets_in(dump: Path, tmp_path: Path, own, mask, expected) -> None:
    folder = tmp_path / "out"
    if own is not None:
        folder.mkdir()
        folder.chmod(own)
    before = os.umask(mask)
    try:
        run_triage(dump, folder, TriageOptions(), silent)
    finally:
        os.umask(before)
    assert modes(folder) == {expected}
    assert stat.S_IMODE(folder.stat().st_mode) == (own or 0o700)
