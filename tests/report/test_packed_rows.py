"""Ranges and modules are held once for all processes, and come back as they were: in Python, and in a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.report.browser import Browser
from tests.report.page_parser import PageParser, unpacked
from volplugins.report import write_report
from volplugins.report.grids import Budget
from volplugins.report.packed_rows import DifferentRows, PackedRanges, Words
from volplugins.report.process_details import REGION_COLUMNS

# Start, End, Size: neighbours, a gap, an end that is not Start and Size, 32-bit addresses, sizes beyond 2**53, nonsense
RANGES: list[tuple[Any, Any, int]] = [
    ("0x0000000000010000", "0x0000000000020000", 0x10000), ("0x0000000000020000", "0x0000000000021000", 0x1000),
    ("0x00007ff000000000", "0x00007ff000001000", 0x1000), ("0x00007ff000001000", "0x00007ff000009000", 0x1000),
    ("0x00007ff000009000", "0x00807ff000009000", 1 << 55), ("0x00010000", "0x00011000", 0x1000),
    ("0x00011000", None, 0x1000), ("0x1_0", "0x11", 1), ("<b>", "", 7), (5, 6, 1), ("0x00011000", "0x00012000", 0x1000),
]  # fmt: skip


def rows(pid: int) -> list[dict[str, Any]]:
    return [
        {"PID": pid, "Process": "p.exe", "Start": start, "End": end, "Size": size, "Usage": "Heap", "Commit": 4096,
         "Resident": None, "Detail": f"heap {number % 2}"}
        for number, (start, end, size) in enumerate(RANGES)
    ]  # fmt: skip


@pytest.fixture
def packed_page(tmp_path: Path) -> Path:
    (tmp_path / "rows").mkdir()
    lines = [json.dumps({"row": row}) for pid in (4, 8) for row in rows(pid)]
    (tmp_path / "rows" / "address.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "summary.json").write_text("{}", encoding="utf-8")
    return write_report(tmp_path)


def test_ranges_come_back(packed_page: Path) -> None:
    data = PageParser(packed_page).data
    assert len(data["processes"]) == 2
    for process in data["processes"]:
        assert [cells[:2] for cells in unpacked(data, "regions", process)] == [[one[0], one[1]] for one in RANGES]
        assert process["regions"]["committed"] == 4096 * len(RANGES) and process["regions"]["apart"][0][0] == 0
        assert not {1, 4} & {place for place, *_ in process["regions"]["apart"]}, "these follow from the one before"
    shapes = {(size, number % 2) for number, (_, _, size) in enumerate(RANGES)}
    assert len(data["packed"]["regions"]) == len(shapes), "each different row once, for both processes"


def test_the_browser_unpacks_the_same(browser: Browser, packed_page: Path) -> None:
    shown = (
        "(() => { const process = document.querySelectorAll('.process')[1]; process.open = true;"
        "return new Promise((done) => setTimeout(() => { process.querySelector('details').open = true;"
        "setTimeout(() => done([...process.querySelectorAll('tbody tr')].map((row) => [...row.cells].slice(0, 2)"
        ".map((one) => one.textContent))), 200); }, 200)); })()"
    )
    visit = browser.visit(packed_page)
    try:
        assert visit.evaluate(shown) == [[str(start), str(end or "")] for start, end, _ in RANGES]
        assert visit.complaints() == []
    finally:
        visit.close()


def test_what_has_no_room_is_left_out() -> None:
    budget = Budget(60)
    different = DifferentRows(REGION_COLUMNS[2:], Words(), budget)
    first = {"Size": 1}
    assert different.number(first) is None and not different.rows, "eleven cells take more"
    few = DifferentRows(("Usage", "Type"), Words(), budget)
    assert [few.number({"Usage": "Heap"}) for _ in range(3)] == [0, 0, 0]
    assert few.number({"Usage": "x" * 60}) is None and few.number({"Usage": "Heap"}) == 0
    ranges = PackedRanges()
    assert not ranges.add(0, {"Start": "0x" + "0" * 50, "End": "", "Size": 1}, budget) and not ranges.rows
