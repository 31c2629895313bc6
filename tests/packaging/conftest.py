"""The wheel, built from this checkout, and a Python of its own with volatility3 in which it is installed.

No network: volatility3 is copied from the running environment, everything else is taken from it in place.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# all that the wheel is made of
SOURCES = ("pyproject.toml", "README.md", "volplugins", "symbols", "docs/schema")
OUR_SHELLS = os.path.join("volatility3", "plugins", "windows", "kd")


@dataclass(frozen=True)
class Environment:
    """A Python installation of the tests' own: its interpreter and its folder of packages."""

    python: Path
    packages: Path
    home: Path

    def run(self, code: str, *arguments: str, first_on_path: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run Python code in it, far from the checkout."""
        return self._run([str(self.python), "-c", code, *arguments], first_on_path)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run its script ``volplugins``."""
        return self._run([str(self.python.parent / "volplugins"), *arguments], None)

    def _run(self, command: list[str], first_on_path: Path | None) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
        environment |= dict.fromkeys(("HOME", "USERPROFILE", "APPDATA", "XDG_CACHE_HOME"), str(self.home))
        if first_on_path:
            environment["PYTHONPATH"] = str(first_on_path)
        return subprocess.run(
            command, capture_output=True, text=True, cwd=self.home, env=environment, timeout=120, check=False
        )

    def vol(self, *arguments: str, first_on_path: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run what the script ``vol`` runs."""
        code = "import sys; sys.argv[0] = 'vol'; from volatility3.cli import main; main()"
        return self.run(code, *arguments, first_on_path=first_on_path)

    def install(self, wheel: Path) -> None:
        """Install the wheel, and whether the running environment has it too does not matter."""
        self.pip("install", "--no-deps", "--no-index", "--ignore-installed", str(wheel))

    def pip(self, *arguments: str) -> None:
        """Run the running environment's pip on this one."""
        command = [sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check"]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def files(self) -> set[str]:
        """Every file of volatility3's folder, but for compiled ones."""
        folder = self.packages / "volatility3"
        return {str(p.relative_to(self.packages)) for p in folder.rglob("*") if p.is_file() and p.suffix != ".pyc"}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    for name in ("pip", "setuptools", "wheel"):
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed: no wheel can be built without a network")
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        where = ROOT / name
        if where.is_dir():
            shutil.copytree(where, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        elif where.exists():
            shutil.copy(where, source / name)
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(out)]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("*.whl")
    return built


def bare_environment(folder: Path) -> Environment:
    """A new environment with a copy of volatility3 as its own wheel installs it, and nothing of ours."""
    venv.create(folder / "python", with_pip=False)
    python = folder / "python" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip())
    installed = importlib.metadata.distribution("volatility3")
    for file in installed.files or ():
        source = Path(str(installed.locate_file(file)))
        if ".." not in file.parts and source.exists():
            target = packages / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    others = [p for p in sys.path if Path(p).name in {"site-packages", "dist-packages"}]
    (packages / "running_environment.pth").write_text("\n".join(others) + "\n")
    home = folder / "home"
    home.mkdir()
    return Environment(python, packages, home)


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """volatility3 without our wheel."""
    return bare_environment(tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Environment:
    """volatility3 with our wheel installed by pip."""
    environment = bare_environment(tmp_path_factory.mktemp("installed"))
    environment.install(wheel)
    return environment


@pytest.fixture
def fresh(tmp_path: Path) -> Environment:
    """volatility3 alone, for one test that changes it."""
    return bare_environment(tmp_path)
