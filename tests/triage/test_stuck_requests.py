"""The screen leads with a driver of others that keeps a request too long; a sound machine is quiet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import unwrap
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.report.page_parser import PageParser
from tests.sampling import sampled
from tests.triage.conftest import checked, silent
from volplugins.lab.devices import requests
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.triage import TriageOptions, run_triage
from volplugins.triage.foreign_objects import ForeignObject
from volplugins.triage.screen import COLUMNS, LINES, summary_lines
from volplugins.triage.stuck_requests import MOST_STUCK, StuckRequests

LONG = 312
made_anew = unwrap(build)  # no copy of one that was made before


@contextmanager
def longer() -> Iterator[None]:
    """Let acmedrv keep the lab's request longer than any driver may; the machine must be `made_anew` in here."""
    usual = requests._WAITERS
    requests._WAITERS = usual | {"acmetray.exe": (requests._CONTROL, LONG * requests._SECOND)}
    try:
        yield
    finally:
        requests._WAITERS = usual


@pytest.mark.parametrize("machine", MACHINES)
def test_the_screen_leads_with_a_stuck_driver(machine: str, tmp_path: Path) -> None:
    with longer():
        snapshot = made_anew(machine)
    dump = write(snapshot, "full", tmp_path / "a.dmp")
    summary = checked(run_triage(dump, None, TriageOptions(hash=False), silent))
    held = {each["irp"] for each in snapshot.truth["io"]["requests"] if each["age"] == pytest.approx(LONG, abs=1)}
    assert held == {int(each["irp"], 16) for each in summary["stuck"]} != set()
    first = summary["stuck"][0]
    assert (first["driver"], first["process"], first["function"]) == (
        "\\Driver\\acmedrv", "acmetray.exe", "IRP_MJ_DEVICE_CONTROL"
    )  # fmt: skip
    assert first["seconds"] == pytest.approx(LONG, abs=1) and "ACME" in first["foreign"]
    lines = summary_lines(summary)
    assert len(lines) <= LINES and max(map(len, lines)) <= COLUMNS
    assert lines[0].split(maxsplit=1)[1] == f"acmedrv holds IRP {first['irp']} (IRP_MJ_DEVICE_CONTROL)"
    assert lines[0].startswith("Stuck ") and "of acmetray.exe for 312 s: its thread stands still for it" in lines[1]


@pytest.mark.parametrize(("machine", "kind"), sampled(product(MACHINES, ["full", "bitmap-kernel", "triage"]), 4))
def test_a_sound_machine_is_quiet(machine: str, kind: str, tmp_path: Path) -> None:
    summary = checked(run_triage(write(build(machine), kind, tmp_path / "a.dmp"), None, TriageOptions(), silent))
    assert summary["stuck"] == [] and not any(line.startswith("Stuck") for line in summary_lines(summary))
    if kind != "triage":
        foreign = {each["driver"]: each["module"] for each in summary["foreign_drivers"]}
        assert foreign == {"\\Driver\\acmedrv": "acmedrv.sys", "\\Driver\\vendflt": "vendflt.sys"}


def test_with_a_folder_the_page_says_it_too_and_nothing_private(tmp_path: Path) -> None:
    with longer():
        snapshot = made_anew("win10-x64")
    dump = write(snapshot, "full", tmp_path / "a.dmp")
    summary = checked(run_triage(dump, tmp_path / "out", TriageOptions(redact=True), silent))
    page = PageParser(tmp_path / "out" / "report.html")
    assert summary["stuck"] and "Stuck: acmedrv holds IRP" in page.texts[""]
    nodes = [each for each in snapshot.truth["io"]["nodes"] if each["instance"]]
    serials = {each["instance"].rpartition("\\")[2] for each in nodes}
    written = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert len(serials) > 8 and not [each for each in serials if len(each) > 4 and each in written]
    models = {each["instance"].rpartition("\\")[0] for each in nodes}
    assert all(json.dumps(each)[1:-1] in written for each in models), "what kind of device it is stays"
    for gone in ("AcmeRelay0", "AcmeControl", "relay.log", "holiday.avi"):
        assert gone not in written
    assert "acmedrv" in written and "HarddiskVolume1" in written


def row(age: Any = 99.0, **change: Any) -> dict[str, Any]:
    return {"PID": 8, "Process": "a.exe", "TID": 12, "IRP": "0x10", "Source": "thread", "Major": "IRP_MJ_WRITE",
            "Minor": None, "Driver": "\\Driver\\acme", "Device": "0x20", "File": None, "State": "pending", "Age": age,
            "Note": ""} | change  # fmt: skip


def judged(monkeypatch: pytest.MonkeyPatch, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    monkeypatch.setattr("volplugins.triage.stuck_requests._why", lambda scene, row: "why")
    found = StuckRequests()
    for each in rows:
        found.take(each)
    return found.stuck(object(), [ForeignObject("\\Driver\\acme", "0x1", "acme.sys", "of Acme")])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [{"Age": 59.0}, {"Age": None}, {"State": "completed"}, {"State": "free"}, {"State": None}, {"Source": "scan"},
     {"Driver": "\\Driver\\disk"}, {"Driver": None}, {"IRP": None}],
)  # fmt: skip
def test_rows_that_are_passed_over(monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]) -> None:
    assert judged(monkeypatch, [row() | change]) == []


def test_the_oldest_come_first_and_no_more_than_a_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    found = judged(monkeypatch, [row(100.0 + number) for number in range(MOST_STUCK + 50)])
    ages = [each["seconds"] for each in found]
    assert len(found) == MOST_STUCK and ages == sorted(ages, reverse=True) and ages[0] == 249.0
