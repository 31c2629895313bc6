"""Commands without their arguments say what they need; none breaks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from volplugins.cli.vol import _symbol_folders

ROOT = Path(__file__).parents[2]
NEEDY = ("triage", "batch", "find", "diff", "report", "symbols", "dump", "live", "vol", "completion", "mcp", "lab")


@pytest.mark.parametrize("command", NEEDY)
def test_a_command_alone(tmp_path: Path, command: str) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "volplugins.cli.main", command], capture_output=True, text=True, encoding="utf-8",
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120, check=False,
    )  # fmt: skip
    assert found.returncode == 2 and found.stderr.startswith("usage: ")
    assert "error: " in found.stderr.splitlines()[-1] and "ValueError" not in found.stderr


@pytest.mark.parametrize(
    ("words", "folders"),
    [
        ([], []), (["-s"], []), (["-s", "a"], ["a"]), (["-sb", "x"], ["b"]), (["--symbol-dirs=c"], ["c"]),
        (["-f", "x", "--symbol-dirs", "d"], ["d"]), (["x"], []),
    ],
)  # fmt: skip
def test_folders_of_symbols_among_the_words(words: list[str], folders: list[str]) -> None:
    assert _symbol_folders(words) == folders
