"""Whether two results are of one machine and of one run of it: what is not known is not claimed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from volplugins.corpus.diff import difference
from volplugins.corpus.diff_output import as_object, screen_lines
from volplugins.corpus.result_folder import ResultFolder

KNOWN = {
    "machine": "x64", "build": "19041", "system_time": "2021-03-05T14:11:02+00:00",
    "system_uptime": "0 days 01:00:00.000000",
}  # fmt: skip


def results(folder: Path, name: str = "", **more: Any) -> ResultFolder:
    (folder / "rows").mkdir(parents=True)
    (folder / "summary.json").write_text(json.dumps({"system": KNOWN | more}))
    row = {"PID": 4, "Section": "environment", "Field": "COMPUTERNAME", "Value": name}
    (folder / "rows" / "peb.jsonl").write_text(json.dumps({"row": row}) + "\n" if name else "")
    return ResultFolder(folder)


LATER = {"system_time": "2021-03-05T15:11:02+00:00", "system_uptime": "0 days 02:00:00.000000"}


@pytest.mark.parametrize(
    ("one", "two", "computer", "boot", "words"),
    [
        ({"name": "A"}, {"name": "A", **LATER}, True, True, "of one run of one machine"),
        ({"name": "A"}, {"name": "B"}, False, False, "of two machines"),
        ({}, {}, None, None, "of one machine or of two, booted at the same time"),
        ({"name": "A"}, {}, None, None, "of one machine or of two, booted at the same time"),
        ({"name": "machine-1"}, {"name": "machine-1"}, None, None, "at least one is not known by name"),
        ({}, {"build": "22000"}, None, False, "of machines of which at least one is not known"),
        ({"name": "A"}, {"name": "A", "build": "22000"}, True, False, "of one machine;"),
        ({"name": "A"}, {"name": "A", "system_uptime": "0 days 00:10:00.0"}, True, False, "of one machine;"),
        ({}, {"system_time": None}, None, False, "of machines of which at least one is not known"),
    ],
)
def test_one_machine_or_two(
    tmp_path: Path, one: dict[str, Any], two: dict[str, Any], computer: bool | None, boot: bool | None, words: str
) -> None:
    found = difference(results(tmp_path / "a", **one), results(tmp_path / "b", **two))
    assert as_object(found)["same"] | {"failure": None} == {"computer": computer, "boot": boot, "failure": None}
    assert words in "\n".join(screen_lines(found))
    processes = next(section for section in found.sections if section.name == "processes")
    assert processes.matched == ("id, time of creation and name" if boot else "name and command line")
