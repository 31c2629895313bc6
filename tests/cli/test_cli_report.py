"""``volplugins report``: pages made again from a folder, or a line that says why not."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess

Run = Callable[..., CompletedProcess[str]]


def test_the_page_of_a_dumps_folder(volplugins: Run, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / "rows").mkdir(parents=True)
    (folder / "summary.json").write_text(json.dumps({"crash": {"bugcheck_name": "<b>NAME"}}))
    (folder / "report.html").write_text("an old one")
    done = volplugins("report", str(folder))
    assert (done.returncode, done.stdout) == (1, f"{folder / 'report.html'}\n"), done.stderr
    assert "volplugins: the page lacks something: rows/lm.jsonl: there is no such file" in done.stderr.splitlines()
    assert "&lt;b&gt;NAME" in (folder / "report.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "rows", "summary.json"]


def test_the_index_of_a_corpus(volplugins: Run, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "corpus.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE dumps (id TEXT, signature TEXT)")
        connection.execute("INSERT INTO dumps VALUES ('1', '0xd1_a.sys')")
    done = volplugins("report", str(tmp_path))
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'index.html'}\n"), done.stderr
    assert "0xd1_a.sys" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_a_database_that_is_none(volplugins: Run, tmp_path: Path) -> None:
    (tmp_path / "corpus.sqlite").write_text("no database, but long enough to be looked at " * 100)
    done = volplugins("report", str(tmp_path))
    assert done.returncode == 1 and "file is not a database" in done.stderr and (tmp_path / "index.html").exists()


def test_a_folder_of_neither_is_one_line(volplugins: Run, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        done = volplugins("report", str(folder))
        assert done.returncode == 3 and done.stdout == ""
        assert done.stderr.startswith("volplugins: ") and done.stderr.count("\n") == 1
    assert volplugins("report").returncode == 2
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == []
