"""Pages as a browser shows them: nothing on the console, nothing of the dump runs, tables and graphs work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.report.browser import Browser, Visit
from tests.report.hostile import ATTACKS
from tests.report.made_corpus import made_corpus, made_dump
from volplugins.report import write_index, write_report

OPEN_ALL = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
SETTLE = "new Promise((done) => setTimeout(done, 300))"


@contextmanager
def visited(browser: Browser, page: Path, **how: object) -> Iterator[Visit]:
    visit = browser.visit(page, **how)  # type: ignore[arg-type]
    try:
        yield visit
    finally:
        visit.close()


def opened(visit: Visit) -> None:
    """Everything that can be opened is: processes, then what lies within them."""
    for _ in range(3):
        visit.evaluate(OPEN_ALL)
        visit.evaluate(SETTLE)


@pytest.mark.parametrize("how", [{}, {"dark": True}, {"width": 390}, {"media": "print", "width": 720}], ids=str)
def test_a_dumps_page_is_silent_and_fits(browser: Browser, folder: Path, how: dict[str, object]) -> None:
    with visited(browser, write_report(folder), **how) as visit:
        opened(visit)
        assert visit.complaints() == []
        width = visit.evaluate("document.documentElement.clientWidth")
        assert visit.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
        assert visit.evaluate("document.querySelectorAll('.process .strip div').length") > 100
        assert visit.evaluate("document.querySelectorAll('.process .tree div').length") > 50
        assert visit.evaluate("document.querySelectorAll('#all-threads .flame div').length") > 10


def test_the_page_follows_the_scheme(browser: Browser, folder: Path) -> None:
    shade = "getComputedStyle(document.body).backgroundColor"
    page = write_report(folder)
    with visited(browser, page) as light, visited(browser, page, dark=True) as dark:
        assert light.evaluate(shade) == "rgb(255, 255, 255)" != dark.evaluate(shade)
    with visited(browser, page, dark=True, media="print") as paper:
        assert paper.evaluate(shade) == "rgb(255, 255, 255)"


def test_tables_sort_and_filter(browser: Browser, folder: Path) -> None:
    rows = "[...document.querySelectorAll('[data-grid=processes] tbody tr')]"
    pids = f"{rows}.map((row) => Number(row.cells[0].textContent))"
    head = "document.querySelector('[data-grid=processes] th button').click()"
    with visited(browser, write_report(folder)) as visit:
        visit.evaluate(head)
        rising = visit.evaluate(pids)
        visit.evaluate(head)
        assert len(rising) > 5 and rising == sorted(rising) and visit.evaluate(pids) == rising[::-1]
        visit.evaluate(
            "(() => { const box = document.querySelector('[data-grid=processes] input'); box.value = 'LEGACY32';"
            "box.dispatchEvent(new Event('input')); })()"
        )
        assert visit.evaluate(
            "document.querySelector('[data-grid=processes] tbody').textContent.includes('legacy32.exe')"
        )
        assert len(visit.evaluate(pids)) == 1


def test_a_region_tells_what_it_is(browser: Browser, folder: Path) -> None:
    with visited(browser, write_report(folder)) as visit:
        assert visit.evaluate("document.querySelector('.process').open"), "the crashing process is open"
        visit.evaluate(SETTLE)
        over = "dispatchEvent(new PointerEvent('pointerover', {bubbles: true}))"
        visit.evaluate(f"document.querySelector('.process .tree div').{over}")
        told = visit.evaluate("document.querySelector('.process .told').textContent")
        assert re.search(r"0x[0-9a-f]{16} to 0x[0-9a-f]{16} · .*MEM_COMMIT · PAGE_\w+.* · committed ", told)


@pytest.mark.parametrize("guarded", [True, False], ids=["with its policy", "without its policy"])
def test_hostile_text_runs_nothing(browser: Browser, hostile: Path, tmp_path: Path, guarded: bool) -> None:
    """Escaping alone holds: the page's policy is a second wall, taken away here to look behind it."""
    page = write_report(hostile)
    assert page.stat().st_size < 4_000_000
    if not guarded:
        text = page.read_text(encoding="utf-8")
        bare = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
        assert bare != text
        page = tmp_path / "bare.html"
        page.write_text(bare, encoding="utf-8")
    runs_nothing(browser, page)


