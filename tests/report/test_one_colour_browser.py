"""A verdict has one colour, in the counts, in every table and in a process's own head."""

from __future__ import annotations

from pathlib import Path

from tests.report.browser import Browser
from tests.report.test_report_browser import opened, visited
from volplugins.report import write_report

BADGES = """[...document.querySelectorAll('.badge')].map((one) => [
  one.textContent.replace(/^\\d+ /, ''), getComputedStyle(one).color,
])"""
WORDS = ("ok", "no-directory", "not-a-directory", "self-map-mismatch", "tables-missing", "certain", "suspicious", "odd")


def test_one_verdict_one_colour(browser: Browser, folder: Path, bad_directory: Path) -> None:
    for place in (folder, bad_directory):
        with visited(browser, write_report(place), width=1300) as visit:
            opened(visit)
            colours: dict[str, set[str]] = {}
            for word, colour in visit.evaluate(BADGES):
                if word in WORDS:
                    colours.setdefault(word, set()).add(colour)
            assert "ok" in colours and "no-directory" in colours
            assert all(len(found) == 1 for found in colours.values()), colours
            assert len({*colours["ok"], *colours["no-directory"]}) == 2
