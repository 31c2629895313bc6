"""Lines that the JSON lines renderer wrote, each held against the published schema."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

jsonschema = pytest.importorskip("jsonschema")

from volatility3.cli import text_filter  # noqa: E402
from volatility3.framework import renderers  # noqa: E402

from volplugins.vol.output.json_lines import JsonLinesRenderer  # noqa: E402

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "schema" / "rows.schema.json").read_text()))
Row = tuple[int, tuple[Any, ...]]


def lines_of(
    columns: list[tuple[str, Any]], rows: Iterable[Row], monkeypatch: pytest.MonkeyPatch, **attributes: Any
) -> list[dict[str, Any]]:
    """What the renderer wrote, each line checked against the schema."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    renderer = JsonLinesRenderer()
    for name, value in attributes.items():
        setattr(renderer, name, value)
    grid = renderers.TreeGrid(columns, iter(rows))
    if attributes.get("filters"):
        renderer.filter = text_filter.CLIFilter(grid, attributes["filters"])
    renderer.render(grid)
    return parsed(out.getvalue())


def parsed(text: str) -> list[dict[str, Any]]:
    assert text.isascii() and (not text or text.endswith("}\n"))
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        VALIDATOR.validate(line)
    return lines
