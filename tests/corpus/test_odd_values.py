"""Odd names, values and readers of a corpus: none of them ends a command with a fault."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from volplugins.assistant.answers import answer
from volplugins.cli.main import main
from volplugins.corpus.database import CorpusDatabase
from volplugins.corpus.errors import NoCorpus
from volplugins.corpus.folder import Folder
from volplugins.report.corpus_rows import report_link

ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """One with more rows than a pipe takes at once."""
    with sqlite3.connect(tmp_path / "corpus.sqlite") as database:
        database.execute("CREATE TABLE dumps(id INTEGER, path TEXT, folder TEXT)")
        rows = [(number, f"dump-{number:06}-{'x' * 50}.dmp", ".") for number in range(5000)]
        database.executemany("INSERT INTO dumps VALUES(?, ?, ?)", rows)
    database.close()
    return tmp_path


@pytest.mark.parametrize("name", [".", "./", "./."])
def test_the_folder_itself_is_a_place(tmp_path: Path, name: str) -> None:
    assert Folder(tmp_path).inside(name) == tmp_path.resolve()
    with pytest.raises(NoCorpus):
        Folder(tmp_path).file(name)
    assert report_link(tmp_path, name) == report_link(tmp_path, str(tmp_path.resolve())) == "report.html"


@pytest.mark.parametrize("form", ["--paths", "--json", "-0"])
def test_a_reader_that_has_seen_enough(corpus: Path, form: str) -> None:
    command = [sys.executable, "-m", "volplugins.cli.main", "find", str(corpus), form]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None and process.stderr is not None
        assert b"dump-000000" in process.stdout.read(200)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_rows_that_are_let_go_after_the_file_is_closed(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ignored: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    database = CorpusDatabase(corpus / "corpus.sqlite")
    rows = database.rows("SELECT id FROM dumps")
    assert next(rows) == (0,)
    database.close()
    del rows
    assert not ignored


def strict(text: str) -> Any:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_what_is_no_number_is_null(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = {"bugcheck_code": float("nan"), "parameters": [float("inf"), 1]}
    for name, timestamp in (("a", "NaN"), ("b", "-Infinity"), ("c", "1")):
        (tmp_path / name / "rows").mkdir(parents=True)
        (tmp_path / name / "summary.json").write_text(json.dumps({"crash": words, "input": {"path": name}}))
        row = f'{{"row": {{"Start": 1, "Module": "x.sys", "Timestamp": {timestamp}}}}}\n'
        (tmp_path / name / "rows" / "kernel-modules.jsonl").write_text(row)
    assert main(["diff", str(tmp_path / "a"), str(tmp_path / "c"), "--json"]) == 0
    found = strict(capsys.readouterr().out)
    assert found["before"]["bugcheck_code"] is None and found["before"]["parameters"] == [None, 1]
    sections = {each["name"]: each for each in found["sections"]}
    (change,) = sections["modules"]["changes"]
    assert (change["before"], change["after"]) == ({"timestamp": None}, {"timestamp": 1})
    assert main(["diff", str(tmp_path / "a"), str(tmp_path / "b"), "--json"]) == 0
    sections = {each["name"]: each for each in strict(capsys.readouterr().out)["sections"]}
    assert sections["modules"]["changes"] == sections["bugcheck"]["changes"] == []
    assert strict(json.dumps(answer({"a": float("nan"), "b": 0.5})))["data"] == {"a": None, "b": 0.5}
