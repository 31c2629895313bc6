"""docs/memory-models.md shows what its commands print, and its drawing what they find."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from maintenance import memory_models
from maintenance.model_drawing import Model, draw

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def made() -> tuple[str, str]:
    """Page and drawing, made anew."""
    return memory_models.made()


def test_the_page_shows_what_its_commands_print(made: tuple[str, str]) -> None:
    assert made[0] == memory_models.PAGE.read_text(encoding="utf-8")


def test_the_drawing_is_the_one_that_is_made(made: tuple[str, str]) -> None:
    assert made[1] == memory_models.DRAWING.read_text(encoding="utf-8")


def test_each_model_has_an_example_of_its_own(made: tuple[str, str]) -> None:
    for words in ("long mode is flat", "flat model", "16-bit protected mode", "virtual-8086 mode", "real mode",
                  "beyond-limit", "not-present", "with A20 off"):  # fmt: skip
        assert words in made[0]


def test_the_drawing_keeps_to_its_boxes(made: tuple[str, str]) -> None:
    """No text is wider than its box, and nothing runs or loads."""
    root = ET.fromstring(made[1])
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
