"""The index on narrow and wide screens: nothing overlaps, width is used, a path that all share is said once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.browser import Browser
from tests.report.made_corpus import made_corpus, made_dump
from tests.report.test_report_browser import SETTLE, visited
from volplugins.report import write_index

FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
OVERLAPS = """[...document.querySelectorAll('tr')].some((row) => [...row.cells].some((cell, at) => {
  const next = row.cells[at + 1];
  const range = document.createRange();
  range.selectNodeContents(cell);
  return next && range.getBoundingClientRect().right > next.getBoundingClientRect().left + 1;
}))"""
FOLDER = "/evidence/2021/a site with a long name/hosts/"


@pytest.fixture
def index(tmp_path: Path) -> Path:
    dumps = [made_dump(number, path=f"{FOLDER}{number:03}/C/Windows/MEMORY.DMP") for number in range(30)]
    return write_index(made_corpus(tmp_path, dumps))


@pytest.mark.parametrize("width", [420, 1300, 2200])
def test_no_columns_overlap(browser: Browser, index: Path, width: int) -> None:
    with visited(browser, index, width=width) as visit:
        visit.evaluate(SETTLE)
        assert visit.complaints() == [] and visit.evaluate(FITS) and not visit.evaluate(OVERLAPS)
        used = visit.evaluate("document.querySelector('#dump-grid').getBoundingClientRect().width")
        assert used > 0.9 * width, "the screen is used"


def test_a_folder_that_all_share_is_said_once(browser: Browser, index: Path) -> None:
    with visited(browser, index, width=1300) as visit:
        cells = (
            "[...document.querySelectorAll('#dump-grid tbody tr, #failure-grid tbody tr')].map((row) => row.cells[0])"
        )
        shown = visit.evaluate(f"{cells}.map((cell) => [cell.textContent, cell.title])")
        assert len(shown) == 30 and all(title == FOLDER + text for text, title in shown)
        assert FOLDER in visit.evaluate("document.getElementById('below').textContent")
        assert all(text.endswith("/C/Windows/MEMORY.DMP") for text, _ in shown)


def test_one_dump_keeps_its_path(browser: Browser, tmp_path: Path) -> None:
    page = write_index(made_corpus(tmp_path, [made_dump(1)]))
    with visited(browser, page) as visit:
        assert visit.evaluate("document.querySelector('#dump-grid a').textContent") == "/evidence/00001.dmp"
