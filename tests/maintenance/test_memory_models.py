"""docs/memory-models.md shows what its commands print, and its drawing what they find."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from maintenance import memory_models
from maintenance.model_drawing import Model, draw

SVG = "{http://www.w3.org/2000/svg}"


WRITE = "python -m maintenance.memory_models --write puts what the lab makes now into page and drawing"
PAGE = memory_models.PAGE.read_text(encoding="utf-8")
DRAWING = memory_models.DRAWING.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_page_shows_what_its_commands_print(tmp_path: Path) -> None:
    assert memory_models.page_of(PAGE, memory_models.Runner(tmp_path)) == PAGE, WRITE


def test_the_drawing_shows_what_its_commands_find(tmp_path: Path) -> None:
    """Its numbers are those of three listings of the page."""
    runner = memory_models.Runner(tmp_path)
    runner.make(PAGE)
    assert memory_models.drawing(runner) == DRAWING, WRITE
    shown = re.findall(r">(0x[0-9a-f]+) at (0x[0-9a-f]+)<", DRAWING)
    assert len(shown) == 8 and all(f"entry {entry} at {place} " in PAGE for entry, place in shown)


def test_each_model_has_an_example_of_its_own() -> None:
    for words in ("long mode is flat", "flat model", "16-bit protected mode", "virtual-8086 mode", "real mode",
                  "beyond-limit", "not-present", "with A20 off"):  # fmt: skip
        assert words in PAGE


def test_the_drawing_keeps_to_its_boxes() -> None:
    """No text is wider than its box, and nothing runs or loads."""
    root = ET.fromstring(DRAWING)
    names = {each.tag.removeprefix(SVG) for each in root.iter()}
    assert names == {"svg", "style", "defs", "marker", "path", "rect", "text"}
    for text in root.iter(f"{SVG}text"):
        assert len(text.text or "") * 8 < 330, text.text


def test_texts_are_escaped() -> None:
    row = {"Step": "selector", "Value": "0x1", "State": "valid", "Note": ""}
    rows = [row, {**row, "Step": "linear", "Value": "0x10"}, {**row, "Step": "PDE", "Note": "entry 0x1 at 0x2"},
            {**row, "Step": "PTE", "Note": "entry 0x3 at 0x4"}, {**row, "Step": "physical", "Value": "<&>"},
            {**row, "Step": "fileoffset"}]  # fmt: skip
    ET.fromstring(draw([Model("<b>", "&", "1:0", rows, None, "\"'")]))


def test_a_page_that_shows_something_else_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ volplugins lab make -o a.dmp\nsomething else\n```\n", encoding="utf-8")
    runner = memory_models.Runner(tmp_path)
    assert memory_models.page_of(page.read_text(encoding="utf-8"), runner) == (
        "```console\n$ volplugins lab make -o a.dmp\na.dmp\n```\n"
    )
    with pytest.raises(RuntimeError, match="exit code"):
        runner.run("volplugins vol -q -f none.dmp windows.kd.segments")
