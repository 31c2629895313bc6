"""What an answer leaves out is said, and how to get it; what cannot fit anything is refused; no answer is too long."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from volplugins.assistant.answers import MOST_CHARACTERS, answer
from volplugins.assistant.questions import Questions
from volplugins.assistant.results import Results
from volplugins.report import caps

Ask = Questions


def results(folder: Path, summary: dict[str, Any], **rows: list[dict[str, Any]]) -> Questions:
    (folder / "case" / "rows").mkdir(parents=True)
    (folder / "case" / "summary.json").write_text(json.dumps(summary))
    for name, told in rows.items():
        text = "".join(json.dumps({"row": row}) + "\n" for row in told)
        (folder / "case" / "rows" / f"{name}.jsonl").write_text(text)
    return Questions(Results(folder))


def all_of(ask: Callable[[int], dict[str, Any]]) -> list[Any]:
    """Everything, by going on where each answer says."""
    found: list[Any] = []
    while True:
        said = ask(len(found))
        assert len(json.dumps(said)) <= MOST_CHARACTERS and said["data"]
        found += said["data"]
        if "cut" not in said:
            return found
        assert said["cut"].endswith(f"offset {len(found)}")


@pytest.mark.parametrize("count", [50, 200, 201, 500, 700])
def test_every_file_is_listed(tmp_path: Path, count: int) -> None:
    for number in range(count):
        (tmp_path / f"{number:04}.dmp").touch()
    ask = Questions(Results(tmp_path))
    first = ask.list_files()
    assert len(first["data"]) == min(count, 500) and ("cut" in first) == (count > 500)
    assert [each["file"] for each in all_of(ask.list_files)] == [f"{number:04}.dmp" for number in range(count)]


def test_every_frame_of_a_stack(tmp_path: Path) -> None:
    frames = [{"TID": 8, "PID": 4, "Frame": number, "Symbol": f"nt!f{number}"} for number in range(320)]
    ask = results(tmp_path, {}, stacks=[*frames, {"TID": 9, "PID": 4, "Frame": 0, "Symbol": "nt!g"}])
    assert len(ask.stack("case", 8)["data"]) == 200
    assert [each["Frame"] for each in all_of(lambda offset: ask.stack("case", 8, offset=offset))] == list(range(320))


@pytest.mark.parametrize(("count", "limit"), [(49, 50), (50, 50), (51, 50), (200, 500), (201, 500)])
def test_rows_say_whether_there_are_more(tmp_path: Path, count: int, limit: int) -> None:
    ask = results(tmp_path, {}, process=[{"PID": number, "Name": "x"} for number in range(count)])
    said = ask.rows("case", "process", limit=limit)
    assert ("cut" in said) == (count > min(limit, 200)) == (len(said["data"]) < count)
    assert len(all_of(lambda offset: ask.rows("case", "process", offset=offset, limit=limit))) == count


def test_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    rows = [{"PID": 4, "Name": "System"}, {"PID": 8, "Name": "smss.exe", "Late": "x"}]
    ask = results(tmp_path, {}, process=rows, peb=[])
    assert ask.rows("case", "process", {"name": "SMSS"}, ["pid"])["data"] == [{"PID": 8}]
    assert [each["PID"] for each in ask.rows("case", "process", {"late": "X"})["data"]] == [8]
    assert ask.rows("case", "process", {"Name": "s", "name": "zz"})["data"] == []
    for said in (ask.rows("case", "process", {"Nmae": "x"}), ask.rows("case", "process", columns=["PID", "Nmae"])):
        assert "no such column" in said["error"] and said["data"] == ["PID", "Name", "Late"]
    assert ask.rows("case", "peb", {"Anything": "x"})["data"] == []


def test_severities(tmp_path: Path) -> None:
    found = [{"kind": "k", "severity": word} for word in ("odd", "info", "odd")]
    ask = results(tmp_path, {"findings": found})
    assert ask.findings("case", "Odd")["all"] == 2 and ask.findings("case")["all"] == 3
    assert ask.findings("case", "suspicious")["data"] == []
    assert ask.findings("case", "bad")["error"] == "no such severity; there are: suspicious, odd, damage, info"
    many = results(tmp_path / "many", {"findings": [{"severity": "odd", "pid": number} for number in range(450)]})
    assert [each["pid"] for each in all_of(lambda offset: many.findings("case", offset=offset))] == list(range(450))


def test_lists_within_an_answer_say_what_they_lack(tmp_path: Path) -> None:
    summary = {"missing": ["m"] * 300, "stack": [{"symbol": "nt!f"}] * 100, "crash": {f"n{n}": 1 for n in range(250)}}
    told = results(tmp_path, summary).triage("case")["data"]
    assert told["missing"][-1] == "… (100 more)" and len(told["missing"]) == 201
    assert told["stack"][-1] == "… (36 more)" and told["crash"]["…"] == "50 more"


def test_rows_that_are_not_read_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = results(tmp_path, {}, process=[{"PID": number} for number in range(30)])
    monkeypatch.setattr(caps, "READ_ROWS", 20)
    assert ask.rows("case", "process", {"PID": "25"})["cut"] == "only the first 20 lines were read"


@pytest.mark.parametrize("letter", ['"', "\\", "x", "é", "\n"])
def test_no_answer_is_longer_than_is_promised(tmp_path: Path, letter: str) -> None:
    texts = [letter * 390] * 200
    ask = results(tmp_path, {"missing": texts, "fault_texts": texts}, process=[{"Name": letter * 400}] * 200)
    for said in (ask.triage("case"), ask.rows("case", "process", limit=200), answer(texts * 9), answer([texts])):
        assert len(json.dumps(said)) <= MOST_CHARACTERS and said["cut"]
    assert len(json.dumps(ask.triage("case"))) > MOST_CHARACTERS - 100, "and what fits is there"
    assert "some of its columns" in answer([texts])["cut"]
