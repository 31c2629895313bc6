"""The search of index.html, as a browser runs it, finds what `volplugins find` finds."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.test_find import CUT, SEVEN, found, without_own_memory
from tests.report.browser import Browser
from tests.report.hostile import ATTACKS
from tests.report.made_corpus import made_corpus, made_dump
from tests.report.page_parser import PageParser
from tests.report.test_report_browser import visited
from volplugins.report import caps, write_index

ASKED = [
    ("driver", "acmedrv"), ("driver", "acme"), ("driver", "acme*"), ("driver", "\\Driver\\acmedrv"),
    ("module", "NTDLL"), ("frame", "nt!kiswapthread"), ("frame", "nt!Ki*Thread"), ("bugcheck", "0xD1"),
    ("process", "lsass"), ("command-line", "-session 0"), ("command-line", "-enc A"),
    ("command-line", "A -last"), ("command-line", "powershell*last"), ("finding", "module-*"), ("machine", "x86"),
    ("device", "ROOT\\ACPI_HAL*"), ("signature", "*myfault*"), ("key", "0*"),
]  # fmt: skip


def asked(visit: Any, kind: str, text: str) -> set[str]:
    visit.evaluate(
        f"document.querySelector('#search select').value = {json.dumps(kind)};"
        f"document.querySelector('#search input').value = {json.dumps(text)};"
        "document.querySelector('#search input').dispatchEvent(new Event('input'))"
    )
    names = visit.evaluate(
        "[...document.querySelectorAll('#dump-grid tbody tr')].map((row) => row.cells[0].textContent)"
    )
    return {Path(name).name for name in names}


def test_the_page_finds_what_the_command_finds(
    browser: Browser, corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(corpus / "corpus.sqlite")) as connection, connection:
        line = f"powershell.exe {' ' * 290}-enc {'A' * 3000} -last"
        where = "dump = (SELECT id FROM dumps WHERE path LIKE '%ten.dmp') AND name = 'lsass.exe'"
        connection.execute(f"UPDATE processes SET command_line = ? WHERE {where}", (line,))
    assert found(capsys, str(corpus), "--command-line", "-enc A") == ["ten.dmp"]
    without_own_memory(corpus, SEVEN)
    write_index(corpus)
    with visited(browser, corpus / "index.html", width=1300) as visit:
        for kind, text in [*ASKED, *(("process", name) for name in CUT)]:
            assert asked(visit, kind, text) == set(found(capsys, str(corpus), f"--{kind}", text)), (kind, text)
        for words in ("kiswapthread acmedrv", "7601", "nothing of the sort", CUT[0]):
            assert asked(visit, "", words) == set(found(capsys, str(corpus), *words.split()))
        assert len(asked(visit, "", "")) == 3
        assert visit.complaints() == []


@pytest.mark.parametrize("how", [{"width": 420}, {"width": 2200, "dark": True}], ids=str)
def test_the_search_fits(browser: Browser, corpus: Path, how: dict[str, Any]) -> None:
    write_index(corpus)
    with visited(browser, corpus / "index.html", **how) as visit:
        asked(visit, "frame", "nt!")
        assert visit.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert "2 dumps fit" in visit.evaluate("document.getElementById('search').textContent")


def test_hostile_texts_are_searched_as_text(browser: Browser, corpus: Path) -> None:
    with closing(sqlite3.connect(corpus / "corpus.sqlite")) as connection, connection:
        (one,) = connection.execute("SELECT id FROM dumps WHERE path LIKE '%ten.dmp'").fetchone()
        for text in ATTACKS:
            evil = text.encode("utf-8", "replace").decode()
            connection.execute("INSERT INTO processes (dump, name, command_line) VALUES (?, ?, ?)", (one, evil, evil))
    page = PageParser(write_index(corpus))
    assert page.names().count("script") == 2
    with visited(browser, corpus / "index.html") as visit:
        assert asked(visit, "command-line", "<script>") == {"ten.dmp"}
        assert asked(visit, "process", "__proto__") == {"ten.dmp"} and asked(visit, "", "constructor") == {"ten.dmp"}
        assert visit.evaluate("document.title") != "RUN" and visit.complaints() == []


def test_what_there_is_no_room_for_is_said(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caps, "SEARCH", 2000)
    search = PageParser(write_index(corpus)).data["search"]
    assert "Frame" in search["left"] and [kind["name"] for kind in search["kinds"]][:1] != ["frame"]
    bare = PageParser(write_index(made_corpus(tmp_path / "bare", [made_dump(1)]))).data["search"]
    assert [kind["name"] for kind in bare["kinds"]] == ["machine", "signature"] and bare["left"] == []
