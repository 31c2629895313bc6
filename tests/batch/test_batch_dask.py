"""The Dask path against the local one: the same rows, while a worker is killed halfway."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.batch import contents
from tests.batch.conftest import ROOT
from tests.batch.made_corpus import made_corpus, tiny
from volplugins.batch import dask_engine
from volplugins.batch.errors import CorpusError
from volplugins.lab.writers import write

Batch = Callable[..., int]
needs_dask = pytest.mark.skipif(not find_spec("distributed"), reason="dask is not installed (extra dask)")


class Cluster:
    """A scheduler and workers without nannies, each a process: a worker that is killed stays dead."""

    def __init__(self, folder: Path, slow: float) -> None:
        self._folder = folder
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "STAND_IN_SECONDS": str(slow)}
        self.running: list[subprocess.Popen[bytes]] = []
        port_file = folder / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", port_file)
        for _ in range(600):
            if port_file.exists():
                break
            time.sleep(0.1)
        self.address = _address(port_file)

    def worker(self, name: str) -> subprocess.Popen[bytes]:
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", self._folder / name)
        return self._start("worker", self.address, "--name", name, *options)

    def close(self) -> None:
        for process in reversed(self.running):
            process.kill()
            process.wait()

    def _start(self, kind: str, *options: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli.dask_" + kind, *map(str, options)]
        out = (self._folder / "cluster.log").open("ab")
        process = subprocess.Popen(command, env=self._environment, cwd=self._folder, stdout=out, stderr=out)
        self.running.append(process)
        return process


def _address(path: Path) -> str:
    import json

    for _ in range(50):
        try:
            return str(json.loads(path.read_text())["address"])
        except ValueError:
            time.sleep(0.1)
    raise AssertionError("no scheduler")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    (tmp_path / "cluster").mkdir()
    made = Cluster(tmp_path / "cluster", 0.4)
    yield made
    made.close()


@needs_dask
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_the_same_rows_while_a_worker_is_killed(
    batch: Batch, tmp_path: Path, cluster: Cluster, importable: Path
) -> None:
    folder = made_corpus(tmp_path / "in", 12)
    assert batch(folder, output="local", workers=2) == 1
    alone = len(importable.read_text().split())
    importable.unlink()
    cluster.worker("one")
    victim = cluster.worker("two")
    killed = threading.Event()

    def kill_halfway() -> None:
        for _ in range(1200):
            done = importable.read_text().split() if importable.exists() else []
            if len(done) >= alone // 2:
                victim.send_signal(signal.SIGKILL)
                killed.set()
                return
            time.sleep(0.05)

    killer = threading.Thread(target=kill_halfway)
    killer.start()
    assert batch(folder, output="far", scheduler=cluster.address) == 1
    killer.join()
    assert killed.is_set() and victim.wait() == -signal.SIGKILL
    assert contents.tables(tmp_path / "far") == contents.tables(tmp_path / "local")
    assert contents.files(tmp_path / "far") == contents.files(tmp_path / "local")
    assert len(importable.read_text().split()) >= alone


@needs_dask
def test_no_scheduler_is_one_line(batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = time.monotonic()
    with pytest.raises(CorpusError, match="no cluster to work on"):
        batch(write(tiny(1), "full", tmp_path / "a.dmp"), scheduler="tcp://127.0.0.1:1")
    assert time.monotonic() - begun < 5


@needs_dask
def test_a_scheduler_that_is_silent_is_said_at_once(
    batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dask_engine, "_WAIT", 2)
    monkeypatch.setattr(dask_engine, "_KNOCK", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(CorpusError, match="no cluster to work on"):
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        batch(write(tiny(1), "full", tmp_path / "a.dmp"), scheduler=address)
    assert "no answer of a scheduler with a worker yet" in capsys.readouterr().err


def test_without_dask_it_says_what_to_install(batch: Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CorpusError, match=r"pip install 'volplugins\[dask\]'"):
        batch(write(tiny(1), "full", tmp_path / "a.dmp"), scheduler="tcp://127.0.0.1:1")