@pytest.mark.parametrize("guarded", [True, False], ids=["with its policy", "without its policy"])
def test_a_dump_full_of_attacks_runs_nothing(browser: Browser, hostile_triage: Path, guarded: bool) -> None:
    """From the dump's bytes to the page, nothing put in by hand on the way."""
    page = hostile_triage / "report.html"
    if not guarded:
        text = page.read_text(encoding="utf-8")
        page = hostile_triage / "bare.html"
        page.write_text(re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text), encoding="utf-8")
    runs_nothing(browser, page)


def runs_nothing(browser: Browser, page: Path) -> None:
    """Whatever is opened, clicked and pointed at, the page stays what it is, and shows markup as text."""
    with visited(browser, page) as visit:
        title = visit.evaluate("document.title")
        opened(visit)
        visit.evaluate("document.querySelectorAll('main *, header *').forEach((one) => one.click?.())")
        visit.evaluate("document.querySelectorAll('*').forEach((one) => one.dispatchEvent(new Event('mouseover')))")
        visit.evaluate(SETTLE)
        assert visit.complaints() == []
        assert visit.evaluate("document.title") == title != "RUN"
        assert visit.evaluate("document.querySelectorAll('script').length") == 2
        assert (
            visit.evaluate("document.querySelectorAll('img, iframe, [onload], [onerror], [onmouseover]').length") == 0
        )
        assert "<script>document.ti" in visit.evaluate("document.body.innerText")


def test_the_index_leads_to_the_pages(browser: Browser, tmp_path: Path) -> None:
    attacks = [made_dump(100 + at, path=text, signature=text, culprit=text, computer=text, folder=text, reason=text)
               for at, text in enumerate(one for one in ATTACKS if "\ud800" not in one)]  # fmt: skip
    corpus = made_corpus(tmp_path, [*(made_dump(number) for number in range(40)), *attacks])
    rows = "document.querySelectorAll('#dump-grid tbody tr').length"
    for width in (1400, 390):
        with visited(browser, write_index(corpus), width=width) as visit:
            title = visit.evaluate("document.title")
            every = visit.evaluate(rows)
            visit.evaluate("document.querySelector('#group-grid tbody tr').click()")
            chosen = visit.evaluate("document.querySelector('#group-grid tbody td.number').textContent")
            assert visit.evaluate(rows) == int(chosen) < every
            hrefs = visit.evaluate(
                "[...document.querySelectorAll('#dump-grid a')].map((one) => one.getAttribute('href'))"
            )
            assert hrefs and all(re.fullmatch(r"\./dumps/[0-9a-f]{16}/report\.html", href) for href in hrefs)
            visit.evaluate("document.querySelectorAll('tr').forEach((one) => one.click())")
            assert visit.evaluate("document.title") == title != "RUN" and visit.complaints() == []
            assert visit.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_policy_stops_what_is_not_the_pages(browser: Browser, folder: Path, tmp_path: Path) -> None:
    """The marker works, and the second wall does too: code put into the page's text does not run."""
    text = write_report(folder).read_text(encoding="utf-8")
    attack = text.replace("<main>", "<main><script>document.title='RUN'</script>", 1)
    (tmp_path / "walled.html").write_text(attack, encoding="utf-8")
    open_page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", attack)
    (tmp_path / "open.html").write_text(open_page, encoding="utf-8")
    with visited(browser, tmp_path / "walled.html") as visit:
        assert visit.evaluate("document.title") != "RUN" and visit.complaints()
    with visited(browser, tmp_path / "open.html") as visit:
        assert visit.evaluate("document.title") == "RUN"
