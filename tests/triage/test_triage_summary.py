"""The summary says what the lab built, for every machine and for damaged dumps; the screen's lines fit it."""

from __future__ import annotations

import json
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest

from tests.sampling import sampled
from tests.triage.conftest import checked, silent
from volplugins.dumpfile.errors import DumpError
from volplugins.lab.damage.directories import DIRECTORY_DEFECTS, with_directory_defect
from volplugins.lab.damage.files import DEFECTS, apply
from volplugins.lab.damage.user import user_defects_of, with_user_defect
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.triage import TriageOptions, TriageResult, run_triage
from volplugins.triage.screen import COLUMNS, LINES, summary_lines


def triaged(snapshot: Snapshot, kind: str, folder: Path, **options: Any) -> TriageResult:
    dump = write(snapshot, kind, folder / "a.dmp")
    return run_triage(dump, folder / "out", TriageOptions(**options), silent)


def fits(summary: dict[str, Any]) -> str:
    lines = summary_lines(summary)
    assert 0 < len(lines) <= LINES == 24 and max(map(len, lines)) <= COLUMNS == 100
    assert all(line.isprintable() for line in lines)
    return "\n".join(lines)


@pytest.mark.parametrize(("machine", "kind"), sampled(product(MACHINES, ["full", "bitmap-kernel", "triage"]), 4))
def test_every_machine(machine: str, kind: str, tmp_path: Path) -> None:
    snapshot = build(machine)
    truth = snapshot.truth
    summary = checked(triaged(snapshot, kind, tmp_path))
    crash = summary["crash"]
    assert summary["faults"] == 0
    assert crash["bugcheck_code"] == f"{snapshot.header['BugCheckCode']:#x}"
    assert crash["parameters"] == [f"{snapshot.header[f'BugCheckParameter{n}']:#x}" for n in range(1, 5)]
    assert crash["image"] == "acmedrv.sys" and crash["signature"].startswith("0xd1_acmedrv.sys+0x")
    if kind != "triage" or crash["process"]:
        assert (crash["process"], crash["pid"]) == (truth["process"]["name"][:14], truth["process"]["pid"])
    assert summary["system"]["build"] == str(snapshot.header["MinorVersion"])
    digits = snapshot.bits // 4
    assert summary["stack"][0]["ip"] == f"0x{truth['fault_ip']:0{digits}x}"
    text = fits(summary)
    assert "acmedrv.sys" in text and crash["signature"] in text
    if kind == "triage":
        assert summary["completeness"]["score"] is None and summary["completeness"]["runs"] == []
        return
    alive = [each for each in truth["processes"] if not each["exited"]]
    assert sum(summary["verdicts"].values()) >= len(alive)
    threads = summary["threads"]
    assert threads[0]["why"].startswith("crashed")
    assert (threads[0]["pid"], threads[0]["tid"]) == (truth["process"]["pid"], truth["thread"]["tid"])
    if kind == "full":
        kernel = next(each for each in truth["modules"] if each["name"].lower().startswith("nt") and each["pdb"])
        assert summary["completeness"]["score"] == 100
        assert sum(pages for _, pages, _ in summary["completeness"]["runs"]) == summary["completeness"]["described"]
        assert kernel["pdb"] in {summary["symbols"]["kernel"]["pdb"]} | {
            each["pdb"] for each in summary["symbols"]["missing"]
        }


def test_the_map_of_memory_is_the_labs(tmp_path: Path) -> None:
    snapshot = build("win10-x64")
    summary = checked(triaged(snapshot, "bitmap-kernel", tmp_path))
    found = summary["completeness"]
    assert sum(here for _, _, here in found["runs"]) == found["present"] == len(snapshot.kernel_pfns)
    assert sum(pages for _, pages, _ in found["runs"]) == found["described"]
    at = 0
    for first, pages, here in found["runs"]:
        assert first >= at and here in (0, pages)
        assert here == sum(pfn in snapshot.kernel_pfns for pfn in range(first, first + pages))
        at = first + pages


