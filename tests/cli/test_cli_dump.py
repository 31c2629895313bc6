"""``volplugins dump`` as a user runs it: exit codes, one line for what goes wrong, nothing half-written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(build("win7-x86-pae", "none"), "raw", tmp_path_factory.mktemp("image") / "a.raw")


def test_an_image_becomes_a_dump(volplugins: Run, raw: Path, tmp_path: Path) -> None:
    done = volplugins("dump", str(raw), "-o", "MEMORY.DMP")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("MEMORY.DMP: complete memory dump, ") and "written as 0x161" in done.stdout
    assert done.stderr.splitlines()[0] == "  0 %  opening" and "\x1b" not in done.stderr
    dump = tmp_path / "MEMORY.DMP"
    assert open_dump(FileSource(dump)).header.bugcheck_code == 0x161
    assert dump.stat().st_blocks * 512 < raw.stat().st_size // 2  # holes where pages are zeros
    assert [*raw.parent.iterdir()] == [raw]
    again = volplugins("dump", "-q", str(raw), "-o", "again.dmp")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert (tmp_path / "again.dmp").read_bytes() == dump.read_bytes()


def test_nothing_is_overwritten(volplugins: Run, raw: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken.dmp"
    taken.write_bytes(b"mine")
    done = volplugins("dump", str(raw), "-o", str(taken))
    assert (done.returncode, done.stdout, taken.read_bytes()) == (2, "", b"mine")
    assert done.stderr == f"volplugins: {taken}: is there already; nothing is overwritten\n"
    assert volplugins("dump", str(raw), "-o", str(raw)).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("-o", ""), "an empty name"),
        (("-o", "."), "is a directory"),
        (("-o", "nowhere/a.dmp"), "is no folder"),
        (("-o", "a.dmp", "-s", "nowhere"), "no such folder"),
        (("-o", "a.dmp", "--kind", "small"), "invalid choice"),
        ((), "required"),
    ],
)
def test_wrong_use(volplugins: Run, raw: Path, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    done = volplugins("dump", str(raw), *arguments)
    assert done.returncode == 2 and says in done.stderr and done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_what_cannot_be_opened(volplugins: Run, tmp_path: Path) -> None:
    (tmp_path / "zeros").write_bytes(bytes(1 << 20))
    small = write(build("win10-x64"), "triage", tmp_path / "small.dmp")
    cases = {
        "zeros": "no Windows kernel",
        small.name: "no physical memory",
        "missing": "No such file",
        "home": "directory",
    }
    for name, says in cases.items():
        done = volplugins("dump", "-q", name, "-o", "a.dmp")
        assert done.returncode == 3 and says in done.stderr and done.stderr.count("\n") == 1, name
    assert not (tmp_path / "a.dmp").exists() and not [*tmp_path.glob(".*.part")]


def test_a_cut_target(volplugins: Run, tmp_path: Path) -> None:
    whole = write(build("win7-x86-pae", "none"), "lime", tmp_path / "a.lime")
    cut = tmp_path / "cut.lime"
    cut.write_bytes(whole.read_bytes()[: -40 * 0x1000])
    done = volplugins("dump", str(cut), "-o", "bitmap.dmp")
    assert done.returncode == 1 and "with a bitmap" in done.stdout and "Fault" in done.stdout
    done = volplugins("dump", str(cut), "-o", "full.dmp", "--kind", "full")
    assert done.returncode == 1 and "Absent  40 pages are not in the target" in done.stdout
    sizes = [(tmp_path / name).stat().st_size for name in ("bitmap.dmp", "full.dmp")]
    assert sizes[0] < sizes[1]


def test_a_full_disk(raw: Path, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="limits of files are POSIX's")
    limit = raw.stat().st_size // 2
    done = subprocess.run(
        [sys.executable, "-m", "volplugins.cli.main", "dump", "-q", str(raw), "-o", str(tmp_path / "a.dmp")],
        capture_output=True, text=True, check=False, cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert "cannot be written, and nothing is left of it: File too large" in done.stderr
    assert [*tmp_path.iterdir()] == []
