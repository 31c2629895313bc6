"""The commands as a user runs them: vol, plugin-dir, setup, doctor, lab."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from volplugins.cli import findings

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]
SHELLS = sorted((ROOT / "volplugins" / "plugins" / "windows" / "kd").glob("[!_]*.py"))
PLUGIN = """
from volatility3.framework import interfaces, renderers

class Mine(interfaces.plugins.PluginInterface):
    '''A plugin of the user's own.'''
    _required_framework_version = (2, 0, 0)
    @classmethod
    def get_requirements(cls):
        return []
    def run(self):
        return renderers.TreeGrid([("Said", str)], iter([(0, ("hello",))]))
"""


def plugin_names() -> list[str]:
    """Plugins that the shells define, by their source."""
    found = []
    for path in SHELLS:
        for name in re.findall(r"^class (\w+)\(.*PluginInterface", path.read_text(encoding="utf-8"), re.M):
            found.append(f"windows.kd.{path.stem}.{name}")
    return found


def defaults_file(home: Path) -> Path:
    where = home if os.name == "nt" else home / ".config"
    return where / "volatility3" / "vol.json"


def test_vol_lists_our_plugins_and_volatility3s(volplugins: Run) -> None:
    found = volplugins("vol", "-h")
    assert found.returncode == 0 and "usage: volplugins vol" in found.stdout
    assert plugin_names()
    for name in [*plugin_names(), "windows.pslist.PsList", "linux.bash.Bash"]:
        assert f"    {name}" in found.stdout, name


def test_vol_keeps_volatility3s_exit_codes(volplugins: Run) -> None:
    assert volplugins("vol", "-q", "frameworkinfo").returncode == 0
    assert volplugins("vol", "no.such.Plugin").returncode == 2
    missing = volplugins("vol", "-q", "windows.pslist")
    assert missing.returncode == 1 and "Traceback" not in missing.stderr


def test_vol_with_folders_of_the_users_own(volplugins: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.py").write_text(PLUGIN)
    found = volplugins("vol", "-q", "-p", str(tmp_path / "mine"), "-r", "jsonlines", "mine.Mine")
    assert found.returncode == 0
    assert [json.loads(line)["row"] for line in found.stdout.splitlines()] == [{"Said": "hello"}]
    assert plugin_names()[0] in volplugins("vol", "-p", str(tmp_path / "mine"), "-h").stdout


def test_vol_faults_are_one_line(volplugins: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.py").write_text(PLUGIN.replace('iter([(0, ("hello",))])', "iter(1 / 0)"))
    found = volplugins("vol", "-q", "-p", str(tmp_path / "mine"), "mine.Mine")
    assert found.returncode == 1
    assert found.stderr.splitlines()[-1] == "volplugins: ZeroDivisionError: division by zero"
    assert "Traceback" not in found.stderr


def test_plugin_dir_is_for_vol(volplugins: Run, vol: Run) -> None:
    found = volplugins("plugin-dir")
    folder = found.stdout.rstrip("\n")
    assert found.returncode == 0 and sorted(p.name for p in (Path(folder) / "windows" / "kd").glob("[!_]*.py")) == [
        path.name for path in SHELLS
    ]
    listed = vol("-p", folder, "-h").stdout
    assert all(name in listed for name in plugin_names())


def test_setup_and_its_removal(volplugins: Run, vol: Run, home: Path) -> None:
    folder = volplugins("plugin-dir").stdout.rstrip("\n")
    first = volplugins("setup")
    assert (first.returncode, first.stderr) == (0, "") and folder in first.stdout
    assert json.loads(defaults_file(home).read_text()) == {"plugin_dirs": folder}
    listed = vol("-h").stdout
    assert all(name in listed for name in plugin_names())
    assert volplugins("setup").stdout.endswith("nothing to change\n")
    assert volplugins("setup", "--remove").returncode == 0
    assert not defaults_file(home).exists()
    assert volplugins("setup", "--remove").stdout.endswith("nothing to change\n")


def test_setup_keeps_everything_else(volplugins: Run, home: Path) -> None:
    folder = volplugins("plugin-dir").stdout.rstrip("\n")
    path = defaults_file(home)
    path.parent.mkdir(parents=True)
    stale = os.path.join("old", "volplugins", "plugins")
    before = {"offline": True, "plugin_dirs": f"mine;{stale}", "symbol_dirs": "käse"}
    path.write_text(json.dumps(before), encoding="utf-8")
    assert volplugins("setup").returncode == 0
    after = json.loads(path.read_text(encoding="utf-8"))
    assert after == {**before, "plugin_dirs": f"{folder};mine"} and list(after) == list(before)
    assert volplugins("setup", "--remove").returncode == 0
    assert json.loads(path.read_text(encoding="utf-8")) == {**before, "plugin_dirs": "mine"}
    assert [p.name for p in path.parent.iterdir()] == ["vol.json"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"{broken", "is not JSON"),
        (b"[1]", "holds no JSON object"),
        (b'{"plugin_dirs": ["a"]}', "is not text"),
        (b"\xff\xfe\xfd", "cannot be read"),
    ],
)
def test_setup_refuses_a_broken_file(volplugins: Run, home: Path, text: bytes, why: str) -> None:
    path = defaults_file(home)
    path.parent.mkdir(parents=True)
    path.write_bytes(text)
    for arguments in (["setup"], ["setup", "--remove"]):
        found = volplugins(*arguments)
        assert found.returncode == 1 and why in found.stderr and str(path) in found.stderr
        assert len(found.stderr.splitlines()) == 1 and path.read_bytes() == text
    doctor = volplugins("doctor")
    assert doctor.returncode == 1 and re.search(rf"^fault vol\.json .*{why}", doctor.stdout, re.M)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_setup_follows_a_link(volplugins: Run, home: Path) -> None:
    real = home / "dotfiles.json"
    real.write_text("{}")
    defaults_file(home).parent.mkdir(parents=True)
    defaults_file(home).symlink_to(real)
    assert volplugins("setup").returncode == 0
    assert defaults_file(home).is_symlink() and "plugin_dirs" in json.loads(real.read_text())


def test_doctor_says_what_is_there(volplugins: Run) -> None:
    found = volplugins("doctor")
    assert "Traceback" not in found.stdout + found.stderr
    lines = [re.match(r"(ok|note|fault) +(\S+) +(.+)", line) for line in found.stdout.splitlines()]
    assert all(lines)
    topics = {line[2] for line in lines if line}
    assert topics == {"versions", "vol.json", "way", "plugins", "optional", "symbols", "network"}
    assert found.returncode == any(line[1] == "fault" for line in lines if line)
    assert re.search(r"^ok +versions +volatility3 2\.", found.stdout, re.M)
    assert re.search(rf"^ok +plugins +{len(plugin_names())} of ours, \d\d+ others", found.stdout, re.M)


def test_doctor_knows_the_way_by_setup(volplugins: Run) -> None:
    volplugins("setup")
    found = volplugins("doctor").stdout
    assert re.search(r"^ok +way +plain vol finds the plugins: setup \(vol\.json\), in ", found, re.M)
    assert re.search(r"^ok +vol\.json .*plugin_dirs", found, re.M)


def test_doctor_without_a_sound_volatility3(volplugins: Run, tmp_path: Path) -> None:
    (tmp_path / "stub" / "volatility3").mkdir(parents=True)
    (tmp_path / "stub" / "volatility3" / "__init__.py").write_text("raise RuntimeError('gone bad')")
    path = os.pathsep.join([str(tmp_path / "stub"), str(ROOT)])
    found = volplugins("doctor", PYTHONPATH=path)
    assert found.returncode == 1 and "Traceback" not in found.stdout + found.stderr
    assert re.search(r"^fault +plugins +RuntimeError: gone bad$", found.stdout, re.M)
    assert "network" in found.stdout, "the checks after it still run"


def test_doctor_names_a_plugin_file_that_stops_vol(volplugins: Run, home: Path, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "worse.py").write_text("1 / 0")
    defaults_file(home).parent.mkdir(parents=True)
    defaults_file(home).write_text(json.dumps({"plugin_dirs": str(tmp_path / "bad")}))
    found = volplugins("doctor")
    assert found.returncode == 1
    assert re.search(r"^fault +plugins +a plugin file stops every vol run: ZeroDivisionError", found.stdout, re.M)


def test_doctor_finds_names_that_collide(volplugins: Run, home: Path, tmp_path: Path) -> None:
    kd = tmp_path / "more" / "windows" / "kd"
    kd.mkdir(parents=True)
    (kd / "__init__.py").write_text("")
    (kd / "extra.py").write_text(PLUGIN.replace("class Mine", "class Extra"))
    (kd / "extra_pages.py").write_text(PLUGIN.replace("class Mine", "class ExtraPages"))
    (kd / "faulty.py").write_text("import no_such_module")
    defaults_file(home).parent.mkdir(parents=True)
    defaults_file(home).write_text(json.dumps({"plugin_dirs": str(tmp_path / "more")}))
    found = volplugins("doctor")
    assert found.returncode == 1
    assert re.search(r"^fault plugins +windows\.kd\.extra is ambiguous: .*windows\.kd\.extra_pages", found.stdout, re.M)
    assert re.search(r"^fault plugins +windows\.kd\.faulty cannot be imported: No module", found.stdout, re.M)
    assert re.search(r"^note +way .*another version than this package", found.stdout, re.M)


def test_doctor_is_offline_where_the_user_is(volplugins: Run, home: Path) -> None:
    assert re.search(r"^ok +network +vol fetches missing symbols from .*not tried", volplugins("doctor").stdout, re.M)
    defaults_file(home).parent.mkdir(parents=True)
    defaults_file(home).write_text('{"offline": true}')
    assert re.search(r"^ok +network +offline by vol\.json", volplugins("doctor", "--network").stdout, re.M)


def test_lab_reads_its_own_arguments(volplugins: Run) -> None:
    if find_spec("volplugins.lab.machines.catalogue") is None:
        pytest.skip("the lab has no machines yet")
    found = volplugins("lab", "list")
    assert found.returncode == 0 and "machines:" in found.stdout
    assert volplugins("lab", "nonsense").returncode == 2


def test_least_versions_are_those_of_the_package() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[(.*?)^\]", text, re.M | re.S)
    assert block
    assert dict(re.findall(r'"([\w.-]+)>=([\d.]+)"', block[1])) == findings.REQUIRED
