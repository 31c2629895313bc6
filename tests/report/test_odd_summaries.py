"""A summary.json whose members are of other kinds than the contract says ends nothing that reads it with a fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from volplugins.batch.digest import digest
from volplugins.corpus.diff import difference
from volplugins.corpus.diff_output import as_object, screen_lines, write_page
from volplugins.corpus.result_folder import ResultFolder
from volplugins.report import write_report
from volplugins.report.told_findings import finding_lines

KINDS: dict[str, Any] = {
    "null": None, "truth": True, "number": 1 << 70, "decimal": -1.5, "text": "\ud800\x1b</script>", "empty": "",
    "list": [1, {"a": [None]}, "x"], "object": {"a": {"b": 1}}, "time": "9999-12-31T23:59:59+00:00", "none": [],
}  # fmt: skip
THIRDS = 3
Steps = tuple[str | int, ...]


@pytest.fixture(scope="module")
def summary(folder: Path) -> dict[str, Any]:
    """That of a dump with findings of every kind of severity, and symbols that are missing."""
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    one = {"kind": "k", "severity": "odd", "pid": 4, "tid": 8, "process": "System", "evidence": "e", "next": "n"}
    found["findings"] = [one, one | {"severity": "suspicious"}, one | {"severity": "info"}]
    found["symbols"]["missing"] = [{"pdb": "a.pdb", "guid": "1", "age": 1, "path": "a/b"}]
    return found


def places(value: Any, at: Steps = ()) -> Iterator[Steps]:
    """Every member, and the first three entries of every list."""
    if at:
        yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value[:3]) if isinstance(value, list) else ()
    for name, one in inner:
        yield from places(one, (*at, name))


def put(root: Any, at: Steps, value: Any) -> None:
    """Put the value there; what holds it may be of another kind already."""
    with suppress(KeyError, IndexError, TypeError):
        for step in at[:-1]:
            root = root[step]
        root[at[-1]] = value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("depth", range(1, 5))
def test_members_of_another_kind(tmp_path: Path, folder: Path, summary: dict[str, Any], kind: str, depth: int) -> None:
    """A third of the members of one depth at a time: a fault of one hides no other for long."""
    whole = ResultFolder(folder)
    (tmp_path / "odd" / "rows").mkdir(parents=True)
    among = [at for at in places(summary) if len(at) == depth]
    assert len(among) >= THIRDS
    for first in range(THIRDS):
        odd = json.loads(json.dumps(summary))
        for at in among[first::THIRDS]:
            put(odd, at, KINDS[kind])
        (tmp_path / "odd" / "summary.json").write_text(json.dumps(odd))
        write_report(tmp_path / "odd")
        digest(tmp_path / "odd")
        found = difference(ResultFolder(tmp_path / "odd"), whole)
        assert all(line.isprintable() for line in screen_lines(found))
        json.dumps(as_object(found), allow_nan=False)
        write_page(found, tmp_path / "diff.html")
        list(finding_lines(ResultFolder(tmp_path / "odd").findings()))


@pytest.mark.parametrize("kind", KINDS)
def test_one_member_of_another_kind(tmp_path: Path, summary: dict[str, Any], kind: str) -> None:
    """Those that a page chooses by, one after the other."""
    (tmp_path / "rows").mkdir()
    chosen = (
        ("findings", 0, "severity"), ("findings", 0, "pid"), ("findings", 0, "kind"), ("symbols", "missing"),
        ("symbols", "kernel"), ("command_line",), ("sections", 0, "options"), ("crash", "confidence"),
    )  # fmt: skip
    for at in chosen:
        odd = json.loads(json.dumps(summary))
        put(odd, at, KINDS[kind])
        (tmp_path / "summary.json").write_text(json.dumps(odd))
        write_report(tmp_path)
