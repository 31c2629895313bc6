"""The command line as a user runs it: the installed one where it is installed, else this checkout's."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from volplugins.cli.main import main

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own, on every system."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in ("HOME", "USERPROFILE", "APPDATA", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(folder))
    return folder


@pytest.fixture
def volplugins(home: Path, tmp_path: Path) -> Run:
    """Runs ``volplugins ARGUMENTS…`` in an empty folder; keyword arguments are environment variables."""
    script = Path(sysconfig.get_path("scripts")) / ("volplugins.exe" if os.name == "nt" else "volplugins")
    installed = script.exists()
    command = [str(script)] if installed else [sys.executable, "-m", "volplugins.cli.main"]
    path = {} if installed else {"PYTHONPATH": str(ROOT)}

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=tmp_path,
            env={**os.environ, **path, **environment},
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def vol(home: Path, tmp_path: Path) -> Run:
    """Runs plain ``vol ARGUMENTS…`` of this Python, with this checkout importable."""
    code = "import sys; sys.argv[0] = 'vol'; from volatility3.cli import main; main()"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=120, check=False
        )

    return run


@pytest.fixture
def inside(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``volplugins ARGUMENTS…`` in this process: for what ends before any dump is read."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = main(arguments)
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, printed.out, printed.err)

    return run
