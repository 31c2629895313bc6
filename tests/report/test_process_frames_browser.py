"""A process's strip of physical memory as a browser shows it: it fits, the keyboard goes through it, paper has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.browser import Browser
from tests.report.test_report_browser import opened, visited
from volplugins.report import write_report

STRIP = "document.querySelector('.process .frames')"
TOLD = f"{STRIP}.nextElementSibling.textContent"


def pressed(key: str) -> str:
    return f"{STRIP}.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true }}))"


@pytest.mark.parametrize("how", [{}, {"dark": True}, {"width": 420}, {"media": "print", "width": 720}], ids=str)
def test_each_process_has_a_strip_that_fits(browser: Browser, folder: Path, how: dict[str, object]) -> None:
    with visited(browser, write_report(folder), **how) as visit:
        opened(visit)
        assert visit.complaints() == []
        assert visit.evaluate("document.querySelectorAll('.process .frames').length") > 8
        width = visit.evaluate("document.documentElement.clientWidth")
        assert visit.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.evaluate(f"{STRIP}.getBoundingClientRect().width") > 200
        wide = "(one) => one.getBoundingClientRect().width > 0"
        assert visit.evaluate(f"[...{STRIP}.querySelectorAll('div')].every({wide})")
        drawn = "[...document.querySelectorAll('.frames div')].map((one) => getComputedStyle(one).backgroundColor)"
        assert visit.evaluate(f"new Set({drawn}).size") >= 4, "paper has the shades as well"


def test_the_keyboard_goes_through_it(browser: Browser, folder: Path) -> None:
    with visited(browser, write_report(folder)) as visit:
        opened(visit)
        visit.evaluate(f"{STRIP}.focus()")
        assert visit.evaluate(f"document.activeElement === {STRIP}")
        visit.evaluate(pressed("ArrowRight"))
        first = visit.evaluate(TOLD)
        visit.evaluate(pressed("ArrowRight"))
        second = visit.evaluate(TOLD)
        visit.evaluate(pressed("ArrowLeft"))
        assert first.startswith("0x") and "of this process" in first
        assert second != first == visit.evaluate(TOLD)
