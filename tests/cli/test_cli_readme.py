"""What the README shows is what happens: its demo output, its commands, its tables."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_demo_prints_what_the_readme_shows(volplugins) -> None:
    shown = re.search(r"<!-- demo -->\n```\n(.*?)```\n<!-- /demo -->", README, re.DOTALL)
    assert shown is not None
    done = volplugins("demo")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == shown[1].strip()


def test_the_first_two_commands_are_targets_of_the_makefile() -> None:
    commands = re.findall(r"^```\n(make \w+)\n```$", README, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert commands == ["make demo", "make test"]
    assert all(re.search(rf"^{command.split()[1]}:", makefile, re.MULTILINE) for command in commands)


def test_ci_runs_the_readmes_test_command() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "make test" in lines


def test_every_plugin_is_in_the_table() -> None:
    shells = (ROOT / "volplugins" / "plugins" / "windows" / "kd").glob("*.py")
    plugins = {path.stem for path in shells if "PluginInterface" in path.read_text(encoding="utf-8")}
    assert plugins == set(re.findall(r"^\| `windows\.kd\.(\w+)` \|", README, re.MULTILINE))


def test_links_lead_somewhere() -> None:
    links = [target for target in re.findall(r"\]\(([^)#]+)\)", README) if not target.startswith("http")]
    assert [target for target in links if not (ROOT / target).exists()] == []


def test_triage_and_symbols_of_a_dump(volplugins, tmp_path) -> None:
    from volplugins.lab.machines.catalogue import build
    from volplugins.lab.writers import write

    snapshot = build("win10-x64", "system-thread")
    path = write(snapshot, "full", tmp_path / "memory.dmp")
    before = path.read_bytes()
    done = volplugins("triage", str(path))
    assert done.returncode == 0, done.stderr
    assert "acmedrv.sys" in done.stdout
    listed = volplugins("symbols", str(path))
    assert listed.returncode == 0, listed.stderr
    for module in snapshot.truth["modules"]:
        assert f"{module['pdb']}\t{module['guid']}\t{module['age']}" in listed.stdout
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir() if each.name != "home"] == ["memory.dmp"]


def test_what_cannot_be_opened_is_one_line_and_exit_code_3(volplugins, inside, tmp_path) -> None:
    empty = tmp_path / "empty.dmp"
    empty.touch()
    text = tmp_path / "text.dmp"
    text.write_text("no dump at all")
    minidump = tmp_path / "user.dmp"
    minidump.write_bytes(b"MDMP\x93\xa7" + bytes(100))
    for path in (empty, text, minidump, tmp_path, tmp_path / "missing.dmp"):
        for command in ("triage", "symbols"):
            done = inside(command, str(path))
            assert done.returncode == 3, (path, done)
            assert done.stderr.count("\n") == 1
            assert done.stdout == ""
    done = volplugins("triage", str(minidump))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert "WinDbg" in done.stderr
