"""volplugins triage: one run gives what every plugin gives by itself, whatever the dump, and whole files or none."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import jsonschema
import pytest

from tests.vol.conftest import dumps, rows, vol, vol_home  # noqa: F401 - fixtures
from volplugins.cli.main import main
from volplugins.dumpfile.errors import DumpError
from volplugins.lab.defects import DEFECTS, apply
from volplugins.lab.machines import MACHINES
from volplugins.lab.writers import kinds_of
from volplugins.triage import engine, whole_file
from volplugins.triage.engine import run_triage
from volplugins.triage.options import TriageOptions
from volplugins.triage.suite import SUITE

SCHEMAS = Path(__file__).parents[2] / "docs/schema"
SUMMARY, ROWS, EVENTS = (
    jsonschema.Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text()))
    for name in ("triage", "rows", "timesketch")
)


def triage(path: Path, output: Path | None = None, **options):
    return run_triage(path, output, TriageOptions(**options), lambda *_: None)


def check(folder: Path) -> dict:
    summary = json.loads((folder / "summary.json").read_text())
    SUMMARY.validate(summary)
    assert {file.name for file in (folder / "rows").iterdir()} == {f"{part.name}.jsonl" for part in SUITE}
    for section in summary["sections"]:
        lines = [json.loads(line) for line in (folder / section["file"]).read_text().splitlines()]
        for line in lines[:10]:
            ROWS.validate(line)
        assert section["rows"] == sum("row" in line for line in lines)
    for line in (folder / "timeline.jsonl").read_text().splitlines()[:10]:
        EVENTS.validate(json.loads(line))
    assert (folder / "report.html").stat().st_size > 10_000
    return summary


@pytest.mark.parametrize("machine", MACHINES)
def test_rows_are_those_of_the_plugins_by_themselves(dumps, vol, machine, tmp_path):  # noqa: F811
    path, snapshot = dumps(machine, kind="full")
    triage(path, tmp_path / "out")
    summary = check(tmp_path / "out")
    assert summary["faults"] == 0
    for part in SUITE:
        done = vol("-r", "jsonlines", "-f", str(path), f"windows.kd.{part.shell}", *part.typed)
        assert done.returncode == 0, done.stderr
        alone = [line for line in done.stdout.splitlines() if line.startswith("{")]
        assert (tmp_path / "out/rows" / f"{part.name}.jsonl").read_text().splitlines() == alone, part.name
    assert summary["crash"]["process"] == snapshot.truth["process"]["name"]
    assert sum(summary["verdicts"].values()) == len(snapshot.truth["processes"])
    assert sum(run[2] for run in summary["completeness"]["runs"]) == summary["completeness"]["present"]
    assert summary["threads"][0]["tid"] == snapshot.truth["thread"]["tid"]


@pytest.mark.parametrize("machine", ["win10-x64", "xp-x86"])
def test_every_kind_of_dump(dumps, machine, tmp_path):  # noqa: F811
    _, snapshot = dumps(machine, kind="full")
    for kind in kinds_of(snapshot):
        path, _ = dumps(machine, kind=kind)
        result = triage(path, tmp_path / kind)
        assert result.faults == 0
        summary = check(tmp_path / kind)
        assert summary["crash"]["bugcheck_code"] == "0xd1"
        assert len(result.lines) <= 24 and max(map(len, result.lines)) <= 100


@pytest.mark.parametrize("defect", DEFECTS)
def test_every_defect_is_a_summary_or_one_line(dumps, tmp_path, defect):  # noqa: F811
    path, _ = dumps("xp-x86", kind="triage" if defect.startswith("triage") else "full")
    damaged = tmp_path / "damaged.dmp"
    damaged.write_bytes(path.read_bytes())
    try:
        apply(defect, damaged)
    except ValueError:
        return  # not of this kind of dump
    try:
        triage(damaged, tmp_path / "out", hash=False)
    except DumpError as error:
        assert "\n" not in str(error)
        assert not (tmp_path / "out/summary.json").exists()
        return
    assert check(tmp_path / "out")["faults"] == 0


def test_the_hash_is_that_of_the_file_and_the_input_stays_as_it_is(dumps, tmp_path):  # noqa: F811
    import hashlib

    path, _ = dumps("xp-x86", kind="triage")
    before = (path.read_bytes(), path.stat().st_mtime_ns, sorted(path.parent.iterdir()))
    result = triage(path, tmp_path / "out")
    assert result.summary["input"]["sha256"] == hashlib.sha256(before[0]).hexdigest()
    assert (path.read_bytes(), path.stat().st_mtime_ns, sorted(path.parent.iterdir())) == before
    assert triage(path, None, hash=False).summary["input"]["sha256"] is None


def test_a_plugin_that_fails_costs_its_own_section(dumps, tmp_path, monkeypatch):  # noqa: F811
    path, _ = dumps("xp-x86", kind="full")
    real = engine.make

    def broken(part, *rest):
        if part.name == "lm":
            raise RuntimeError("made\nto fail")
        return real(part, *rest)

    monkeypatch.setattr(engine, "make", broken)
    result = triage(path, tmp_path / "out")
    summary = check(tmp_path / "out")
    assert (result.faults, summary["faults"]) == (1, 1)
    (failed,) = [section for section in summary["sections"] if section["fault"]]
    assert (failed["name"], failed["fault"]) == ("lm", "RuntimeError: made to fail")
    assert [line for line in result.lines if "made to fail" in line]


@pytest.mark.parametrize("what", ["missing", "folder", "empty", "garbage"])
def test_what_cannot_be_opened_is_one_line_and_code_3(what, tmp_path, capsys):
    path = tmp_path / "in.dmp"
    if what == "folder":
        path.mkdir()
    elif what != "missing":
        path.write_bytes(b"" if what == "empty" else os.urandom(1 << 16))
    assert main(["triage", str(path), "-o", str(tmp_path / "out"), "-q"]) == 3
    said = capsys.readouterr()
    assert said.out == "" and len(said.err.strip().splitlines()) == 1
    assert not list(tmp_path.glob("out/**/*.json*")) and not list(tmp_path.glob("out/report.html"))


def test_a_full_disk_leaves_no_half_written_file(dumps, tmp_path, monkeypatch, capsys):  # noqa: F811
    path, _ = dumps("xp-x86", kind="full")
    written = 0
    real = engine.write_rows

    def until_full(plugin, out, seen):
        class Disk:
            def write(self, text):
                nonlocal written
                written += len(text)
                if written > 100_000:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                return out.write(text)

            def flush(self):
                out.flush()

        return real(plugin, Disk(), seen)

    monkeypatch.setattr(engine, "write_rows", until_full)
    assert main(["triage", str(path), "-o", str(tmp_path / "out"), "-q"]) == 1
    assert "No space left" in capsys.readouterr().err
    assert not (tmp_path / "out/summary.json").exists()
    for file in (tmp_path / "out/rows").iterdir():
        assert not file.name.startswith(".")
        assert all(json.loads(line) for line in file.read_text().splitlines())


def test_a_folder_that_cannot_be_written_to(dumps, tmp_path, capsys):  # noqa: F811
    path, _ = dumps("xp-x86", kind="triage")
    (tmp_path / "file").write_text("no folder")
    assert main(["triage", str(path), "-o", str(tmp_path / "file")]) == 2
    assert "is no folder" in capsys.readouterr().err
    assert main(["triage", str(path), "-o", str(tmp_path / "file" / "below"), "-q"]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_file_gets_its_name_when_it_is_whole(tmp_path):
    with pytest.raises(RuntimeError), whole_file.whole_file(tmp_path / "a.txt") as file:
        file.write("half")
        raise RuntimeError
    assert not list(tmp_path.iterdir())
    with whole_file.whole_file(tmp_path / "a.txt") as file:
        file.write("whole")
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_redacted_output_names_nobody(dumps, tmp_path):  # noqa: F811
    path, snapshot = dumps("win10-x64", kind="full")
    result = triage(path, tmp_path / "out", redact=True)
    check(tmp_path / "out")
    computer = next(iter(snapshot.truth["user"].values()))["environment"]["COMPUTERNAME"]
    plain = triage(path, tmp_path / "plain")
    assert computer in (tmp_path / "plain/rows/peb.jsonl").read_text()
    for file in (tmp_path / "out").rglob("*"):
        if file.is_file():
            text = file.read_text().lower()
            assert computer.lower() not in text, file.name
            assert str(path.parent).lower() not in text, file.name
    assert [section["rows"] for section in result.summary["sections"]] == [
        section["rows"] for section in plain.summary["sections"]
    ]
