"""What is in the wheel, and what must not be."""

from __future__ import annotations

import importlib.metadata
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHELLS = ROOT / "volplugins" / "plugins" / "windows" / "kd"
THEIRS = ("volatility3/__init__.py", "volatility3/plugins/__init__.py", "volatility3/plugins/windows/__init__.py")


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_no_file_is_shared_with_volatility3(wheel: Path) -> None:
    theirs = {file.as_posix() for file in importlib.metadata.files("volatility3") or ()}
    assert "volatility3/plugins/__init__.py" in theirs
    assert not contents(wheel) & theirs
    assert not contents(wheel) & set(THEIRS)


def test_the_shells_are_beside_volatility3s_plugins(wheel: Path) -> None:
    shells = {path.name for path in SHELLS.glob("*.py")}
    assert shells
    beside = {name for name in contents(wheel) if name.startswith("volatility3/")}
    assert beside == {f"volatility3/plugins/windows/kd/{name}" for name in shells}
    loose = {name for name in contents(wheel) if name.startswith("volplugins/plugins/")}
    assert loose == {f"volplugins/plugins/windows/kd/{name}" for name in shells}


def test_shells_are_the_same_in_both_places(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for path in SHELLS.glob("*.py"):
            beside = archive.read(f"volatility3/plugins/windows/kd/{path.name}")
            assert beside == archive.read(f"volplugins/plugins/windows/kd/{path.name}") == path.read_bytes()


def test_every_module_is_there(wheel: Path) -> None:
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "volplugins").rglob("*.py")}
    assert wanted - contents(wheel) == set(), "packages that pyproject.toml does not list"


def test_tables_and_schemas_are_there(wheel: Path) -> None:
    tables = {f"volplugins/{p.relative_to(ROOT).as_posix()}" for p in (ROOT / "symbols").rglob("*.json.xz")}
    schemas = {f"volplugins/schema/{path.name}" for path in (ROOT / "docs" / "schema").glob("*.json")}
    assert schemas and (tables | schemas | {"volplugins/py.typed"}) - contents(wheel) == set()


def test_pages_are_there(wheel: Path) -> None:
    """Templates, styles and scripts."""
    folder = ROOT / "volplugins" / "report"
    wanted = {f"volplugins/report/{path.relative_to(folder).as_posix()}" for path in folder.rglob("*.*")}
    wanted = {name for name in wanted if name.endswith((".j2", ".css", ".js"))}
    assert len(wanted) >= 10 and wanted - contents(wheel) == set()


def test_nothing_else_is_there(wheel: Path) -> None:
    tops = {name.split("/", 1)[0] for name in contents(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"volplugins", "volatility3"}
    assert not [name for name in contents(wheel) if "tests" in name or name.endswith((".pyc", ".dmp", ".DMP"))]
