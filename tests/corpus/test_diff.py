"""``volplugins diff``: against what the lab changed between two machines; hostile results; the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from volatility3.framework import constants

from tests.report.browser import Browser
from tests.report.hostile import ATTACKS, RUN
from tests.report.page_parser import PageParser
from tests.report.test_report_browser import visited
from tests.triage.conftest import silent
from volplugins.cli.main import main
from volplugins.lab.damage.user import with_user_defect
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.triage import TriageOptions, run_triage


def triaged(folder: Path, name: str, snapshot: Any, kind: str = "full") -> Path:
    dump = write(snapshot, kind, folder / f"{name}.dmp")
    run_triage(dump, folder / name, TriageOptions(hash=False), silent)
    return folder / name


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of results: one machine twice, another computer, and a damaged one."""
    folder = tmp_path_factory.mktemp("results")
    constants.CACHE_PATH = str(tmp_path_factory.mktemp("cache"))
    triaged(folder, "before", build("win10-x64"))
    triaged(folder, "after", build("win10-x64", "notmyfault"))
    triaged(folder, "other", build("win10-x64", base=1, host=1))
    triaged(folder, "older", build("win7-x64"))
    triaged(folder, "odd", with_user_defect(build("win10-x64"), "module-in-no-list"))
    return folder


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, Any]:
    assert main(["diff", *words, "--json"]) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["schema"] == "volplugins.diff/1"
    return found | {each["name"]: each for each in found["sections"]}


def changes(section: dict[str, Any], change: str) -> list[str]:
    return [each["what"] for each in section["changes"] if each["change"] == change]


def test_one_machine_before_and_after(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, str(results / "before"), str(results / "after"))
    assert found["same"] == {"computer": True, "boot": True, "failure": False}
    assert changes(found["modules"], "came") == ["myfault.sys"] and not changes(found["modules"], "went")
    assert changes(found["drivers"], "came") == ["\\Driver\\MYFAULT"]
    assert changes(found["processes"], "came") == ["notmyfault64.e 1956"] and not changes(found["processes"], "changed")
    signature = next(each for each in found["bugcheck"]["changes"] if each["what"] == "signature")
    assert signature["before"]["value"].startswith("0xd1_acmedrv") and "myfault" in signature["after"]["value"]
    assert changes(found["stack"], "came")[0].startswith("myfault+0x") and found["stack"]["same"] >= 4


