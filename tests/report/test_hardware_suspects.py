"""Machines that fail in many unlike ways within days, and those that only seem to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.report.made_corpus import made_corpus, made_dump
from tests.report.page_parser import PageParser
from volplugins.report import write_index
from volplugins.report.hardware_suspects import HardwareSuspects

UNLIKE = (
    ("0x1a_41792_ntoskrnl.exe", "ntoskrnl.exe"), ("0x50_ntfs.sys+0x11", "ntfs.sys"),
    ("0xa_ntoskrnl.exe", "ntoskrnl.exe"),
    ("0x3b_c0000005_win32kfull.sys+0x7", "win32kfull.sys"), ("0xd1_vendnic.sys+0x5", "vendnic.sys"),
)  # fmt: skip


def crash(day: int, signature: str, culprit: str | None, **changes: Any) -> dict[str, Any]:
    time = f"2021-03-{day:02}T10:00:00.000000+00:00"
    return {"computer": "PC-7", "crash_time": time, "signature": signature, "culprit": culprit} | changes


def findings(*crashes: dict[str, Any]) -> list[str]:
    suspects = HardwareSuspects()
    for one in crashes:
        suspects.add(one)
    return list(suspects.findings())


FIVE = [crash(2 * number + 1, *UNLIKE[number]) for number in range(5)]


def test_five_unlike_failures_of_one_machine() -> None:
    assert findings(*reversed(FIVE)) == [
        "PC-7: five different failures (2021-03-01 to 2021-03-09), none with the same driver: "
        "suspect hardware, memory first"
    ]


def test_fewer_are_chance_but_for_a_flipped_bit() -> None:
    assert findings(*FIVE[:3]) == []
    assert len(findings(*FIVE[:4])) == 1
    told = findings(FIVE[0] | {"memory_error": "page-table"}, *FIVE[1:3])
    assert len(told) == 1 and "a bit had flipped in 1 of them" in told[0]


def test_one_driver_again_and_again_is_that_drivers_fault() -> None:
    again = [crash(number + 1, f"0x{number:x}_acmedrv.sys", "acmedrv.sys") for number in range(1, 6)]
    assert findings(*again) == []
    assert len(findings(*FIVE, crash(12, "0x7e_vendnic.sys", "vendnic.sys"))) == 1, "the five before it stand"
    assert findings(*FIVE[:3], crash(8, *UNLIKE[1]), crash(9, *UNLIKE[3])) == [], "ntfs.sys twice"


def test_what_does_not_count() -> None:
    others = [one | {"computer": f"PC-{number}"} for number, one in enumerate(FIVE)]
    assert findings(*others) == [], "five machines"
    assert findings(*(one | {"computer": None} for one in FIVE)) == []
    assert findings(*(one | {"signature": one["signature"][:4] + "_manual_keyboard"} for one in FIVE)) == []
    assert findings(*(one | {"crash_time": None} for one in FIVE)) == []
    assert findings(*(one | {"crash_time": one["crash_time"].replace("2021", f"20{20 + n}")} for n, one in
                      enumerate(FIVE))) == [], "years apart"  # fmt: skip
    assert findings(*(one | {"crash_time": one["crash_time"][:10]} for one in FIVE)) == [], "a time without its zone"
    same = [crash(day, "0xa_ntoskrnl.exe", "ntoskrnl.exe") for day in range(1, 8)]
    assert findings(*same) == [], "one failure, seven times"


def test_the_index_says_so_and_keeps_quiet_where_names_are_pseudonyms(tmp_path: Path) -> None:
    rows = [made_dump(9 * number, **one) for number, one in enumerate(FIVE)]
    text = PageParser(write_index(made_corpus(tmp_path, rows))).text
    assert "Machines to look at" in text and "five different failures" in text
    with closing(sqlite3.connect(tmp_path / "corpus.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE corpus (schema TEXT, written_by TEXT, redacted INTEGER)")
        connection.execute("INSERT INTO corpus VALUES ('x', 'y', 1)")
    assert "Machines to look at" not in PageParser(write_index(tmp_path)).text


def test_two_recipes_are_named(tmp_path: Path) -> None:
    old = [made_dump(number, signature_recipe=None) for number in range(3)]
    new = [made_dump(number, signature_recipe=2) for number in range(10, 12)]
    assert "more than one recipe" not in PageParser(write_index(made_corpus(tmp_path / "a", old))).text
    text = PageParser(write_index(made_corpus(tmp_path / "b", old + new))).text
    assert "3 by recipe 1, 2 by recipe 2" in text and "--reanalyse" in text
