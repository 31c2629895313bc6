"""Dumps of the lab, and triage of them in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from volatility3.framework import constants

from volplugins.triage import TriageOptions, TriageResult, run_triage
from volplugins.vol.symbols.symbol_path import add_own_symbols

jsonschema = pytest.importorskip("jsonschema")

SCHEMAS = Path(__file__).parents[2] / "docs" / "schema"


@pytest.fixture(scope="session", autouse=True)
def own_tables(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The checkout's own symbol tables, whatever the user's cache points to."""
    constants.CACHE_PATH = str(tmp_path_factory.mktemp("cache"))
    add_own_symbols()


def silent(text: str, percent: float) -> None:
    """Progress that nobody looks at."""


def checked(result: TriageResult) -> dict[str, Any]:
    """The summary, held to its schema; that in the folder is the same, and some rows of each file hold to theirs."""
    summary = result.summary
    validator("triage").validate(json.loads(json.dumps(summary, allow_nan=False)))
    assert result.faults == summary["faults"] == len(summary["fault_texts"])
    if result.folder is not None:
        assert json.loads((result.folder / "summary.json").read_text()) == summary
        rows = validator("rows")
        for section in summary["sections"]:
            lines = (result.folder / section["file"]).read_text(encoding="utf-8").splitlines()
            assert len([line for line in lines if '"row": {' in line]) == section["rows"]
            for line in (*lines[:10], *lines[-2:]):
                rows.validate(json.loads(line))
        assert not list(result.folder.rglob("*.part"))
    return summary


def validator(name: str) -> Any:
    """By the published schema."""
    return jsonschema.Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text()))


@pytest.fixture
def triage(tmp_path: Path) -> Callable[..., TriageResult]:
    """``triage(dump, **options)`` into a folder of the test's own."""

    def run(dump: Path, **options: Any) -> TriageResult:
        return run_triage(dump, tmp_path / "out", TriageOptions(**options), silent)

    return run
