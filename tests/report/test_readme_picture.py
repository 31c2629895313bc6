"""The picture of the README: the page of a lab dump, as Chromium shows it.

``VOLPLUGINS_PICTURE=1 python -m pytest tests/report/test_readme_picture.py`` makes it again.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import struct
from pathlib import Path

from tests.report.browser import Browser
from tests.report.test_report_browser import SETTLE, visited
from volplugins.report import write_report

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "report.png"
WIDTH, HEIGHT = 1300, 900


def size(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG, from its first chunk."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR"
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def test_the_picture_is_of_our_own_page(browser: Browser, folder: Path, tmp_path: Path) -> None:
    place = shutil.copytree(folder, tmp_path / "results")
    summary = json.loads((place / "summary.json").read_text(encoding="utf-8"))
    summary["input"] |= {"path": "MEMORY.DMP", "modified": None}
    (place / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    with visited(browser, write_report(place), width=WIDTH) as visit:
        visit.evaluate(SETTLE)
        assert visit.complaints() == [] and "acmedrv" in visit.evaluate("document.body.innerText")
        assert str(tmp_path) not in visit.evaluate("document.getElementById('top').innerText")
        data = base64.b64decode(visit.call("Page.captureScreenshot", format="png")["data"])
    assert size(data) == (WIDTH, HEIGHT)
    if os.environ.get("VOLPLUGINS_PICTURE") == "1":
        PICTURE.write_bytes(data)


def test_the_readme_shows_it_on_its_first_screen() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(readme) if re.search(r"!\[[^\]]+\]\(docs/report\.png\)", text))
    data = PICTURE.read_bytes()
    assert line < 20 and size(data) == (WIDTH, HEIGHT) and 10_000 < len(data) < 500_000
