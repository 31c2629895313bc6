"""Runs of a corpus with stand-ins for triage; children find the tests' modules."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.batch.stand_in import HERE
from volplugins.batch.options import BatchOptions
from volplugins.batch.run import run_batch

ROOT = Path(__file__).parents[2]


def named(work: str) -> str:
    """The dotted name of a stand-in, or of what has one."""
    return work if ":" in work else f"{HERE}:{work}"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Children import the checkout; the log of stand-ins is the test's own."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("STAND_IN_LOG", str(tmp_path / "log"))
    return tmp_path / "log"


@pytest.fixture
def batch(tmp_path: Path) -> Callable[..., int]:
    """``batch(PATHS…, work=…, …)``: a run in this process into ``tmp_path``/out; its exit code."""

    def run(*paths: Path, work: str = "thin", output: str = "out", **more: Any) -> int:
        return run_batch(BatchOptions(paths, tmp_path / output, work=named(work), **more))

    return run


@pytest.fixture
def started(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """``started(PATHS…, …)``: the same in a process of its own."""

    def start(*paths: Path, work: str = "thin", output: str = "out", **more: Any) -> subprocess.Popen[str]:
        values = {"paths": [str(path) for path in paths], "output": str(tmp_path / output), "work": named(work)}
        command = [sys.executable, "-m", "tests.batch.run_corpus", json.dumps(values | more)]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    return start