@pytest.mark.parametrize(("kind", "defect"), sampled(product(["full", "bitmap-kernel", "triage"], sorted(DEFECTS)), 11))
def test_every_defect_of_the_file(kind: str, defect: str, tmp_path: Path, intact: dict[str, bytes]) -> None:
    dump = tmp_path / "a.dmp"
    dump.write_bytes(intact[kind])
    try:
        apply(defect, dump)
    except ValueError:
        pytest.skip(f"{kind} cannot have {defect}")
    try:
        result = run_triage(dump, tmp_path / "out", TriageOptions(), silent)
    except DumpError as error:
        assert "\n" not in str(error) and not (tmp_path / "out").exists()
        return
    summary = checked(result)
    fits(summary)
    assert not [each for each in summary["sections"] if each["fault"]], "damage is no failure of a plugin"


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder, snapshot = tmp_path_factory.mktemp("intact"), build("win10-x64")
    return {kind: write(snapshot, kind, folder / kind).read_bytes() for kind in ("full", "bitmap-kernel", "triage")}


def test_a_truncated_dump_is_a_fault(tmp_path: Path, intact: dict[str, bytes]) -> None:
    dump = tmp_path / "a.dmp"
    dump.write_bytes(intact["full"])
    apply("truncated-half", dump)
    summary = checked(run_triage(dump, tmp_path / "out", TriageOptions(), silent))
    assert summary["faults"] and summary["completeness"]["truncated"]
    assert "cut short" in fits(summary)


def test_memory_map_of_too_many_pieces() -> None:
    from types import SimpleNamespace

    from volplugins.triage.memory_map import memory_map

    def next_run(pfn: int) -> tuple[int, int, int] | None:
        start = pfn + (pfn & 1)  # every other page
        return (start, 1, 0) if start < 20_000 else None

    memory: Any = SimpleNamespace(described=((0, 20_000),), highest_pfn=19_998, next_run=next_run)
    runs = memory_map(memory)
    assert 1000 < len(runs) <= 2048
    assert sum(pages for _, pages, _ in runs) == 20_000 and sum(here for _, _, here in runs) == 10_000
    assert all(a[0] + a[1] == b[0] for a, b in pairwise(runs))


HOSTILE = "<script>alert(1)</script>\x1b[2J\r\n\u202e\udc80" + "A" * 100_000


def test_hostile_texts_in_a_summary_stay_on_their_line() -> None:
    from volplugins.triage.plain_text import plain

    crash = dict.fromkeys(
        ("bugcheck_code", "bugcheck_name", "signature", "manual_crash", "module", "image", "symbol", "confidence",
         "faulting_ip", "process", "evidence", "manual_evidence"), HOSTILE,
    )  # fmt: skip
    thread = {"pid": 1, "process": HOSTILE, "tid": 2, "why": HOSTILE}
    directory = {"pid": 1, "process": HOSTILE, "verdict": HOSTILE, "evidence": HOSTILE, "next": HOSTILE}
    frame = {"frame": 0, "ip": "0x1", "symbol": HOSTILE, "trust": "scan"}
    summary = {
        "crash": {**crash, "parameters": [HOSTILE] * 4, "pid": 1}, "system": {"machine": HOSTILE},
        "stack": [frame] * 500, "symbols": {"kernel": None, "missing": []}, "missing": [HOSTILE] * 50,
        "completeness": {"score": 1, "described": 2, "present": 3, "truncated": True, "note": HOSTILE},
        "verdicts": {"ok": 1}, "directories": [directory] * 500, "threads": [thread] * 500,
        "fault_texts": [HOSTILE] * 500,
    }  # fmt: skip
    made = plain(summary)
    text = fits(made)
    assert "more: windows.kd.pagedirs" in text and "500 frames are not proved" in text and "windows.kd.analyze" in text
    json.dumps(made).encode("ascii")
    assert len(made["crash"]["process"]) < 50_000 and "\\x1b[2J" in made["crash"]["process"]


