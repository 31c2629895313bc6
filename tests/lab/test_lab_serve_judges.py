"""Other people's debuggers attach to the lab's target: ntoseye (x64), pykdclient (32-bit machines)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build
from volplugins.lab.machines.five_levels import with_five_levels
from volplugins.lab.serve.announcements import debug_print, prompt, symbols
from volplugins.lab.serve.served_machine import serve_snapshot
from volplugins.lab.serve.server import MachineServer

NTOSEYE = shutil.which("ntoseye", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
NO_NETWORK = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY"), "http://127.0.0.1:1")  # where nobody listens
needs_ntoseye = pytest.mark.skipif(NTOSEYE is None, reason="ntoseye is not installed (judges)")


def kernel(snapshot: Snapshot) -> dict[str, object]:
    return next(each for each in snapshot.truth["modules"] if each["name"] == "nt")


def ntoseye(address: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Attach, and leave: it wants the kernel's PDB, which nobody has, and is kept from looking on the network."""
    assert NTOSEYE is not None
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [NTOSEYE, "-b", "kd", "--connect", address, "--memory-source", "kd", "--batch", "--plain-repl", "-c", "r"],
        capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": "", "HOME": str(home), **NO_NETWORK},
    )  # fmt: skip


@needs_ntoseye
@pytest.mark.parametrize("name", ["win7-x64", "win10-x64", "win10-x64-la57"])
@pytest.mark.parametrize("state", ["running", "stopped", "left"])
def test_ntoseye_attaches_finds_the_kernel_and_lets_it_run(name: str, state: str, tmp_path: Path) -> None:
    snapshot = build(name.removesuffix("-la57"), "none")
    machine = serve_snapshot(with_five_levels(snapshot) if name.endswith("-la57") else snapshot)
    with MachineServer(machine, str(tmp_path / "kd.sock"), state) as server:
        ran = ntoseye(server.address, tmp_path / "home")
        end = time.monotonic() + 2
        while not server.running:
            assert time.monotonic() < end, ran.stderr
    image = kernel(machine.snapshot)
    assert f"{image['pdb']}/{image['guid']}{image['age']:x}" in ran.stderr.replace("\n", "")
    asked = {each.name for each in server.log.asked if not each.status}
    assert asked >= {"get version", "read virtual", "read control space", "get context"}
    assert server.log.continues[-1] == (0x10002, 0x400)
    assert {each.name for each in server.log.writes} <= {"restore breakpoint"}


@needs_ntoseye
def test_ntoseye_hears_what_the_kernel_says(tmp_path: Path) -> None:
    machine = serve_snapshot(build("win10-x64", "none"))
    before = [
        debug_print(machine, "hello from the lab\n"), symbols(machine, "\\a.sys", 0xFFFFF80300000000, 0x1000, 1),
        prompt(machine, "Break? "),
    ]  # fmt: skip
    with MachineServer(machine, str(tmp_path / "kd.sock"), before=before) as server:
        ran = ntoseye(server.address, tmp_path / "home")
    assert "hello from the lab" in ran.stderr + ran.stdout
    assert len(server.log.prompts) == 1
    assert len(server.log.continues) == 2


@pytest.mark.parametrize("name", ["xp-x86", "win7-x86-pae"])
def test_pykdclient_reads_a_machine_that_was_left(name: str) -> None:
    snapshot = build(name, "none")
    machine, base = serve_snapshot(snapshot), int(str(kernel(snapshot)["base"]))
    judge = Path(__file__).with_name("pykdclient_judge.py")
    with MachineServer(machine, state="left") as server:
        port = server.address.rpartition(":")[2]
        command = [sys.executable, str(judge), port, hex(base)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
        if ran.returncode == 3:
            pytest.skip("pykdclient is not installed")
        end = time.monotonic() + 2
        while not server.running:
            assert time.monotonic() < end, ran.stderr
    said = dict(line.split() for line in ran.stdout.splitlines() if line.startswith(("memory", "context", "version")))
    assert bytes.fromhex(said["memory"]) == machine.memory.virtual(base, 64)
    assert bytes.fromhex(said["context"]) == snapshot.cpus[0].context
    assert bytes.fromhex(said["version"]) == machine.version
    assert server.log.writes == []
