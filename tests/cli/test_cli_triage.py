"""``volplugins triage`` as a user runs it: exit codes, streams, one line for what goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from volplugins.lab.damage.files import apply
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(build("win10-x64"), "bitmap-kernel", tmp_path_factory.mktemp("dump") / "a.dmp")


def test_a_folder_and_plain_progress(volplugins: Run, dump: Path, tmp_path: Path) -> None:
    done = volplugins("triage", str(dump), "-o", "out")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) <= 100 and "acmedrv.sys" in done.stdout
    assert done.stderr.splitlines()[-1] == "100 %  done" and "\x1b" not in done.stderr
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["command_line"][1:] == ["triage", str(dump), "-o", "out"]
    assert [*dump.parent.iterdir()] == [dump]


def test_quiet_and_json(volplugins: Run, dump: Path, tmp_path: Path) -> None:
    done = volplugins("triage", "-q", "--json", "--no-hash", str(dump))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["crash"]["image"] == "acmedrv.sys"
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_damage_is_exit_code_1(volplugins: Run, dump: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.dmp"
    damaged.write_bytes(dump.read_bytes())
    apply("truncated-half", damaged)
    done = volplugins("triage", "-q", str(damaged))
    assert done.returncode == 1 and done.stderr == "" and "Faults" in done.stdout


@pytest.mark.parametrize(
    ("output", "code", "says"),
    [("file/out", 2, "file"), ("file", 2, "is not a folder"), ("", 2, "nothing is written beside a dump")],
)
def test_folders_that_cannot_be_used(
    inside: Run, dump: Path, tmp_path: Path, output: str, code: int, says: str
) -> None:
    (tmp_path / "file").write_text("")
    folder = str(tmp_path / output) if output else str(dump.parent)
    done = inside("triage", "-q", str(dump), "-o", folder)
    assert done.returncode == code and done.stdout == ""
    assert done.stderr.count("\n") == 1 and says in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_behind_standard_output(dump: Path) -> None:
    command = [sys.executable, "-m", "volplugins.cli.main", "triage", "-q", str(dump)]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=Path(__file__).parents[2]
        )
    assert done.returncode != 0 and "Traceback" not in done.stderr


def test_wrong_use(volplugins: Run, dump: Path) -> None:
    assert volplugins("triage").returncode == 2
    assert volplugins("triage", str(dump), "--nonsense").returncode == 2


@pytest.mark.skipif(os.name == "nt", reason="no pseudo terminal there")
def test_a_bar_on_a_terminal(dump: Path, tmp_path: Path) -> None:
    import pty

    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "volplugins.cli.main", "triage", str(dump)]
    environment = {**os.environ, "TERM": "xterm", "HOME": str(tmp_path)}
    done = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=follower, cwd=Path(__file__).parents[2], env=environment
    )
    os.close(follower)
    seen = b""
    while True:
        try:
            piece = os.read(leader, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    assert done.stdout is not None and b"acmedrv.sys" in done.stdout.read()
    assert done.wait() == 0 and b"\x1b[" in seen and b"%" in seen
    os.close(leader)


def test_a_dump_where_rows_would_go_is_left_alone(inside: Run, dump: Path, tmp_path: Path) -> None:
    own = tmp_path / "out" / "rows" / "stacks.jsonl"
    own.parent.mkdir(parents=True)
    own.write_bytes(dump.read_bytes())
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "a.dmp"
    link.symlink_to(own)
    for named, folder in ((own, "out"), (own, "out/rows"), (link, "links"), (link, "out")):
        done = inside("triage", "-q", str(named), "-o", str(tmp_path / folder))
        assert done.returncode == 2 and "beside a dump" in done.stderr
    assert own.read_bytes() == dump.read_bytes() and [*own.parent.iterdir()] == [own]


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux alone")
def test_names_that_are_no_text_and_locales_that_cannot_write_them(dump: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "volplugins.cli.main", "triage", "-q", "--no-hash"]
    plain = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for name in (b"\xff\xfe.dmp", "\u65e5\u672c.dmp".encode()):
        path = os.fsencode(tmp_path) + b"/" + name
        os.link(dump, path)
        for environment in (plain, {**os.environ, "PYTHONUTF8": "1"}):
            done = subprocess.run(
                [*command, path], capture_output=True, check=False, cwd=Path(__file__).parents[2], env=environment
            )
            assert done.returncode == 0 and b"acmedrv.sys" in done.stdout, done.stderr


@pytest.mark.skipif(os.name == "nt", reason="other variables there")
def test_a_home_where_nothing_can_be_made(dump: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    environment = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
    environment |= {"HOME": str(tmp_path / "file"), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "volplugins.cli.main", "triage", "-q", str(dump)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2], env=environment
    )
    assert (done.returncode, done.stderr) == (0, "") and [*tmp_path.iterdir()] == [tmp_path / "file"]


@pytest.mark.skipif(os.name == "nt", reason="a shell closes the streams")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "2>/dev/full"])
def test_streams_that_nobody_reads(dump: Path, tmp_path: Path, closed: str) -> None:
    command = f'"{sys.executable}" -m volplugins.cli.main triage "{dump}" -o "{tmp_path / "out"}" {closed}'
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 0 and (tmp_path / "out" / "report.html").exists(), done.stderr
    assert closed == ">&-" or "acmedrv.sys" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_sigterm_leaves_nothing_half_written(dump: Path, tmp_path: Path) -> None:
    import signal

    command = [sys.executable, "-m", "volplugins.cli.main", "triage", str(dump), "-o", str(tmp_path / "out")]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert run.stderr is not None
    for line in run.stderr:
        if "address" in line:
            run.send_signal(signal.SIGTERM)
            break
    assert run.communicate()[0] is None and run.returncode == 143
    left = [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert "summary.json" not in left and not [name for name in left if name.endswith(".part")]


def test_what_cannot_be_opened_is_said_once(volplugins: Run, tmp_path: Path) -> None:
    (tmp_path / "cut.dmp").write_bytes(b"PAGEDU64" + bytes(3000))
    done = volplugins("triage", "cut.dmp", "-o", "out")
    assert done.returncode == 3 and done.stdout == "" and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
