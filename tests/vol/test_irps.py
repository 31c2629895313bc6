"""windows.kd.irps against what the lab built: every request once, with its holder, on all machines."""

from __future__ import annotations

import tempfile
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from volplugins.bugcheck.scene.crash_scene import CrashScene, build_scene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource, FileSource
from volplugins.imagefile.open_image import open_image
from volplugins.io.words.functions import major_function, minor_function
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.target.of_image import target_of_image
from volplugins.vol.commands.irps.row import IrpRow
from volplugins.vol.commands.irps.rows import Wanted, irps_rows
from volplugins.vol.scene.crash_scene import scene_of

ALL = Wanted()
EVERY = pytest.mark.parametrize("machine", MACHINES)
WITH = pytest.mark.parametrize("symbols", [True, False], ids=["symbols", "none"])


@lru_cache(maxsize=8)
def dump_of(machine: str, fault: str, kind: str = "full") -> tuple[bytes, dict[str, Any]]:
    snapshot = build(machine, fault)
    with tempfile.TemporaryDirectory() as folder:
        data = write(snapshot, kind, Path(folder) / "made.dmp").read_bytes()
    return data, snapshot.truth


def scene(data: bytes, symbols: bool = True) -> CrashScene:
    dump = open_dump(BytesSource(data))
    return scene_of(dump) if symbols else build_scene(dump)


@lru_cache(maxsize=16)
def shown(machine: str, fault: str, symbols: bool, wanted: Wanted = ALL) -> tuple[IrpRow, ...]:
    return tuple(irps_rows(scene(dump_of(machine, fault)[0], symbols), wanted))


def truth(machine: str, fault: str) -> list[dict[str, Any]]:
    return dump_of(machine, fault)[1]["io"]["requests"]


def expected_sources(each: dict[str, Any], symbols: bool) -> list[str]:
    """Without symbols nothing names the power manager's lists."""
    sources = [each["source"], *each["also"]]
    return sources if symbols else [word for word in sources if word != "power"]


@EVERY
@WITH
@pytest.mark.parametrize("fault", ["driver-read", "power"])
def test_every_request_is_told_as_it_was_built(machine: str, symbols: bool, fault: str) -> None:
    rows = {row.irp: row for row in shown(machine, fault, symbols) if row.process != "error"}
    names = scene(dump_of(machine, fault)[0], symbols).symbolizer
    built = truth(machine, fault)
    assert built and set(rows) == {each["irp"] for each in built}
    for each in built:
        row, what = rows[each["irp"]], each["what"]
        major, minor = each["major"], each["minor"]
        assert (row.major, row.minor) == (major_function(major), minor_function(major, minor)), what
        assert (row.driver, row.device or 0, row.file) == (each["driver"], each["device"], each["file"]), what
        assert (row.state, row.pid, row.tid) == (each["state"], each["pid"], each["tid"]), what
        assert row.location == f"{each['location']}/{each['count']}", what
        assert row.completion == (names.locate(each["completion"]).text() if each["completion"] else ""), what
        sources = expected_sources(each, symbols)
        assert row.source == sources[0], what
        for word in sources[1:]:
            assert word in row.note.partition("also ")[2], (what, row.note)
        if each["age"] is None or sources != [each["source"], *each["also"]]:
            assert row.age is None, what
        else:
            assert row.age == pytest.approx(each["age"], abs=0.05), what


def by_what(machine: str, fault: str = "driver-read", **wanted: Any) -> dict[str, IrpRow]:
    """The rows of requests by what the lab calls them; of several the last."""
    names = {each["irp"]: each["what"] for each in truth(machine, fault)}
    return {names[row.irp]: row for row in shown(machine, fault, True, Wanted(**wanted)) if row.irp in names}


@EVERY
def test_what_others_than_microsoft_hold_leads_oldest_first(machine: str) -> None:
    states = [row.state for row in shown(machine, "driver-read", True) if row.irp]
    under_way = [state not in ("completed", "free") for state in states]
    assert under_way == sorted(under_way, reverse=True)
    assert states[-1] == "free"
    assert {row.driver for row in shown(machine, "driver-read", True)[:2]} == {"\\Driver\\acmedrv"}
    ages = [row.age for row in shown(machine, "driver-read", True) if row.driver == "\\Driver\\acmedrv" and row.age]
    assert ages == sorted(ages, reverse=True) and ages


