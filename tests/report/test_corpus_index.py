"""index.html against the rows of corpus.sqlite."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.report.hostile import ATTACKS
from tests.report.made_corpus import made_corpus, made_dump
from tests.report.page_parser import PageParser
from volplugins.report import write_index
from volplugins.report.corpus_rows import report_link


def groups_of(page: PageParser) -> dict[str, dict[str, object]]:
    table = page.data["groups"]
    return {row[0]: dict(zip(table["columns"], row, strict=True)) for row in table["rows"]}


def test_groups_by_signature(tmp_path: Path) -> None:
    dumps = [made_dump(number) for number in range(90)]
    page = PageParser(write_index(made_corpus(tmp_path, dumps)))
    good = [dump for dump in dumps if not dump["reason"]]
    counted = Counter(dump["signature"] or "(no signature)" for dump in good)
    groups = groups_of(page)
    assert {name: group["Dumps"] for name, group in groups.items()} == counted
    for name, group in groups.items():
        own = [dump for dump in good if (dump["signature"] or "(no signature)") == name]
        times = [dump["crash_time"] for dump in own]
        assert (group["First seen"], group["Last seen"]) == (min(times), max(times))
        for label, column in (("Culprits", "culprit"), ("Computers", "computer"), ("Builds", "build")):
            assert set(str(group[label]).split(", ")) == {dump[column] or "" for dump in own}
    assert "90 dumps" in page.text and "10 with a fault" in page.text
    assert list(groups) == sorted(groups, key=lambda name: -counted[name])


def test_crashes_that_were_asked_for_blame_nobody(tmp_path: Path) -> None:
    asked = made_dump(1, signature="0xe2_manual_keyboard", culprit=None, reason=None)
    plain = made_dump(2, signature="0xd1_unknown", culprit=None, reason=None)
    page = PageParser(write_index(made_corpus(tmp_path, [asked, plain])))
    groups = groups_of(page)
    assert groups["0xe2_manual_keyboard"]["Culprits"] == "nobody: asked for (keyboard)"
    assert groups["0xd1_unknown"]["Culprits"] == ""


def test_every_dump_leads_to_its_page_and_failures_say_why(tmp_path: Path) -> None:
    dumps = [made_dump(number) for number in range(20)]
    data = PageParser(write_index(made_corpus(tmp_path, dumps))).data
    links = dict(zip((row[0] for row in data["dumps"]["rows"]), data["links"], strict=True))
    assert links == {dump["path"]: f"{dump['folder']}/report.html" for dump in dumps if not dump["reason"]}
    failures = {row[0]: row[2] for row in data["failures"]["rows"]}
    assert failures == {dump["path"]: dump["reason"] for dump in dumps if dump["reason"]}


def test_a_dump_with_a_signature_and_a_fault_is_in_both(tmp_path: Path) -> None:
    dump = made_dump(0, reason="peb failed")
    data = PageParser(write_index(made_corpus(tmp_path, [dump]))).data
    assert [len(data[name]["rows"]) for name in ("groups", "dumps", "failures")] == [1, 1, 1]


def test_faults_of_a_dump_that_was_done_are_its_reason(tmp_path: Path) -> None:
    made_corpus(tmp_path, [made_dump(0), made_dump(1, status="faults")])
    with closing(sqlite3.connect(tmp_path / "corpus.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE faults (dump TEXT, section TEXT, fault TEXT)")
        own = [(f"{1:016x}", "lm", "ZeroDivisionError"), (f"{1:016x}", "file", "truncated")]
        connection.executemany("INSERT INTO faults VALUES (?, ?, ?)", own)
    page = PageParser(write_index(tmp_path))
    assert [row[1:3] for row in page.data["failures"]["rows"]] == [["faults", "ZeroDivisionError; truncated"]]
    assert "1 with a fault" in page.text and len(page.data["dumps"]["rows"]) == 2


@pytest.mark.parametrize(
    ("folder", "link"),
    [
        ("dumps/0123", "dumps/0123/report.html"),
        ("dumps\\0123", "dumps/0123/report.html"),
        ("a b/<x>&'\"?#%", "a%20b/%3Cx%3E%26%27%22%3F%23%25/report.html"),
        ("../elsewhere", ""),
        ("dumps/../../x", ""),
        ("/etc", ""),
        ("javascript:alert(1)", ""),
        ("//host/share", ""),
        ("", ""),
        (None, ""),
        (b"dumps/1", ""),
        ("x\ud800", "x%ED%A0%80/report.html"),
    ],
)
def test_links_stay_below_the_corpus(tmp_path: Path, folder: object, link: str) -> None:
    assert report_link(tmp_path, folder) == link


def test_an_absolute_folder_below_the_corpus_is_a_link(tmp_path: Path) -> None:
    assert report_link(tmp_path, str(tmp_path.resolve() / "dumps" / "1")) == "dumps/1/report.html"


def test_hostile_cells_are_text(tmp_path: Path) -> None:
    columns = ("path", "signature", "culprit", "computer", "status", "reason", "crash_time")
    dumps = [made_dump(at, **dict.fromkeys(columns, text)) for at, text in enumerate(ATTACKS[:10])]
    corpus = made_corpus(tmp_path, dumps)
    with closing(sqlite3.connect(corpus / "corpus.sqlite")) as connection, connection:
        connection.execute(
            "UPDATE dumps SET signature = CAST(x'ff00fe' AS TEXT), size = x'00', seconds = 9e999 WHERE rowid = 3"
        )
    page = PageParser(write_index(corpus))
    assert page.names().count("script") == 2 and not page.open
    assert page.data["groups"]["rows"] and page.data["failures"]["rows"]


def test_columns_that_are_missing_cost_themselves_only(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "corpus.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE dumps (id TEXT PRIMARY KEY, path TEXT, signature TEXT)")
        connection.execute("INSERT INTO dumps VALUES ('1', 'a.dmp', '0xd1_a.sys')")
    assert list(groups_of(PageParser(write_index(tmp_path)))) == ["0xd1_a.sys"]


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100, None])
def test_a_database_that_is_none_is_said(tmp_path: Path, content: bytes | None) -> None:
    corpus = tmp_path / "corpus"
    if content is None:
        made_corpus(corpus, (made_dump(number) for number in range(2000)))
        whole = (corpus / "corpus.sqlite").read_bytes()
        content = whole[: len(whole) // 2]
    corpus.mkdir(exist_ok=True)
    (corpus / "corpus.sqlite").write_bytes(content)
    assert "This page lacks something: corpus.sqlite" in PageParser(write_index(corpus)).text


def test_the_database_is_only_read(tmp_path: Path) -> None:
    corpus = made_corpus(tmp_path, [made_dump(1)])
    before = (corpus / "corpus.sqlite").read_bytes()
    write_index(corpus)
    assert (corpus / "corpus.sqlite").read_bytes() == before
    assert {path.name for path in corpus.iterdir()} == {"corpus.sqlite", "index.html"}
    with pytest.raises(FileNotFoundError):
        write_index(tmp_path / "nowhere")
