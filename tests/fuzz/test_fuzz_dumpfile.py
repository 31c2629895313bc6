"""The fuzzing harness itself runs: its corpus, its random mode, and atheris where it is installed."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).with_name("fuzz_dumpfile.py")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, HARNESS, *arguments], capture_output=True, text=True, timeout=120, check=False
    )


def test_corpus_and_random_mode(tmp_path: Path) -> None:
    assert run("--corpus", str(tmp_path)).returncode == 0
    assert {"full-64", "triage-32", "live-a"} <= {path.name for path in tmp_path.iterdir()}
    assert run("--random", "50").returncode == 0


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
def test_atheris(tmp_path: Path) -> None:
    run("--corpus", str(tmp_path))
    assert run(str(tmp_path), "-runs=200").returncode == 0


def test_the_stack_harness_runs_at_random() -> None:
    done = subprocess.run(
        [sys.executable, HARNESS.with_name("fuzz_stack.py"), "--random", "300"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_live_harness_runs_at_random(tmp_path: Path) -> None:
    harness = HARNESS.with_name("fuzz_kd.py")
    for arguments in (("--corpus", str(tmp_path)), ("--random", "150")):
        done = subprocess.run(
            [sys.executable, harness, *arguments], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"small", "x64", "x86"}
    assert not done.stdout.startswith("0 of")
