"""docs/python.md: every recipe runs as it is written, and prints what the page says it prints."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

import volplugins

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```python\n(.+?)```\n(?:```\n(.*?)```\n)?", re.S)
RECIPES = [(match[1], match[2]) for match in BLOCK.finditer(PAGE)]
NAMES = re.findall(r"^### (.+)$", PAGE, re.M)


def test_there_are_ten_and_the_example_at_the_top() -> None:
    assert len(NAMES) == 10 and len(RECIPES) == 11


@pytest.mark.parametrize(("code", "said"), RECIPES, ids=["the example at the top", *NAMES])
def test_recipe(code: str, said: str | None, dumps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "to_pandas" in code:
        pytest.importorskip("pandas")
    monkeypatch.chdir(dumps)
    out = io.StringIO()
    with redirect_stdout(out):
        exec(compile(code, "docs/python.md", "exec"), {})
    assert out.getvalue().strip(), "a recipe that says nothing shows nothing"
    if said is not None:
        assert out.getvalue() == said


def test_what_is_public_is_on_the_page() -> None:
    words = set(re.findall(r"\w+", PAGE))
    assert set(volplugins.__all__) - {"__version__", "Culprit"} <= words


def test_what_the_page_says_of_a_target_is_there_and_nothing_else() -> None:
    table = PAGE.split("| of an open target | gives |")[1].split("\n\n")[0]
    named = set(re.findall(r"^\| `(\w+)", table, re.M))
    public = {name for name in vars(volplugins.OpenTarget) if not name.startswith("_")}
    assert public - {"close"} == named
