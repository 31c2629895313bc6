"""``volplugins find``: every question against a corpus that batch made; what is no corpus; hostile rows."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.batch.old_corpus import as_version
from tests.report.hostile import ATTACKS
from volplugins.cli.main import main
from volplugins.corpus import database
from volplugins.corpus.folder import Folder
from volplugins.report.corpus_questions import QUESTIONS

TEN, SEVEN, SMALL = "ten.dmp", "seven.dmp", "small.dmp"


def found(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> list[str]:
    """File names of the dumps that fit, in their order."""
    assert main(["find", *words, "--paths"]) == code
    return [Path(line).name for line in capsys.readouterr().out.splitlines()]


def values(corpus: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(corpus / "corpus.sqlite")) as connection:
        return [row[0] for row in connection.execute(statement)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), {TEN, SEVEN, SMALL}),
        (("--driver", "acmedrv"), {TEN, SEVEN, SMALL}),
        (("--driver", "ACMEDRV.sys", "--signature", "*acmedrv*"), {TEN}),
        (("--driver", "\\Driver\\acmedrv"), {TEN, SEVEN}),
        (("--driver", "acme"), set()),
        (("--driver", "acme*"), {TEN, SEVEN, SMALL}),
        (("--driver", "a%"), set()),
        (("--module", "ntdll"), {TEN, SEVEN}),
        (("--frame", "nt!KiSwapThread"), {TEN, SEVEN}),
        (("--frame", "myfault+0x"), {SEVEN, SMALL}),
        (("--bugcheck", "0xd1"), {TEN, SEVEN, SMALL}),
        (("--bugcheck", "DRIVER_IRQL_NOT_LESS_OR_EQUAL"), {TEN, SEVEN, SMALL}),
        (("--process", "lsass"), {TEN, SEVEN}),
        (("--process", "acmetray.exe", "--machine", "19041"), {TEN}),
        (("--command-line", "-session 0"), {TEN, SEVEN}),
        (("--finding", "module-not-listed"), {SEVEN}),
        (("--finding", "module-*"), {SEVEN}),
        (("--machine", "x86"), {SMALL}),
        (("--machine", "7601"), {SEVEN}),
        (("--device", "ROOT\\ACPI_HAL*"), {TEN, SEVEN}),
        (("KiSwapThread", "acmedrv"), {TEN, SEVEN}),
        (("nothing of the sort",), set()),
    ],
)
def test_questions(made: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], expected: set[str]) -> None:
    assert set(found(capsys, str(made), *words)) == expected


def test_a_file_is_found_by_time_stamp_and_size(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = "(SELECT id FROM dumps WHERE path LIKE '%ten.dmp')"
    (key,) = values(made, f"SELECT file_key FROM modules WHERE module = 'acmedrv.sys' AND kernel AND dump = {one}")
    assert found(capsys, str(made), "--key", key) == [TEN]
    assert found(capsys, str(made), "--key", key.lower()) == [TEN]


def test_the_computer_is_found_by_its_name(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (name,) = values(made, "SELECT computer FROM dumps WHERE path LIKE '%seven.dmp'")
    assert found(capsys, str(made), "--machine", name) == [SEVEN]


def test_what_fitted_is_said(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["find", str(made), "--driver", "myfault", "--command-line", "session", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told["schema"] == "volplugins.find/1" and Path(told["path"]).name == SEVEN
    assert (made / told["folder"] / "report.html").is_file() and told["bugcheck"] == "0xd1"
    assert {each["by"] for each in told["matches"]} == {"driver", "command-line"}
    assert any("myfault.sys" in each["text"] for each in told["matches"])
    assert main(["find", str(made), "--finding", "module-not-listed"]) == 0
    out = capsys.readouterr().out
    assert "finding: module-not-listed: mapped as an image" in out and out.splitlines()[0].startswith("Crashed")


def test_every_question_has_an_option_and_an_answer(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for question in QUESTIONS:
        assert found(capsys, str(made), f"--{question.name}", "*"), question.name


def without_own_memory(corpus: Path, dump: str) -> None:
    """As a kernel dump's rows are: no process's own memory says its name."""
    with closing(sqlite3.connect(corpus / "corpus.sqlite")) as connection, connection:
        connection.execute(
            "UPDATE processes SET image_path = NULL, command_line = NULL "
            "WHERE dump = (SELECT id FROM dumps WHERE path LIKE ?)", (f"%{dump}",),
        )  # fmt: skip


CUT = ("notmyfault64.exe", "NOTMYFAULT64", "notmyfault64.exe*", "notmyfault64.dll", "notmyfault6", "nobody64.exe")


def test_a_name_that_windows_cut_is_found_by_the_whole_one(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert values(corpus, "SELECT DISTINCT name FROM processes WHERE name LIKE 'notmyfault64%'") == ["notmyfault64.e"]
    assert found(capsys, str(corpus), "--process", CUT[0]) == [SEVEN]
    without_own_memory(corpus, SEVEN)
    for words, expected in zip(CUT, ([SEVEN], [SEVEN], [], [], [], []), strict=True):
        assert found(capsys, str(corpus), "--process", words) == expected, words
    assert found(capsys, str(corpus), CUT[0]) == [SEVEN]
    with closing(sqlite3.connect(corpus / "corpus.sqlite")) as connection, connection:
        connection.execute("UPDATE processes SET name = 'VMwareService.e' WHERE name = 'lsass.exe'")
        connection.execute(
            "UPDATE processes SET image_path = 'C:\\x\\notmyfault64.efi' WHERE name LIKE 'notmyfault64%'"
        )
    assert found(capsys, str(corpus), "--process", "vmwareservice.exe") == [SEVEN], "whole paths are known in the other"
    assert found(capsys, str(corpus), "--process", CUT[0]) == [], "its whole name is known"
    as_version(corpus / "corpus.sqlite", 4)
    assert found(capsys, str(corpus), "--process", CUT[0]) == [SEVEN]


def test_paths_for_other_programs(made: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["find", str(made), "-0"]) == 0
    parts = capfdbinary.readouterr().out.split(b"\0")
    assert parts.pop() == b"" and {Path(os.fsdecode(each)).name for each in parts} == {TEN, SEVEN, SMALL}


def test_nothing_is_written(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*")}
    found(capsys, str(made), "acmedrv")
    assert {path: path.stat().st_mtime_ns for path in made.rglob("*")} == before


def test_an_older_corpus_says_what_it_lacks(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    as_version(corpus / "corpus.sqlite", 4)
    assert set(found(capsys, str(corpus), "--process", "lsass.exe")) == {TEN, SEVEN}
    assert set(found(capsys, str(corpus), "--driver", "acmedrv")) == {TEN, SEVEN, SMALL}
    assert main(["find", str(corpus), "--frame", "x"]) == 2
    assert "older version" in capsys.readouterr().err
    assert set(found(capsys, str(corpus), "--finding", "module-not-listed")) == {SEVEN}


@pytest.mark.parametrize("content", [None, b"", b"no database" * 100])
def test_what_is_no_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "corpus.sqlite").write_bytes(content)
    assert main(["find", str(tmp_path)]) == 3
    assert main(["find", str(tmp_path / "none")]) == 3
    printed = capsys.readouterr()
    assert printed.out == "" and len(printed.err.splitlines()) == 2


def test_half_a_database(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = (corpus / "corpus.sqlite").read_bytes()
    (corpus / "corpus.sqlite").write_bytes(whole[: len(whole) // 2])
    assert main(["find", str(corpus), "lsass"]) == 3
    assert "corpus.sqlite" in capsys.readouterr().err


def test_links_that_lead_out_are_refused(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (corpus / "corpus.sqlite").rename(outside / "corpus.sqlite")
    (corpus / "corpus.sqlite").symlink_to(outside / "corpus.sqlite")
    assert main(["find", str(corpus)]) == 3
    assert "leads out of the folder" in capsys.readouterr().err
    linked = tmp_path / "link"
    linked.symlink_to(outside)
    assert main(["find", str(linked)]) == 0, "the folder that was named may be a link"


def test_folders_that_lead_out_are_none(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (corpus / "dumps" / "link").symlink_to(tmp_path)
    folder = Folder(corpus)
    bad = ["../x", "/etc", "a/../../x", "dumps/link", "dumps/link/x", "c:\\x", "\\\\host\\share", "", "\0", "x" * 9999]
    assert [folder.inside(each) for each in [*bad, None, 7, b"x"]] == [None] * (len(bad) + 3)
    with closing(sqlite3.connect(corpus / "corpus.sqlite")) as connection, connection:
        connection.execute("UPDATE dumps SET folder = 'dumps/link' WHERE path LIKE '%ten.dmp'")
    assert main(["find", str(corpus), "--json"]) == 0
    told = {Path(each["path"]).name: each["folder"] for each in map(json.loads, capsys.readouterr().out.splitlines())}
    assert told[TEN] is None and told[SEVEN] is not None


def test_hostile_rows_are_text(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(corpus / "corpus.sqlite")) as connection, connection:
        for number, text in enumerate(ATTACKS):
            evil = text.encode("utf-8", "replace").decode()
            connection.execute(
                "INSERT INTO dumps (id, path, computer, folder) VALUES (?, ?, ?, ?)", (number, *[evil] * 3)
            )
            connection.execute("INSERT INTO processes (dump, name, command_line) VALUES (?, 'x', ?)", (number, evil))
        connection.execute("INSERT INTO dumps (id, path, size) VALUES ('b', CAST(x'ff00fe' AS TEXT), 9e999)")
    assert main(["find", str(corpus), "--process", "x"]) == main(["find", str(corpus), "--paths"]) == 0
    assert all(line.isprintable() for line in capsys.readouterr().out.splitlines())
    assert main(["find", str(corpus), "--json"]) == 0
    assert len([json.loads(line) for line in capsys.readouterr().out.splitlines()]) == 4 + len(ATTACKS)
    assert found(capsys, str(corpus), "--process", "'; DROP TABLE dumps; --") == []


def test_no_dump_is_left_out_for_the_rows_of_others(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000001)"
    with closing(sqlite3.connect(corpus / "corpus.sqlite")) as connection, connection:
        connection.execute("DROP INDEX processes_name")  # to be quick
        connection.execute("INSERT INTO dumps (id, path) VALUES ('0', '/x/many.dmp')")
        connection.execute(f"INSERT INTO processes (dump, name) {many} SELECT '0', 'lsass.exe' FROM n")
    assert set(found(capsys, str(corpus), "--process", "lsass")) == {TEN, SEVEN, "many.dmp"}
    assert set(found(capsys, str(corpus), "--process", "*", "--driver", "acmedrv")) == {TEN, SEVEN, SMALL}
    assert main(["find", str(corpus), "--process", "*", "--json"]) == 0
    told = {Path(each["path"]).name: each for each in map(json.loads, capsys.readouterr().out.splitlines())}
    assert len(told["many.dmp"]["matches"]) == 1 and len(told[TEN]["matches"]) > 5


def test_no_question_runs_for_ever(made: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(database, "_SECONDS", -1)
    monkeypatch.setattr(database, "_STEPS", 1)
    assert main(["find", str(made), "lsass"]) == 3
    assert "no answer in" in capsys.readouterr().err
    assert main(["find", str(made), "--driver", ""]) == main(["find", str(made), "x" * 1001]) == 2
