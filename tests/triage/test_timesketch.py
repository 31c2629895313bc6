"""Lines for Timesketch, from real runs' rows, against what the lab wrote; and rows that are damaged."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import jsonschema
import pytest

from tests.triage.conftest import silent
from tests.vol.conftest import dumps  # noqa: F401
from tests.vol.test_process_threads import MACHINES, name_of
from volplugins.bugcheck.words.codes import bugcheck_name
from volplugins.triage import TriageOptions, run_triage
from volplugins.triage.timesketch import timeline

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/timesketch.schema.json").read_text(encoding="utf-8"))
START = datetime(1601, 1, 1, tzinfo=timezone.utc)
UNIX = datetime(1970, 1, 1, tzinfo=timezone.utc)


def stamp(filetime: int) -> int:
    """Microseconds since 1970."""
    return filetime // 10 - int((UNIX - START).total_seconds()) * 1_000_000


@pytest.fixture
def made(dumps, tmp_path):  # noqa: F811
    """``made(machine)``: the lines of its time line, and what the lab built."""

    def make(machine: str) -> tuple[list[dict], object]:
        path, snapshot = dumps(machine, kind="full")
        run_triage(path, tmp_path / "out", TriageOptions(hash=False), silent)
        return list(timeline(tmp_path / "out" / "rows", {})), snapshot

    return make


def expected(snapshot) -> set[tuple[str, str, int]]:
    """(message, timestamp_desc, timestamp) of everything that the lab gave a time."""
    found: list[tuple[str, str, int]] = []
    names = {}
    for process in snapshot.truth["processes"]:
        name = names[process["pid"]] = process["name"][:14]
        times(found, f"Process {process['pid']} {name} ({process['eprocess']:#x})", process)
        for thread in process["threads"]:
            start = name_of(snapshot, process, thread["win32_start"] or thread["start"])
            what = f"Thread {thread['tid']} of {process['pid']} {name} ({thread['ethread']:#x})"
            times(found, what + (f" {start}" if start else ""), thread)
    images = list(snapshot.truth["modules"])
    for pid, user in snapshot.truth["user"].items():
        images += user["modules"]
        for each in user["modules"]:
            if each["loaded"]:
                what = f"Module {each['path']} ({each['base']:#x}) of {pid} {names[pid]}: loaded"
                found.append((what, "Load Time", stamp(each["loaded"])))
    for each in images:
        found.append((f"Image {each['path']}: linked", "Link Time", each["timestamp"] * 1_000_000))
    for gone in snapshot.truth["unloaded"]:
        what = f"Kernel module {gone['name']} ({gone['base']:#x}): unloaded"
        found.append((what, "Unload Time", stamp(gone["time"])))
    return set(found)


def times(found: list[tuple[str, str, int]], what: str, made: dict) -> None:
    for member, happened, kind in (("created", "created", "Creation Time"), ("exited", "exited", "Exit Time")):
        if made[member]:
            found.append((f"{what}: {happened}", kind, stamp(made[member])))


@pytest.mark.parametrize("machine", MACHINES)
def test_every_time_of_the_machine_and_no_other(made, machine):
    lines, snapshot = made(machine)
    for line in lines:
        jsonschema.validate(line, SCHEMA)
        when = UNIX + timedelta(microseconds=line["timestamp"])
        assert when.isoformat(timespec="microseconds") == line["datetime"]
    header = snapshot.header
    crash, boot = lines[:2]
    assert crash["message"].startswith(f"Crash {header['BugCheckCode']:#x} {bugcheck_name(header['BugCheckCode'])} 0x")
    assert crash["timestamp"] == stamp(header["SystemTime"]) and crash["timestamp_desc"] == "Crash Time"
    assert crash["pid"] == snapshot.truth["process"]["pid"]
    # uptime is written in milliseconds
    assert abs(boot["timestamp"] - stamp(header["SystemTime"] - header["SystemUpTime"])) < 1000
    rest = [(line["message"], line["timestamp_desc"], line["timestamp"]) for line in lines[2:]]
    assert len(rest) == len(set(rest)) and set(rest) == expected(snapshot)
    threads = [line for line in lines if line["data_type"] == "windows:thread"]
    assert threads and all({"pid", "tid", "process"} <= set(line) for line in threads)


def row(**cells: object) -> str:
    return json.dumps({"schema": "volplugins.rows/1", "plugin": "windows.kd.process.Process", "id": 0, "row": cells})


@pytest.mark.parametrize(
    "when",
    ["1601-01-01T00:00:00+00:00", "2021-03-07T00:00:00+00:00", "9999-12-31T00:00:00+00:00", "2021-03-05", "x", 7, None,
     "2021-02-30T00:00:00+00:00", "2021-03-01T00:00:00"],
)  # fmt: skip
def test_times_that_cannot_be_give_no_line(tmp_path, when):
    good = "2021-03-01T00:00:00.000001+00:00"
    (tmp_path / "process.jsonl").write_text(row(PID=4, Name="System", CreateTime=when, ExitTime=good) + "\n")
    summary = {"system": {"system_time": "2021-03-05T14:11:02+00:00"}, "crash": {"bugcheck_code": "0xd1", "pid": 4}}
    lines = list(timeline(tmp_path, summary))
    assert [line["message"] for line in lines] == ["Crash 0xd1", "Process 4 System (?): exited"]
    assert lines[1]["timestamp"] % 1_000_000 == 1


def test_damaged_files_cost_their_own_lines(tmp_path):
    assert list(timeline(tmp_path / "missing", {})) == []
    good = row(PID=4, Name="System", EPROCESS="0x00000010", CreateTime="2021-03-01T00:00:00+00:00", Source="scan")
    broken = ["{", "[1]", '{"row": 7}', '{"row": {}}', '{"error": {"type": "x"}}', "[" * 100_000, "\ud800", good[:50]]
    text = "\n".join([*broken, good, row(PID={}, TID=[], ETHREAD=7, Start={}, ThreadCreateTime=good), ""])
    (tmp_path / "process.jsonl").write_bytes(text.encode("utf-8", "surrogatepass"))
    (tmp_path / "lm.jsonl").write_text(row(Path=None, LinkTime=[1], LoadTime={}) + "\n")
    lines = list(timeline(tmp_path, {"crash": None, "system": 3}))
    assert [line["message"] for line in lines] == ["Process 4 System (0x10), found by scan: created"]
