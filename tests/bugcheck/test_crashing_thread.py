"""The processor's number in a small dump, and where the crashing thread's kernel stack was entered from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bugcheck.labelled import Labelled, analysed
from volplugins.bugcheck.analysis import analyse
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.vol.commands.analyze.rows import AnalyzeRow, later_rows
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.user_frames import user_stack


def numbered(machine: str, number: int, path: Path) -> AnalyzeRow:
    """PROCESSOR of a small dump whose KPRCB has this number."""
    data = bytearray(write(build(machine), "triage", path).read_bytes())
    dump = open_dump(BytesSource(bytes(data)))
    assert dump.triage is not None and dump.triage.prcb is not None
    scene = scene_of(dump)
    at, size = scene.layouts.processor.members["Number"]
    start = data.index(dump.triage.prcb.data) + at
    data[start : start + size] = number.to_bytes(size, "little")
    analysis = analyse(scene_of(open_dump(BytesSource(bytes(data)))))
    return next(row for row in later_rows(analysis) if row.field == "PROCESSOR")


@pytest.mark.parametrize("machine", MACHINES)
def test_a_small_dumps_processor_is_its_real_number(machine: str, tmp_path: Path) -> None:
    assert numbered(machine, 1, tmp_path / "a.dmp").value == "1"


def test_a_number_that_no_processor_has_is_absent(tmp_path: Path) -> None:
    row = numbered("win10-x64", 77, tmp_path / "a.dmp")
    assert not isinstance(row.value, str) and row.evidence


def last_kernel_frame(labelled: Labelled) -> AnalyzeRow:
    rows = [row for row in later_rows(labelled.analysis) if row.section == "stack"]
    assert all("Ring=kernel" in row.evidence for row in rows)
    return rows[-1]


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("kind", ["full", "triage"])
def test_the_last_kernel_frame_says_where_the_thread_came_from(machine: str, kind: str, tmp_path: Path) -> None:
    labelled = analysed(build(machine), kind, tmp_path)
    last = last_kernel_frame(labelled)
    asked = analysed(build(machine), "full", tmp_path).analysis.scene
    came_from = user_stack(asked).frames[0].frame.ip
    assert f"RetAddr={came_from:#x} " in str(last.value)
    assert f"from user mode at {came_from:#x}" in last.evidence
    thread = labelled.truth["thread"]["ethread"]
    assert (f"windows.kd.stacks --thread {thread:#x}" in last.evidence) is (kind == "full")


def test_a_system_thread_came_from_nowhere(tmp_path: Path) -> None:
    last = last_kernel_frame(analysed(build("win10-x64", "system-thread"), "full", tmp_path))
    assert "user mode" not in last.evidence and "RetAddr=0x0 " in str(last.value)


@pytest.mark.parametrize("machine", ["win10-x64", "win7-x86-pae"])
def test_user_frames_follow_the_kernels(machine: str, tmp_path: Path) -> None:
    analysis = analysed(build(machine), "full", tmp_path).analysis
    rows = [row for row in later_rows(analysis, user_stack(analysis.scene)) if row.section == "stack"]
    rings = [row.evidence.split(" ", 1)[0] for row in rows]
    assert rings == sorted(rings) and {"Ring=kernel", "Ring=user"} == set(rings)
    assert [row.field for row in rows] == [f"{number:02d}" for number in range(len(rows))]
    assert sum("Stop=" in row.evidence for row in rows) == 1 and "Stop=" in rows[-1].evidence
    assert any("ntdll!NtDeviceIoControlFile" in str(row.value) for row in rows)


def test_user_frames_that_cannot_be_had_say_why(tmp_path: Path) -> None:
    for kind in ("triage", "bitmap-kernel"):
        analysis = analysed(build("win10-x64"), kind, tmp_path).analysis
        rows = [row for row in later_rows(analysis, user_stack(analysis.scene)) if row.section == "stack"]
        assert "from user mode at" in rows[-1].evidence or "Ring=user" in rows[-1].evidence
        assert "Stop=" in rows[-1].evidence