@EVERY
def test_notes_say_what_is_asked_and_who_waits(machine: str) -> None:
    rows = by_what(machine)
    code = (
        "code 0x0022e004 FILE_DEVICE_UNKNOWN function 0x801 METHOD_BUFFERED FILE_READ_ACCESS|FILE_WRITE_ACCESS vendor"
    )
    assert f"{code}, input 24 bytes, output 64 bytes" in rows["control request"].note
    assert "cancel routine acmedrv" in rows["control request"].note
    read = rows["file read"].note
    assert "length 65536, offset 0x2a0000" in read and "(CurrentIrp)" in read
    assert "waited for by \\Driver\\disk, " in read and read.index("\\Driver\\disk") < read.index("\\FileSystem\\Ntfs")
    assert "relations BusRelations" in rows["query of a bus"].note
    assert "its pool block is free" in rows["freed request"].note
    assert "STATUS" in rows["completed write"].note or "status 0x00000000" in rows["completed write"].note
    assert "length" not in rows["completed write"].note
    if "power request" in rows:
        assert "state PowerDeviceD3" in rows["power request"].note


@EVERY
def test_locations_are_children_lowest_first(machine: str) -> None:
    rows = list(shown(machine, "driver-read", True, Wanted(locations=True)))
    read = next(each for each in truth(machine, "driver-read") if each["what"] == "file read")
    start = next(number for number, row in enumerate(rows) if row.irp == read["irp"])
    below = rows[start + 1 : start + 1 + read["count"]]
    assert [row.depth for row in rows[start : start + 2 + read["count"]]] == [0, *[1] * read["count"], 0]
    assert [row.location for row in below] == [f"{number}/{read['count']}" for number in range(1, read["count"] + 1)]
    assert below[0].driver == read["driver"] and below[0].note.startswith("current; length 65536")
    assert "pending; completion on success, error, cancel; set by \\Driver\\disk" in below[0].note
    assert below[-1].driver == "\\FileSystem\\FltMgr" and "pending" not in below[-1].note


@EVERY
def test_equal_requests_are_joined(machine: str) -> None:
    rows = [row for row in shown(machine, "driver-read", True, Wanted(grouped=True)) if row.process != "error"]
    counts = [int(row.note.split()[0]) for row in rows]
    assert sum(counts) == len(truth(machine, "driver-read"))
    assert counts == sorted(counts, reverse=True)
    kinds = Counter(
        (each["major"], each["device"], each["file"], each["pid"], each["state"])
        for each in truth(machine, "driver-read")
    )
    assert sorted(counts) == sorted(kinds.values())


@EVERY
def test_requests_are_chosen(machine: str) -> None:
    built = truth(machine, "driver-read")
    held = {each["irp"] for each in built if each["driver"] == "\\Driver\\acmedrv"}
    for pattern in ("acmedrv", "ACME*", "acmedrv.sys", "\\Driver\\acmedrv"):
        found = {row.irp for row in shown(machine, "driver-read", True, Wanted(drivers=(pattern,))) if row.irp}
        assert found == held, pattern
    mine = {each["irp"] for each in built if each["pid"] == built[0]["pid"]}
    assert {row.irp for row in shown(machine, "driver-read", True, Wanted(who=("acmetray.exe",))) if row.irp} == mine
    one = built[3]["irp"]
    rows = shown(machine, "driver-read", True, Wanted(addresses=(one, one + 0x1000000), wrong=("zebra",)))
    assert [row.irp for row in rows if row.irp] == [one, one + 0x1000000]
    assert rows[0].note == "zebra: no address"
    assert rows[2].source == "" and "what is there" in rows[2].note
    listed = {row.irp for row in shown(machine, "driver-read", True, Wanted(scan=False)) if row.irp}
    assert listed == {each["irp"] for each in built if each["source"] != "scan"}


@EVERY
@pytest.mark.parametrize("kind", ["bitmap-kernel", "raw"])
def test_other_targets_show_the_same(machine: str, kind: str, tmp_path: Path) -> None:
    path = write(build(machine, "power"), kind, tmp_path / f"made.{kind}")
    image = open_image(FileSource(path), None, str(path)) if kind == "raw" else None
    target = target_of_image(image) if image is not None else open_dump(BytesSource(path.read_bytes()))
    usual = [row for row in shown(machine, "power", True) if row.process != "error"]
    assert [row for row in irps_rows(scene_of(target), ALL) if row.process != "error"] == usual


@EVERY
def test_a_small_dump_shows_the_request_that_its_bugcheck_names(machine: str) -> None:
    data, built = dump_of(machine, "power", "triage")
    row, note = irps_rows(scene(data), ALL)
    said = next(each for each in built["io"]["requests"] if each["irp"] == built["power"]["irp"])
    assert (row.irp, row.source, row.state) == (said["irp"], "bugcheck", "pending")
    assert (row.driver, row.device) == ("\\Driver\\acmedrv", said["device"])
    assert "parameter 4 of bugcheck 0x9f" in row.note
    assert note.process == "error" and "a small dump holds" in note.note
