"""The oldest and the newest volatility3, and every Python at hand: the same rows. From PyPI; skipped without it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packaging.conftest import Environment
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.triage.sections import SECTIONS

pytestmark = pytest.mark.slow

OLDEST, BETWEEN, NEWEST = "2.26.0", "2.27.0", ""  # empty: what PyPI has
PYTHONS = ((3, 10), (3, 11), (3, 12), (3, 13), (3, 14))
DUMPS = (("win10-x64", "full"), ("win7-x64", "triage"), ("win7-x86-pae", "bitmap-kernel"))
_NO_NETWORK = ("Could not find a version", "Max retries exceeded", "NewConnectionError", "No matching distribution")
_VERSION = "from volatility3.framework import constants; print(constants.PACKAGE_VERSION)"


def pip(environment: Environment, *arguments: str) -> None:
    """Install from PyPI, or skip the test where it cannot be reached."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(environment.python),
        "--disable-pip-version-check",
        "install",
    ]
    done = subprocess.run([*command, "-q", *arguments], capture_output=True, text=True, check=False)
    if done.returncode and any(word in done.stderr for word in _NO_NETWORK):
        pytest.skip("PyPI cannot be reached, or has no wheel for this Python: " + done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr


def made(folder: Path, python: str = sys.executable) -> Environment:
    """An empty environment of some Python."""
    if python == sys.executable:
        venv.create(folder / "python", with_pip=False)
    else:
        subprocess.run([python, "-m", "venv", "--without-pip", folder / "python"], check=True)
    inner = folder / "python" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([inner, "-c", ask], capture_output=True, text=True, check=True).stdout.strip())
    (folder / "home").mkdir()
    return Environment(inner, packages, folder / "home")


def interpreter(version: tuple[int, int]) -> str:
    """One of this version on the PATH or of pyenv; empty where none is at hand."""
    if sys.version_info[:2] == version:
        return sys.executable
    name = ".".join(map(str, version))
    found = sorted(Path.home().glob(f".pyenv/versions/{name}.*/bin/python"))
    found += [Path(path)] if (path := shutil.which(f"python{name}")) else []
    for each in found:
        asked = subprocess.run(
            [each, "-c", "import sys, venv; print(sys.version_info[:2])"], capture_output=True, text=True, check=False
        )
        if asked.stdout.strip() == str(version):
            return str(each)
    return ""


@pytest.fixture(scope="module")
def dumps(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("dumps")
    return [write(build(machine), kind, folder / f"{machine}.dmp") for machine, kind in DUMPS]


Rows = dict[str, bytes]


@pytest.fixture(scope="module")
def rows(dumps: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[Environment], Rows]:
    """``rows(environment)``: the row files of each dump by its installed triage."""

    def triage(environment: Environment) -> Rows:
        found = {}
        for dump in dumps:
            out = tmp_path_factory.mktemp("out")
            done = environment.command("triage", "-q", str(dump), "-o", str(out))
            assert done.returncode in (0, 1), done.stderr
            found |= {f"{dump.name} {path.name}": path.read_bytes() for path in (out / "rows").iterdir()}
        assert len(found) == len(SECTIONS) * len(dumps)
        return found

    return triage


@pytest.fixture(scope="module")
def expected(installed: Environment, rows: Callable[[Environment], Rows]) -> Rows:
    """The rows by what the tests run with."""
    return rows(installed)


@pytest.mark.parametrize("version", [OLDEST, BETWEEN, NEWEST], ids=["oldest", "between", "newest"])
def test_volatility3(
    version: str, wheel: Path, tmp_path: Path, dumps: list[Path], rows: Callable[[Environment], Rows], expected: Rows
) -> None:
    environment = made(tmp_path)
    pip(environment, "--no-deps", f"volatility3=={version}" if version else "volatility3")
    environment.install(wheel)
    others = [path for path in sys.path if Path(path).name in {"site-packages", "dist-packages"}]
    (environment.packages / "running_environment.pth").write_text("\n".join(others) + "\n")
    used = environment.run(_VERSION).stdout.strip()
    assert used == version or (not version and used)
    assert rows(environment) == expected
    doctor = environment.command("doctor")
    assert doctor.returncode == 0 and f"tested with volatility3 {used})" in doctor.stdout, doctor.stdout + doctor.stderr
    arguments = ("-q", "--offline", "-f", str(dumps[0]))
    for done in (environment.vol(*arguments, "-r", "csv", "windows.pslist"),
                 environment.vol(*arguments, "-r", "csv", "windows.kd.analyze")):  # fmt: skip
        assert done.returncode == 0 and len(done.stdout.splitlines()) > 5, done.stderr
    lines = environment.command("vol", *arguments, "-r", "jsonlines", "windows.kd.dumpinfo").stdout
    assert lines.encode() == expected[f"{dumps[0].name} dumpinfo.jsonl"]


@pytest.mark.parametrize("version", PYTHONS, ids=lambda version: ".".join(map(str, version)))
def test_python(
    version: tuple[int, int], wheel: Path, tmp_path: Path, rows: Callable[[Environment], Rows], expected: Rows
) -> None:
    python = interpreter(version)
    if not python:
        pytest.skip(f"no Python {version[0]}.{version[1]} at hand")
    environment = made(tmp_path, python)
    pip(environment, "--only-binary", ":all:", str(wheel))
    assert json.loads(environment.run("import sys; print(list(sys.version_info[:2]))").stdout) == list(version)
    assert rows(environment) == expected
    assert environment.command("demo").returncode == 0
    assert environment.command("doctor").returncode == 0