def test_what_came_went_when_the_order_is_turned(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = told(capsys, str(results / "before"), str(results / "after"))
    two = told(capsys, str(results / "after"), str(results / "before"))
    for here, there in zip(one["sections"], two["sections"], strict=True):
        assert (here["came"], here["went"], here["same"]) == (there["went"], there["came"], there["same"])
        assert changes(here, "came") == changes(there, "went")


def test_a_dump_and_itself(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, str(results / "before"), str(results / "before"))
    assert found["same"] == {"computer": True, "boot": True, "failure": True} and found["notes"] == []
    assert not [each for section in found["sections"] for each in section["changes"]]
    assert all(section["same"] for section in found["sections"])


def test_two_computers_with_one_failure(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Addresses, ids and times are others in each, and none of that is told as a difference of things."""
    found = told(capsys, str(results / "before"), str(results / "other"))
    assert found["same"] == {"computer": False, "boot": False, "failure": True}
    assert not found["modules"]["changes"] and found["modules"]["same"] > 10
    assert not found["stack"]["changes"] and not found["drivers"]["changes"]
    assert "lsass.exe" not in changes(found["processes"], "came") + changes(found["processes"], "went")
    assert found["processes"]["matched_by"] == "name and command line" and found["processes"]["same"] > 5


def test_versions_that_changed(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, str(results / "older"), str(results / "before"))
    (kernel,) = (each for each in found["modules"]["changes"] if each["what"] == "ntoskrnl.exe")
    assert kernel["change"] == "changed" and kernel["before"]["version"].startswith("6.1.7601")
    assert kernel["after"]["version"].startswith("10.0.19041") and "path" not in kernel["after"]
    build_of = next(each for each in found["bugcheck"]["changes"] if each["what"] == "build")
    assert (build_of["before"], build_of["after"]) == ({"value": "7601"}, {"value": "19041"})


def test_findings_that_came(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, str(results / "before"), str(results / "odd"))
    came = [each for each in found["findings"]["changes"] if each["change"] == "came"]
    assert [each["what"].split()[0] for each in came] == ["module-not-listed"]
    assert came[0]["after"]["severity"] == "odd" and "windows.kd.lm" in came[0]["after"]["next"]


def test_dumps_themselves(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    words = [str(results / "before.dmp"), str(results / "after"), "-q", "--html", str(page)]
    assert main(["diff", *words]) == 0
    assert capsys.readouterr().out == "" and "myfault.sys" in page.read_text()
    assert main(["diff", *words[:3], "--html", str(results / "page.html")]) == 2
    assert "nothing is written beside a dump" in capsys.readouterr().err and not (results / "page.html").exists()


def test_what_cannot_be_compared(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("no dump")
    for bad in ("empty", "text", "none"):
        assert main(["diff", str(results / "before"), str(tmp_path / bad), "-q"]) == 3
    printed = capsys.readouterr()
    assert printed.out == "" and len(printed.err.splitlines()) == 3


def evil(folder: Path, attacks: Iterator[str]) -> Path:
    """Results in which every text is an attack."""
    (folder / "rows").mkdir(parents=True)

    def text() -> str:
        return next(attacks)

    crash = {name: text() for name in ("bugcheck_code", "signature", "image", "symbol", "faulting_ip")}
    findings = [{"kind": text(), "process": text(), "evidence": text(), "pid": {"a": 1}} for _ in range(3)]
    summary = {"crash": crash, "system": {"build": text()}, "stack": [{"symbol": text()}, 7], "findings": findings}
    (folder / "summary.json").write_text(json.dumps(summary))
    rows = {
        "kernel-modules": {"Module": text(), "Path": text(), "Start": "0x1", "Version": text()},
        "process": {"PID": 1 << 80, "Name": text(), "CreateTime": text()},
        "devices": {"DeviceNode": "0x1", "Instance": text(), "Service": text()},
        "drivers": {"Kind": "driver", "Driver": text(), "Module": text()},
        "peb": {"Section": "environment", "Field": "COMPUTERNAME", "Value": text(), "PID": [1]},
    }
    for name, row in rows.items():
        line = json.dumps({"plugin": "x", "id": 0, "row": row})
        (folder / "rows" / f"{name}.jsonl").write_text(f"{line}\n{{\n[1]\n{line}\n")
    return folder


def test_hostile_results_stay_text(
    browser: Browser, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    attacks = iter(ATTACKS * 10)
    one, two = evil(tmp_path / "one", attacks), evil(tmp_path / "two", attacks)
    page = tmp_path / "page" / "diff.html"
    page.parent.mkdir()
    assert main(["diff", str(one), str(two), "--html", str(page)]) == 0
    assert all(line.isprintable() for line in capsys.readouterr().out.splitlines())
    parsed = PageParser(page)
    assert parsed.names().count("script") == 2 and "img" not in parsed.names() and "svg" not in parsed.names()
    assert RUN in page.read_text()
    with visited(browser, page) as visit:
        assert visit.evaluate("document.title") == "Two dumps compared" and visit.complaints() == []
    told(capsys, str(one), str(results / "before"))


@pytest.mark.parametrize(
    "how", [{"width": 420}, {"width": 1300}, {"width": 2200, "dark": True}, {"media": "print", "width": 720}], ids=str
)
def test_the_page(browser: Browser, results: Path, tmp_path: Path, how: dict[str, Any]) -> None:
    page = tmp_path / "diff.html"
    assert main(["diff", str(results / "before"), str(results / "after"), "--html", str(page), "-q"]) == 0
    with visited(browser, page, **how) as visit:
        assert visit.complaints() == []
        assert visit.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        rows = "[...document.querySelectorAll('[data-diff=modules] tbody tr')].map((row) => row.textContent)"
        (row,) = visit.evaluate(rows)
        assert row.startswith("camemyfault.sys")
        assert "Nothing differs." in visit.evaluate("document.getElementById('services').textContent")
