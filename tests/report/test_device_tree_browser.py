"""The device tree as a browser shows it: facts by the keyboard, branches that fold, all of it on paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.browser import Browser
from tests.report.made_devices import irp, made_devices, node
from tests.report.test_report_browser import SETTLE, runs_nothing, visited
from volplugins.report import write_report

HEIGHT = "document.querySelector('.tree-of-devices').getBoundingClientRect().height"
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
SEEN = "[...document.querySelectorAll('.tree-of-devices .path')].filter((one) => one.checkVisibility({contentVisibilityAuto: true})).length"  # noqa: E501
TOLD = "(() => {{ const one = document.querySelector('{}'); one.focus({{focusVisible: true}}); return [document.activeElement === one, getComputedStyle(one, '::after').content]; }})()"  # noqa: E501


@pytest.fixture(scope="module")
def great(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine of 241 nodes, of which one bus has something odd on it."""
    rows = node(0, "HTREE\\ROOT\\0", "pnp")
    for bus in range(60):
        rows += node(1, f"PCI\\VEN_8086&DEV_{bus:04}&SUBSYS_00000000&REV_02\\3&267A616A&0&{bus}", "pci", "acpi")
        for number in range(3):
            drivers = ("acme@0x1", "usbhub") if (bus, number) == (7, 1) else ("disk", "usbhub")
            rows += node(2, f"USB\\VID_1209&PID_{number:04}\\{'0012A4F39B77' * 5}", *drivers)
    irps = [irp(each, "0x1", 30.0 * each, File="\\" + "long name " * 20) for each in range(20)]
    return write_report(made_devices(tmp_path_factory.mktemp("great"), rows, irps))


@pytest.mark.parametrize("how", [{"width": 1300}, {"width": 420}, {"dark": True}, {"media": "print", "width": 720}],
                         ids=str)  # fmt: skip
def test_it_fits(browser: Browser, great: Path, how: dict[str, object]) -> None:
    with visited(browser, great, **how) as visit:
        assert visit.complaints() == [] and visit.evaluate(FITS)
        assert visit.evaluate(TOLD.format(".pile .token"))[0] and visit.evaluate(FITS), "with the facts shown too"


def test_what_is_quiet_is_folded_and_paper_shows_all(browser: Browser, great: Path) -> None:
    with visited(browser, great) as visit:
        assert visit.evaluate(SEEN) == 1 + 60 + 3, "one bus is unfolded"
        folded = visit.evaluate(HEIGHT)
        visit.evaluate("document.querySelector('.branch .branch summary').click()")
        visit.evaluate(SETTLE)
        assert visit.evaluate(SEEN) == 1 + 60 + 6
    with visited(browser, great, media="print") as paper:
        assert paper.evaluate(SEEN) == 1 + 60 * 4 and paper.evaluate(HEIGHT) > 2 * folded
        summaries = "[...document.querySelectorAll('.branch > summary')].filter((one) => one.checkVisibility()).length"
        assert paper.evaluate(summaries) == 0


def test_a_browser_that_cannot_unfold_by_style_does_it_before_it_prints(browser: Browser, great: Path) -> None:
    closed = "document.querySelectorAll('.branch:not([open])').length"
    with visited(browser, great) as visit:
        before = visit.evaluate(closed)
        visit.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert before == 59 and visit.evaluate(closed) == 0
        visit.evaluate("dispatchEvent(new Event('afterprint'))")
        assert visit.evaluate(closed) == before


@pytest.mark.parametrize("part", [".pile .token", ".pile .layer.foreign"])
def test_the_keyboard_shows_the_facts(browser: Browser, great: Path, part: str) -> None:
    with visited(browser, great) as visit:
        reached, told = visit.evaluate(TOLD.format(part))
        assert reached and "a driver of Acme" in told
        title = visit.evaluate(f"document.querySelector('{part}').title")
        assert title and title == visit.evaluate(f"document.querySelector('{part}').getAttribute('aria-label')")


def test_age_decides_the_colour(browser: Browser, great: Path) -> None:
    shades = (
        "[...document.querySelectorAll('.pile .foreign .token')].map((one) => getComputedStyle(one).backgroundColor)"
    )
    with visited(browser, great) as visit:
        found = visit.evaluate(shades)
        assert found[-1] == "rgb(179, 38, 30)" and len(set(found)) == 3, "0 s, 30 s, 60 s and more"


def test_attacks_in_the_tree_run_nothing(browser: Browser, tmp_path: Path) -> None:
    text = "</style><script>document.title='RUN'</script>\"' onfocus=document.title='RUN' x='"
    rows = [*node(0, f"{text}\\{text}", f"{text}@0x1", Problem=text, Note=text)]
    told = dict.fromkeys(("Process", "Major", "Driver", "File", "Note"), text)
    page = write_report(made_devices(tmp_path, rows, [irp(1, "0x1", 99.0, **told)]))
    with visited(browser, page) as visit:
        visit.evaluate("document.querySelectorAll('[tabindex]').forEach((one) => one.focus())")
        assert visit.evaluate("document.title") != "RUN"
    runs_nothing(browser, page)
