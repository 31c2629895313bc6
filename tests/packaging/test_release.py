"""What is published: source and wheel as twine takes them, the container, the project's files for those who find it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

import volplugins
from tests.packaging.conftest import Environment, bare_environment

ROOT = Path(__file__).parents[2]
# what the source distribution is made of
SOURCES = (
    "pyproject.toml", "README.md", "MANIFEST.in", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE",
    "SECURITY.md", "Makefile", "Dockerfile", "volplugins", "symbols", "docs",
)  # fmt: skip
BUILD = "import sys; from setuptools import build_meta; print(getattr(build_meta, sys.argv[1])(sys.argv[2]))"


def built(what: str, source: Path, out: Path) -> Path:
    """What setuptools builds of a folder: ``build_sdist`` or ``build_wheel``, without a network."""
    if find_spec("setuptools") is None or find_spec("wheel") is None:
        pytest.skip("setuptools or wheel is not installed: nothing can be built without a network")
    command = [sys.executable, "-c", BUILD, what, str(out)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of this checkout."""
    folder = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return built("build_sdist", folder, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def from_source(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built of the source distribution."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data") if hasattr(tarfile, "data_filter") else archive.extractall(folder)
    (inner,) = folder.iterdir()
    return built("build_wheel", inner, tmp_path_factory.mktemp("wheel"))


def files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_source_makes_the_same_wheel(from_source: Path, wheel: Path) -> None:
    assert files(from_source) == files(wheel)


def test_the_source_has_what_a_packager_needs(source: Path) -> None:
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "CHANGELOG.md", "SECURITY.md", "CITATION.cff", "docs/python.md", "PKG-INFO"} <= names
    assert not [name for name in names if name.endswith((".pyc", ".dmp")) or name.startswith(("tests", ".venv"))]


def test_twine_takes_both(source: Path, wheel: Path) -> None:
    if find_spec("twine") is None:
        pytest.skip("twine is not installed (pip install twine): the packages are not checked here")
    command = [sys.executable, "-m", "twine", "check", "--strict", str(source), str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.count("PASSED") == 2, done.stdout + done.stderr


def test_the_wheel_of_the_source_runs(from_source: Path, tmp_path: Path) -> None:
    environment: Environment = bare_environment(tmp_path)
    environment.install(from_source)
    done = environment.command("demo")
    assert done.returncode == 0 and "myfault.sys" in done.stdout, done.stderr


def test_the_library_works_in_an_empty_environment(from_source: Path, tmp_path: Path) -> None:
    environment: Environment = bare_environment(tmp_path)
    environment.install(from_source)
    made = environment.command("lab", "make", "--kind", "triage", "-o", str(tmp_path / "a.dmp"))
    assert made.returncode == 0, made.stderr
    code = "import sys, volplugins\nwith volplugins.open(sys.argv[1]) as t: print(t.analysis().culprit.image_name)"
    done = environment.run(code, str(tmp_path / "a.dmp"))
    assert (done.returncode, done.stdout.strip()) == (0, "acmedrv.sys"), done.stderr


@pytest.mark.slow
def test_the_container(tmp_path: Path) -> None:
    builder = next(filter(None, map(shutil.which, ("docker", "podman"))), None)
    if builder is None or subprocess.run([builder, "info"], capture_output=True, check=False).returncode:
        pytest.skip("no builder of containers answers here: the Dockerfile is not built")
    done = subprocess.run(
        [builder, "build", "-t", "volplugins-test", str(ROOT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for words, said in ((["--version"], volplugins.__version__), (["demo"], "myfault.sys")):
        command = [builder, "run", "--rm", "--network", "none", "volplugins-test", *words]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 0 and said in run.stdout, run.stderr


def test_the_container_copies_what_a_wheel_is_made_of() -> None:
    left_out = set((ROOT / ".dockerignore").read_text().split())
    assert not left_out & {"volplugins", "symbols", "docs", "README.md", "pyproject.toml", "LICENSE"}


def test_files_for_those_who_find_the_project() -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed: forms are not read here")
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == volplugins.__version__ and {"cff-version", "message", "title", "authors"} <= set(cited)
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    for form in forms:
        read = yaml.safe_load(form.read_text(encoding="utf-8"))
        if form.name != "config.yml":
            assert {"name", "description", "body"} <= set(read) and all("type" in each for each in read["body"])
            ids = [each["id"] for each in read["body"] if "id" in each]
            assert len(ids) == len(set(ids))
    assert len(forms) == 3


def test_ci_runs_on_every_system_and_python_that_is_named() -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed: the workflow is not read here")
    flow = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8"))
    matrix = flow["jobs"]["tests"]["strategy"]["matrix"]
    assert {each.partition("-")[0] for each in matrix["os"]} == {"ubuntu", "macos", "windows"}
    classifiers = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert matrix["python"] == [f"3.{minor}" for minor in range(10, 15)]
    assert all(f"Programming Language :: Python :: {version}" in classifiers for version in matrix["python"])
    steps = [step.get("run", "") for step in flow["jobs"]["tests"]["steps"]]
    make = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert any(step.startswith("python -m pytest") and step.removeprefix("python") in make for step in steps)


@pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="no bash")
def test_a_shell_completes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pytest.importorskip("shtab", reason="shtab is not installed (extra completion)")
    from volplugins.cli.main import main

    assert main(["completion", "bash"]) == 0
    script = tmp_path / "completion.bash"
    script.write_text(capsys.readouterr().out)
    asked = (
        f"source {script}; COMP_WORDS=(volplugins {{words}}); COMP_CWORD={{at}}; _shtab_volplugins volplugins; "
        'printf "%s\\n" "${{COMPREPLY[@]}}"'
    )

    def replies(*words: str) -> list[str]:
        text = asked.format(words=" ".join(words), at=len(words))
        return subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True).stdout.split()

    assert {"triage", "find", "diff", "batch"} <= set(replies("''"))
    assert "--command-line" in replies("find", "--com")
    assert main(["completion", "fish"]) == 2


def test_without_shtab_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from volplugins.cli.main import main

    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 1
    assert "pip install 'volplugins[completion]'" in capsys.readouterr().err
