"""windows.kd.address: every process end to end, judged by the lab, by volatility3 and by MemProcFS."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from volplugins.address import disagreement
from volplugins.address.section_files import NOTHING, SectionFiles
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.vol.commands.address.rows import AddressRow, Wanted, address_rows, summary_rows
from volplugins.vol.scene.crash_scene import scene_of

MACHINES = ("win10-x64", "win7-x64", "win7-x86-pae", "xp-x86")
LIMITS = dict(zip(MACHINES, (0x7FFFFFFF0000, 0x7FFFFFF0000, 0x7FFF0000, 0x7FFF0000), strict=True))
_EACH = pytest.mark.parametrize("machine", MACHINES)


def regions(path: Path, **wanted) -> dict[int, list[AddressRow]]:
    """Rows by PID, those without an address left out."""
    found: dict[int, list[AddressRow]] = {}
    for row in address_rows(scene_of(open_dump(FileSource(path))), Wanted(**wanted)):
        if row.process == "*":  # how many regions --actual would show
            continue
        assert row.start is not None, row.note
        found.setdefault(row.pid, []).append(row)
    return found


@_EACH
@pytest.mark.parametrize("host", [0, 1])
def test_rows_follow_one_another_from_zero_to_the_limit(dumps, machine, host):
    path, snapshot = dumps(machine, kind="full", host=host)
    found = regions(path)
    assert set(found) == {process["pid"] for process in snapshot.truth["processes"]}
    for rows in found.values():
        edges = [0, *(row.end for row in rows)]
        assert [row.start for row in rows] == edges[:-1]
        assert edges[-1] == LIMITS[machine] == sum(row.size for row in rows)


@_EACH
def test_busy_rows_cover_the_ranges_and_only_those(dumps, machine):
    path, snapshot = dumps(machine, kind="full")
    found = regions(path)
    for pid, vads in snapshot.truth["vads"].items():
        if not pid:
            continue  # Idle is in no list
        busy = [row for row in found[pid] if row.state != "MEM_FREE"]
        for vad in vads:
            inside = [row for row in busy if vad["start"] <= row.start < vad["end"]]
            assert (inside[0].start, inside[-1].end) == (vad["start"], vad["end"])
            assert sum(row.size for row in inside) == vad["end"] - vad["start"]
        assert sum(row.size for row in busy) == sum(vad["end"] - vad["start"] for vad in vads)


@_EACH
def test_every_region_is_what_the_lab_made(dumps, machine):
    path, snapshot = dumps(machine, kind="full")
    found = regions(path)
    for pid, truth in snapshot.truth["regions"].items():
        if not pid:
            continue
        busy = [row for row in found[pid] if row.state != "MEM_FREE"]
        for each in truth:
            # a row of its own for each TEB; the lab counts those that lie side by side as one
            mine = [row for row in busy if each["start"] <= row.start < each["end"]]
            assert (mine[0].start, mine[-1].end) == (each["start"], each["end"])
            for column in ("type", "state", "protect", "usage"):
                assert {getattr(row, column) for row in mine} == {each[column]}, hex(each["start"])
            actual = {word for row in mine for word in row.actual.split(",") if word}
            given = each["usage"] == "SharedData" and not each["actual"]  # mapped by the kernel when it is touched
            assert actual == ({"PAGE_READONLY"} if given else set(each["actual"])), hex(each["start"])
            resident = sum(row.resident for row in mine)
            assert resident == each["resident_pages"] * 0x1000, hex(each["start"])
            device = each["usage"] == "Other"  # is no RAM
            assert sum(row.in_dump for row in mine) == resident or device, hex(each["start"])
            assert all((each["file"] or "") in row.detail for row in mine)
        assert sum(row.size for row in busy) == sum(each["end"] - each["start"] for each in truth)


@_EACH
def test_volatility3_sees_the_same_ranges(dumps, vol, machine):
    path, _ = dumps(machine, kind="full")
    done = vol("-r", "json", "-f", str(path), "windows.vadinfo")
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout[done.stdout.index("[") :])
    found = regions(path)
    for row in theirs:
        start, end = row["Start VPN"], row["End VPN"] + 1
        mine = [each for each in found[row["PID"]] if start <= each.start < end]
        assert (mine[0].start, mine[-1].end) == (start, end)
        protect = row["Protection"].replace(" ", "")
        assert {frozenset(each.protect.split("|")) for each in mine} == {frozenset(protect.split("|"))}
        assert {each.type == "MEM_PRIVATE" for each in mine} == {bool(row["PrivateMemory"])}
        if row["File"] not in (None, "N/A"):
            assert all(row["File"] in each.detail for each in mine)
    assert len(theirs) > 20


@pytest.mark.parametrize("machine", ["win10-x64", "win7-x64"])
def test_memprocfs_sees_the_same_ranges(dumps, machine):
    path, snapshot = dumps(machine, kind="full")
    command = [sys.executable, str(Path(__file__).parent / "memprocfs_processes.py"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        pytest.skip(f"MemProcFS does not run here: {done.stderr.strip()[-200:]}")
    theirs = json.loads(done.stdout)
    for pid, vads in snapshot.truth["vads"].items():
        if pid not in (0, 4):  # MemProcFS lists no VADs of processes without user memory
            assert sorted((start, end) for start, end, _, _ in theirs[str(pid)]["vads"]) == [
                (vad["start"], vad["end"]) for vad in vads
            ]


@_EACH
def test_sums_are_those_of_the_rows(dumps, machine):
    path, _ = dumps(machine, kind="full")
    rows = regions(path)
    scene = scene_of(open_dump(FileSource(path)))
    columns = {"Usage": "usage", "Type": "type", "State": "state", "Protect": "protect"}
    seen = set()
    for each in summary_rows(scene, Wanted()):
        same = [row for row in rows[each.pid] if getattr(row, columns[each.by]) == each.name]
        assert (each.regions, each.size) == (len(same), sum(row.size for row in same))
        assert each.largest == max(row.size for row in same)
        seen.add((each.pid, each.by, each.name))
    assert seen == {
        (pid, by, getattr(row, column))
        for pid, all_rows in rows.items() for row in all_rows for by, column in columns.items() if getattr(row, column)
    }  # fmt: skip


@_EACH
def test_an_image_without_a_path_has_the_name_of_the_loader_s_list(dumps, machine, monkeypatch):
    """Where the section's file cannot be told, Detail is the name that peb and lm give the image."""
    path, snapshot = dumps(machine, kind="full")
    monkeypatch.setattr(SectionFiles, "of", lambda self, vad: NOTHING)
    monkeypatch.setattr(disagreement, "image_name", lambda memory, base, path: "its own name")
    found, seen = regions(path), 0
    for pid, user in snapshot.truth["user"].items():
        names = {module["base"]: module["path"].rsplit("\\", 1)[-1] for module in user["modules"]}
        for row in found[pid]:
            if row.start in names and row.usage == "Image":
                assert row.detail == names[row.start]
                seen += 1
    assert seen


