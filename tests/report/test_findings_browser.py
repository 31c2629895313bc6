"""Findings as a browser shows them: in the head of a dump's page and in the index of a corpus."""

from __future__ import annotations

from typing import Any

import pytest
from volatility3.framework import constants

from tests.findings.five_places import Places, everywhere
from tests.report.browser import Browser
from tests.report.test_report_browser import SETTLE, visited
from volplugins.lab.damage.io import with_io_defect
from volplugins.lab.damage.user import with_user_defect
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write

HOWS: list[dict[str, Any]] = [
    {"width": 420}, {"width": 1300}, {"width": 2200, "dark": True}, {"media": "print", "width": 720},
]  # fmt: skip
OPEN = "document.querySelectorAll('#findings details').forEach((one) => { one.open = true; })"
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """A machine with a hooked driver and a module in none of the loader's lists."""
    folder = tmp_path_factory.mktemp("found")
    constants.CACHE_PATH = str(tmp_path_factory.mktemp("cache"))
    damaged = with_io_defect(with_user_defect(build("win10-x64"), "module-in-no-list"), "dispatch-hook")
    return everywhere(write(damaged, "full", folder / "a.dmp"), folder / "corpus")


@pytest.mark.parametrize("how", HOWS, ids=str)
def test_the_head_of_a_page(browser: Browser, places: Places, how: dict[str, Any]) -> None:
    with visited(browser, places.folder / "report.html", **how) as visit:
        visit.evaluate(OPEN)
        visit.evaluate(SETTLE)
        assert visit.complaints() == [] and visit.evaluate(FITS), "the page scrolls sideways"
        lines = "[...document.querySelectorAll('.finds tbody tr')].map((row) => row.textContent)"
        first, second = visit.evaluate(lines)
        assert first.startswith("suspiciousroutine-outside-modules") and "windows.kd.drivers --object" in first
        assert second.startswith("oddmodule-not-listedexplorer.exe ") and "windows.kd.lm --addr" in second
        tops = "['.finds', '#stack'].map((one) => document.querySelector(one).getBoundingClientRect().top)"
        head, stack = visit.evaluate(tops)
        assert head < stack


def test_a_finding_leads_to_its_process(browser: Browser, places: Places) -> None:
    opened = "[...document.querySelectorAll('.process[open] > summary > strong')].map((one) => one.textContent)"
    with visited(browser, places.folder / "report.html", width=1300) as visit:
        assert "explorer.exe" not in visit.evaluate(opened)
        visit.evaluate("document.querySelector('.finds a').click()")
        visit.evaluate(SETTLE)
        assert "explorer.exe" in visit.evaluate(opened)
    with visited(browser, places.folder / "report.html", width=1300) as visit:
        visit.evaluate(OPEN)
        visit.evaluate(SETTLE)
        row = "[...document.querySelectorAll('[data-grid=findings] tbody tr')]"
        visit.evaluate(f"{row}.find((one) => one.textContent.includes('module-not-listed')).click()")
        assert "explorer.exe" in visit.evaluate(opened)


def test_a_process_that_has_exited_is_not_red(browser: Browser, places: Places) -> None:
    red = "[...document.querySelectorAll('.badge.unsound')].map((one) => one.textContent)"
    every = "[...document.querySelectorAll('.badge')].map((one) => one.textContent)"
    with visited(browser, places.folder / "report.html", width=1300) as visit:
        visit.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        visit.evaluate(SETTLE)
        assert visit.evaluate(every).count("no-directory") >= 3, "in both tables and in the process's own head"
        assert "no-directory" not in visit.evaluate(red)
    exited = [one for one in places.report.data["processes"] if one["gone"]]
    assert exited and not any(one["findings"] for one in exited)


@pytest.mark.parametrize("how", HOWS, ids=str)
def test_the_index_shows_and_finds_them(browser: Browser, places: Places, how: dict[str, Any]) -> None:
    index = places.folder.parents[1] / "index.html"
    kinds = "[...document.querySelectorAll('#finding-grid tbody tr')].map((row) => row.cells[2].textContent)"
    with visited(browser, index, **how) as visit:
        assert visit.complaints() == [] and visit.evaluate(FITS)
        assert visit.evaluate(kinds) == ["routine-outside-modules", "module-not-listed"]
        rows = "[...document.querySelectorAll('#kind-grid tbody tr')]"
        visit.evaluate(f"{rows}.find((one) => one.textContent.includes('module-not-listed')).click()")
        assert visit.evaluate(kinds) == ["module-not-listed"]
        visit.evaluate("document.querySelector('#chosen-kind button').click()")
        assert len(visit.evaluate(kinds)) == 2
        links = "[...document.querySelectorAll('#finding-grid a')].map((one) => one.getAttribute('href'))"
        assert set(visit.evaluate(links)) == {"./dumps/0123456789abcdef/report.html"}
