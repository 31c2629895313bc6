"""Plain ``vol`` and the commands on a live machine's location: rows, one row where nobody answers, exit codes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.live.serving import serving

ROOT = str(Path(__file__).parents[2])


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "volplugins.cli.main", *words], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": ROOT}, cwd=ROOT,
    )  # fmt: skip


def rows(url: str, *words: str) -> list[dict[str, Any]]:
    done = run("vol", "-q", "-r", "jsonlines", "-f", url, *words)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return [json.loads(line)["row"] for line in done.stdout.splitlines() if line.startswith("{")]


def test_ours_and_volatility3s_own_plugins_in_one_session_each() -> None:
    with serving("--machine", "win10-x64", "--fault", "notmyfault", tcp=True) as served:
        found = {row["Field"]: row["Value"] for row in rows(served.url, "windows.kd.dumpinfo")}
        assert found["Kind"] == "live" and found["Build"] == "19041"
        listed = rows(served.url, "windows.pslist")
    names = [row["ImageFileName"] for row in listed]
    assert names[0] == "System" and "explorer.exe" in names
    assert "2 get version" in served.said and "the machine runs" in served.said  # one connection for each run


@contextmanager
def silent_socket() -> Iterator[str]:
    """A socket that takes connections and says nothing."""
    with TemporaryDirectory(prefix="kd-") as folder, socket.socket(socket.AF_UNIX) as server:
        path = str(Path(folder) / "s")
        server.bind(path)
        server.listen(4)
        kept: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    kept.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"kd+unix://{path}"
        server.shutdown(socket.SHUT_RDWR)


def test_nobody_answers() -> None:
    with silent_socket() as url:
        with ThreadPoolExecutor(1) as pool:  # both wait for some seconds
            shown = pool.submit(run, "live", url)
            found = rows(url, "windows.kd.process")
        done = shown.result()
    assert len(found) == 1 and "not a byte came" in found[0]["Note"] and "bcdedit /debug on" in found[0]["Note"]
    assert done.returncode == 3 and "-chardev socket" in done.stderr and "debugport:1" in done.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("kd+unix:///tmp/kd-nowhere.sock", "no such socket"),
        ("kd+tcp://127.0.0.1:1", "nobody listens"),
        ("kdnet://host", "debugging over the network"),
        ("kd+unix:///tmp/a.gz", "no such socket"),
        ("kd+unix:///tmp/a?speed=1", "?speed"),
    ],
)
def test_a_line_that_is_not_there_is_one_row(url: str, said: str) -> None:
    found = rows(url, "windows.kd.dumpinfo")
    assert len(found) == 1 and said in found[0]["Note"]


@pytest.mark.parametrize("command", ["live", "triage", "dump"])
def test_exit_code_3(command: str, tmp_path: Path) -> None:
    done = run(command, "-q", "kd+tcp://127.0.0.1:1", *(["-o", str(tmp_path / "x.dmp")] if command == "dump" else []))
    assert done.returncode == 3 and len(done.stderr.splitlines()) == 1


def test_live_says_where_each_processor_stands_and_triage_works() -> None:
    with serving("--machine", "win7-x86-pae", "--fault", "notmyfault") as served:
        said = run("live", served.url)
        done = run("triage", "-q", "--json", served.url)
    assert said.returncode == 0 and "CPU 1" in said.stdout and "build 7601, x86" in said.stdout
    summary = json.loads(done.stdout)
    assert summary["target"]["kind"] == "live" and summary["crash"]["image"] == "myfault.sys"
    assert summary["input"]["sha256"] is None and "read over the wire" in summary["input"]["read"]


def test_from_a_program() -> None:
    code = "\n".join((
        "import sys, volplugins", "with volplugins.open(sys.argv[1]) as target:",
        "    print([process.name for process in target.processes()][:2], target.info.kind)",
    ))  # fmt: skip
    with serving("--machine", "xp-x86") as served:
        done = subprocess.run(
            [sys.executable, "-c", code, served.url], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
        )
    assert "['System', 'smss.exe'] live" in done.stdout, done.stderr
    assert "the machine runs" in served.said
