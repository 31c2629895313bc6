"""The picture of waits as a browser shows it: it fits, the keyboard opens stacks, paper shows every branch."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.browser import Browser
from tests.report.made_waits import held, made_waits, stack, waits
from tests.report.test_report_browser import SETTLE, runs_nothing, visited
from volplugins.report import write_report

FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
SEEN = "[...document.querySelectorAll('#waits .thread')].filter((one) => one.checkVisibility({contentVisibilityAuto: true})).length"  # noqa: E501
FRAMES = "[...document.querySelectorAll('#waits .group li')].map((one) => one.textContent)"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deadlock, a chain to a driver, and 120 threads that wait for one, through branches."""
    rows = [waits(1, 2, "deadlock", ObjectName="\\BaseNamedObjects\\" + "long" * 25), waits(2, 1, "deadlock")]
    rows += [*(waits(each, each + 1) for each in range(10, 21)), held(21)]
    rows += [waits(each, 50 + each % 7) for each in range(60, 180)] + [waits(each, 49) for each in range(50, 57)]
    stacks = [*stack(4, "nt!KiSwapContext", "acme!Wait+0x10"), *stack(84, "nt!Io")]
    return write_report(made_waits(tmp_path_factory.mktemp("waits"), rows, stacks))


@pytest.mark.parametrize("how", [{"width": 1300}, {"width": 420}, {"dark": True}, {"media": "print", "width": 720}],
                         ids=str)  # fmt: skip
def test_it_fits(browser: Browser, page: Path, how: dict[str, object]) -> None:
    with visited(browser, page, **how) as visit:
        assert visit.complaints() == [] and visit.evaluate(FITS)


def test_a_thread_opens_its_stack_and_closes_it(browser: Browser, page: Path) -> None:
    with visited(browser, page) as visit:
        visit.evaluate("document.querySelector('.ring .thread').focus()")
        visit.call(
            "Input.dispatchKeyEvent", type="keyDown", key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r"
        )
        visit.call("Input.dispatchKeyEvent", type="keyUp", key="Enter", code="Enter", windowsVirtualKeyCode=13)
        visit.evaluate(SETTLE)
        assert visit.evaluate(FRAMES) == ["nt!KiSwapContext", "acme!Wait+0x10"]
        assert visit.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
        visit.evaluate("document.activeElement.click()")
        assert visit.evaluate(FRAMES) == []


def test_a_thread_whose_stack_the_page_lacks_opens_nothing(browser: Browser, page: Path) -> None:
    with visited(browser, page) as visit:
        assert visit.evaluate("document.querySelectorAll('#waits .thread:not(:disabled)').length") == 2


def test_paper_shows_every_branch(browser: Browser, page: Path) -> None:
    with visited(browser, page) as visit:
        visit.evaluate("document.querySelectorAll('#waits .branch').forEach((one) => { one.open = false; })")
        folded = visit.evaluate(SEEN)
    with visited(browser, page, media="print") as paper:
        paper.evaluate("document.querySelectorAll('#waits .branch').forEach((one) => { one.open = false; })")
        assert paper.evaluate(SEEN) == 2 + 12 + 128 > folded


def test_attacks_in_waits_run_nothing(browser: Browser, tmp_path: Path) -> None:
    text = "</style><script>document.title='RUN'</script>\"' onfocus=document.title='RUN' x='"
    rows = [waits(1, 2, "deadlock", Process=text, ObjectName=text, Note=text), waits(2, 1, "deadlock", TID=text)]
    runs_nothing(browser, write_report(made_waits(tmp_path, rows, stack(4, text))))