def test_filters(dumps):
    path, _ = dumps("win10-x64", kind="full")
    everything = [row for rows in regions(path).values() for row in rows]
    for name, word in (
        ("usage", "image"),
        ("type", "mem_private"),
        ("state", "mem_free"),
        ("protect", "page_readonly"),
    ):
        kept = [row for rows in regions(path, **{name: [word]}).values() for row in rows]
        assert kept == [row for row in everything if getattr(row, name).lower() == word] != []


def test_the_plugin_and_its_rules(dumps, rows, tmp_path):
    path, snapshot = dumps("win10-x64", kind="full")
    rule = tmp_path / "mine.yar"
    rule.write_text('rule has_ntdll { strings: $a = "ntdll.pdb" condition: $a }')
    found = rows(path, "windows.kd.address", plugin_options=("--yara", str(rule), "--usage", "Image"))
    with_rule = {int(row["Start"], 16) for row in found if "has_ntdll" in (row["Detail"] or "")}
    ntdll = {user["modules"][1]["base"] for user in snapshot.truth["user"].values()}
    assert with_rule == ntdll
    found = rows(path, "windows.kd.address", plugin_options=("--yara", "plain", "--usage", "Image"))
    assert all("pe_header" in row["Detail"] for row in found if row["Resident"])
    (row,) = rows(path, "windows.kd.address", plugin_options=("--yara", "/nowhere/x.yar"))
    assert "no such rule file" in row["Note"]
    summed = rows(path, "windows.kd.address", plugin_options=("--summary", "--process", "explorer.exe"))
    assert {row["By"] for row in summed} == {"Usage", "Type", "State", "Protect"}


def test_a_dump_without_user_memory(dumps):
    path, _ = dumps("win10-x64", kind="triage")
    (row,) = address_rows(scene_of(open_dump(FileSource(path))), Wanted())
    assert "not in this kind of dump" in row.note
    path, _ = dumps("win10-x64", kind="bitmap-kernel")
    for rows in regions(path).values():
        assert sum(row.size for row in rows) == LIMITS["win10-x64"]