def test_wide_letters_take_two_columns() -> None:
    from volplugins.triage import screen

    for text in ("\u65e5" * 49, "\u65e5" * 50, "\u65e5" * 51, "a" + "\u65e5" * 80, "a" * 100, "a" * 101, ""):
        cut = screen._cut(text, "", COLUMNS)
        assert sum(2 if c == "\u65e5" else 1 for c in cut) <= COLUMNS
        assert cut == text or (cut.endswith("\u2026") and text.startswith(cut[:-1]) and len(cut) >= 50)
    for text in ("\u65e5" * 50, "a" * 100):
        assert screen._cut(text, "", COLUMNS) == text


X64_DEFECTS = sorted(name for name, each in DIRECTORY_DEFECTS.items() if "x64" in each.modes)


@pytest.mark.parametrize("defect", sampled(X64_DEFECTS, 5))
def test_a_bad_directory_is_in_the_summary_with_why(defect: str, tmp_path: Path, sound: Snapshot) -> None:
    damaged = with_directory_defect(sound, defect)
    truth = damaged.truth["directory_defect"]
    summary = checked(triaged(damaged, DIRECTORY_DEFECTS[defect].kind or "full", tmp_path))
    fits(summary)
    assert not [each for each in summary["sections"] if each["fault"]]
    found = [each for each in summary["directories"] if each["pid"] == truth["pid"]]
    if truth["verdict"] in ("", "ok", "tables-paged-out"):
        return
    assert [each["verdict"] for each in found] == [truth["verdict"]] and found[0]["evidence"]
    if truth["verdict"] != "no-directory":
        assert f"explorer.exe  {truth['pid']} {truth['verdict']}: " in "\n".join(summary_lines(summary))


@pytest.mark.parametrize("defect", sampled(user_defects_of(64), 5))
def test_damaged_structures_fail_no_section(defect: str, tmp_path: Path, sound: Snapshot) -> None:
    summary = checked(triaged(with_user_defect(sound, defect), "full", tmp_path))
    fits(summary)
    assert summary["faults"] == 0, summary["fault_texts"]


@pytest.fixture(scope="module")
def sound() -> Snapshot:
    return build("win10-x64")


def test_the_exception_is_named(tmp_path: Path) -> None:
    summary = checked(triaged(build("win10-x64", "system-service"), "triage", tmp_path))
    crash = summary["crash"]
    assert (crash["exception_code"], crash["exception_name"]) == ("0xc0000005", "STATUS_ACCESS_VIOLATION")
    assert crash["exception_parameters"] == f"0x0 {crash['read_address']}"
    assert crash["exception_meaning"] == f"read of {crash['read_address']}"
    assert crash["parameter_meanings"][0].endswith(": STATUS_ACCESS_VIOLATION")
    (line,) = (line for line in fits(summary).split("\n") if line.startswith("Failed at"))
    assert line.endswith(f"reading {crash['read_address']}  exception 0xc0000005 STATUS_ACCESS_VIOLATION")
    crash |= {"exception_name": "STATUS_IN_PAGE_ERROR", "exception_meaning": "read of 0x28: STATUS_DEVICE_DATA_ERROR"}
    assert "exception 0xc0000005 STATUS_IN_PAGE_ERROR (STATUS_DEVICE_DATA_ERROR)" in fits(summary)
    assert "(STATUS_DEVICE_DATA_ERROR)\n" in fits(summary), "on a line of its own"
    crash |= {"exception_name": None, "exception_meaning": None}
    assert "exception 0xc0000005" in fits(summary)


def test_a_crash_without_exception_names_none(tmp_path: Path) -> None:
    crash = checked(triaged(build("win10-x64", "driver-read"), "triage", tmp_path))["crash"]
    fields = ("exception_code", "exception_name", "exception_parameters", "exception_meaning")
    assert [crash[field] for field in fields] == [None] * 4
    assert crash["read_address"] and crash["parameter_meanings"][2] == "kind of access: read"
