"""The wheel installed beside volatility3: plain ``vol`` finds our plugins and keeps all of its own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import volplugins
from volplugins.cli import plugin_names

ROOT = Path(__file__).parents[2]
SHELLS = sorted(path.stem for path in (ROOT / "volplugins" / "plugins" / "windows" / "kd").glob("[!_]*.py"))
LIST = """
import json, sys
sys.modules["pyarrow"] = None  # volatility3 loads it where it is installed, and numpy with it
from volatility3 import framework, plugins
before = set(sys.modules)
failures = framework.import_files(plugins, True)
new = sorted(set(sys.modules) - before)
print(json.dumps({"names": sorted(framework.list_plugins()), "failures": failures, "modules": new}))
"""
BREAKS = {
    "ValueError at import": "raise ValueError('broken')",
    "SyntaxError": "this is no Python",
    "nothing in it": "",
    "a class in place of a module": "class vol: pass",
}


def plugins_of(environment: Any, first_on_path: Path | None = None) -> dict[str, list[str]]:
    found = environment.run(LIST, first_on_path=first_on_path)
    assert found.returncode == 0, found.stderr
    listed: dict[str, list[str]] = json.loads(found.stdout)
    return listed


@pytest.fixture(scope="module")
def core(bare: Any) -> set[str]:
    """Names of volatility3's own plugins, without us."""
    names = set(plugins_of(bare)["names"])
    assert "windows.pslist.PsList" in names and not [n for n in names if n.startswith(plugin_names.OURS)]
    return names


def test_vol_lists_all_its_plugins_and_ours(installed: Any, core: set[str]) -> None:
    found = plugins_of(installed)
    ours = {name for name in found["names"] if name.startswith(plugin_names.OURS)}
    assert set(found["names"]) - ours == core and ours
    assert not [name for name in found["failures"] if ".kd." in name]
    shown = installed.vol("-h")
    assert shown.returncode == 0
    for name in core | ours:
        assert f"    {name}" in shown.stdout, name


def test_the_renderer_is_a_choice(installed: Any) -> None:
    found = installed.vol("-q", "-r", "jsonlines", "frameworkinfo.FrameworkInfo")
    assert found.returncode == 0, found.stderr
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert rows[0]["schema"] == "volplugins.rows/1" and rows[0]["plugin"] == "frameworkinfo.FrameworkInfo"


def test_plain_vol_never_writes_over_a_symbol_table(installed: Any) -> None:
    """Importing the plugins, as every run does, has the method replaced; without us it is volatility3's own."""
    code = "from volatility3.framework.symbols.windows.pdbutil import PDBUtility\n"
    code += "from volatility3 import framework, plugins\nframework.import_files(plugins, True)\n"
    code += "print(hasattr(PDBUtility.download_pdb_isf, 'theirs'))"
    assert installed.run(code).stdout == "True\n"
    assert "tables that are there are never written to" in installed.command("doctor").stdout


def test_no_name_of_ours_breaks_another(installed: Any, core: set[str]) -> None:
    ours = {name for name in plugins_of(installed)["names"] if name.startswith(plugin_names.OURS)}
    assert list(plugin_names.collisions(core, ours)) == []
    assert list(plugin_names.broken_bare_words(core, ours)) == []


def test_every_whole_name_resolves_as_typed(installed: Any, core: set[str]) -> None:
    """By volatility3's own parser, for every plugin that its own name finds without us."""
    from volatility3.cli import volargparse

    names = set(plugins_of(installed)["names"])
    parser = volargparse.HelpfulArgParser()
    action = parser.add_subparsers(dest="plugin", action=volargparse.HelpfulSubparserAction)
    for name in names:
        action.add_parser(name)
    for name in names:
        for typed in plugin_names.whole_names(name):
            if name not in core or plugin_names.matching(typed, core) == (name,):
                assert parser.parse_args([typed]).plugin == name


def test_shells_cost_little(installed: Any) -> None:
    """What plain vol pays at every start: no numpy, and of the core nothing."""
    modules = plugins_of(installed)["modules"]
    assert "volplugins" in modules
    assert "numpy" not in modules
    rooms = {name.split(".")[1] for name in modules if name.startswith("volplugins.")}
    few = {"vol", "memory", "paging", "dumpfile", "kernel", "loader", "image", "stack", "bugcheck", "kd", "wires"}
    assert rooms <= few


# each way once in the quick run, in one place and the other in turn
@pytest.mark.parametrize(
    ("how", "where"),
    [(how, where) if place == number % 2 else pytest.param(how, where, marks=pytest.mark.slow)
     for number, how in enumerate(BREAKS) for place, where in enumerate(["volplugins", "volplugins/vol"])],
)  # fmt: skip
def test_a_broken_package_breaks_nothing_else(
    installed: Any, core: set[str], tmp_path: Path, how: str, where: str
) -> None:
    """First on the path lies a package of our name that cannot be used: shells raise ImportError or work."""
    (tmp_path / where).mkdir(parents=True)
    (tmp_path / "volplugins" / "__init__.py").write_text("")
    (tmp_path / where / "__init__.py").write_text(BREAKS[how])
    found = plugins_of(installed, first_on_path=tmp_path)
    assert core <= set(found["names"])
    code = """
import importlib, sys
import volatility3.plugins
for name in sys.argv[1:]:
    try:
        importlib.import_module(f"volatility3.plugins.windows.kd.{name}")
    except ImportError:
        pass
"""
    done = installed.run(code, *SHELLS, first_on_path=tmp_path)
    assert done.returncode == 0, done.stderr
    shown = installed.vol("-h", first_on_path=tmp_path)
    assert shown.returncode == 0 and all(f"    {name}" in shown.stdout for name in core)


def test_the_installed_wheel_makes_pages(installed: Any, tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    (tmp_path / "summary.json").write_text(json.dumps({"crash": {"bugcheck_name": "MADE_UP<>"}}))
    done = installed.command("report", str(tmp_path))
    assert (done.returncode, done.stdout) == (1, f"{tmp_path / 'report.html'}\n"), "there are no rows"
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "MADE_UP&lt;&gt;" in page and "class Grid" in page and "--paper" in page


def test_the_console_command_is_installed(installed: Any) -> None:
    script = installed.python.parent / ("volplugins.exe" if os.name == "nt" else "volplugins")
    assert script.exists()
    version = installed.command("--version")
    assert (version.returncode, version.stdout.splitlines()[0]) == (0, f"volplugins {volplugins.__version__}")
    folder = installed.command("plugin-dir").stdout.rstrip("\n")
    assert Path(folder) == (installed.packages / "volplugins" / "plugins").resolve()
    doctor = installed.command("doctor")
    assert "plain vol finds the plugins: beside volatility3's own plugins" in doctor.stdout
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    listed = installed.command("vol", "-h").stdout
    assert "    windows.kd.analyze.Analyze" in listed and "    windows.pslist.PsList" in listed


def test_removal_leaves_volatility3_as_it_was(wheel: Path, fresh: Any) -> None:
    before = fresh.files()
    fresh.install(wheel)
    assert fresh.files() - before
    fresh.pip("uninstall", "--yes", "volplugins")
    assert fresh.files() == before
    assert fresh.vol("-h").returncode == 0
