"""Dumps of a live machine, whole and resumed; the guest's memory read beside the wire."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.live.rows import attached, file_target, rows_of
from tests.live.serving import serving
from tests.live.test_plugins import run
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.kd.errors import LiveError
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.target.of_dump import target_of_dump
from volplugins.target.target import NO_CRASH
from volplugins.vol.commands.analyze.rows import analyze_rows
from volplugins.vol.output.rows import NOT_APPLICABLE
from volplugins.vol.scene.crash_scene import analysis_of, scene_of


@pytest.mark.parametrize("machine", ["win7-x86-pae", pytest.param("win10-x64", marks=pytest.mark.slow)])
def test_a_snapshot_gives_the_rows_of_the_machines_own_dump(machine: str, tmp_path: Path) -> None:
    path = tmp_path / "m.dmp"
    with serving("--machine", machine, "--fault", "notmyfault") as served:
        done = run("live", served.url, "--snapshot", str(path))
        again = run("live", served.url, "--snapshot", str(path), "-q")
    assert done.returncode == 0 and "read over the wire" in done.stdout and "it runs on" in done.stdout
    assert again.returncode == 2 and "no new file" in again.stderr
    assert path.stat().st_mode & 0o077 == 0 and sorted(each.name for each in tmp_path.iterdir()) == ["m.dmp"]
    found = rows_of(target_of_dump(open_dump(FileSource(path))), False)
    expected = rows_of(file_target(machine, "notmyfault", tmp_path), False)
    for name in ("process", "pagedirs", "stacks", "kernel modules", "address", "drivers", "waits"):
        assert found[name] == expected[name], name


def test_a_snapshot_of_a_machine_without_a_crash_keeps_its_processors(tmp_path: Path) -> None:
    """The debugger stopped them, so that their blocks hold what they ran; the header's context says so."""
    path = tmp_path / "m.dmp"
    with serving("--machine", "win7-x86-pae", "--fault", "none") as served:
        assert run("live", served.url, "--snapshot", str(path), "-q").returncode == 0
        with attached(served.url) as live:
            expected, standing = rows_of(live.target, False), live.target.standing
    dump = target_of_dump(open_dump(FileSource(path)))
    assert dump.bugcheck.code == NO_CRASH and dump.stopped
    assert dump.context is not None and dump.context.ip in {each.ip for each in standing.values()}
    found = rows_of(dump, False)
    assert found["stacks"] == expected["stacks"]
    levels = [row[7] for row in found["cpus"]]
    assert levels == [row[7] for row in expected["cpus"]] and levels[0] is not None
    said = {row.field: row for row in analyze_rows(analysis_of(scene_of(dump)))}
    assert "where the processor of the context record stood" in said["FAULTING_IP"].evidence
    assert said["MANUAL_CRASH"].value == "live-dump" and said["IMAGE_NAME"].value is NOT_APPLICABLE, "nobody is blamed"


@pytest.mark.parametrize("moved", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_snapshot_goes_on_where_it_ended_if_the_machine_has_not_run(moved: bool, tmp_path: Path) -> None:
    path, whole = tmp_path / "m.dmp", tmp_path / "whole.dmp"
    with serving("--machine", "xp-x86") as served:
        stays = f"{served.url}?stay-stopped=1"
        assert run("live", stays, "--snapshot", str(whole), "-q").returncode == 0
        data = bytearray(whole.read_bytes())
        half = len(data) // 0x2000
        # as a run leaves it that ended half way: the rest is not there, and which machine it was is
        part, beside = tmp_path / "m.dmp.part", tmp_path / "m.dmp.part.json"
        assert run("live", stays, "--snapshot", str(path), "-q").returncode == 0
        known = _moment_of(served.url, path, tmp_path)
        path.unlink()
        if moved:
            known["moment"]["time"] += 1
        part.write_bytes(bytes(data[: half * 0x1000]))
        beside.write_text(json.dumps({**known, "pages": half - 64}))
        before = served.url
        done = run("live", stays, "--snapshot", str(path))
        assert done.returncode == 0 and before
    assert path.read_bytes() == bytes(data)
    read = int(done.stdout.split("Read")[1].split()[0])
    assert (read < len(data) * 0.7 / 1024) is not moved


def _moment_of(url: str, path: Path, folder: Path) -> dict:  # type: ignore[type-arg]
    from volplugins.cli.snapshot import _moment

    with attached(f"{url}?stay-stopped=1") as live:
        return {"moment": json.loads(json.dumps(_moment(live.target))), "size": path.stat().st_size}


def test_memory_beside_the_wire(tmp_path: Path) -> None:
    machine = "win10-x64"
    # with a debugger attached the debugger data block lies in clear
    raw = write(build(machine, "notmyfault"), "raw", tmp_path / "ram.raw", False)
    expected = rows_of(file_target(machine, "notmyfault", tmp_path), True)
    with serving("--machine", machine, "--fault", "notmyfault") as served:
        with attached(f"{served.url}?memory={quote(raw.as_uri(), safe='')}") as live:
            found = rows_of(live.target, True)
            assert live.machine.read_bytes < 1 << 20
        other = write(build("win7-x64", "notmyfault"), "raw", tmp_path / "other.raw")
        with pytest.raises(LiveError, match="not this machine's memory"), attached(f"{served.url}?memory={other}"):
            pass
        with pytest.raises(LiveError, match=r"[Nn]o such file"), attached(f"{served.url}?memory=/nowhere"):
            pass
    for name, rows in expected.items():
        assert found[name] == rows, name
    assert "the machine runs" in served.said
