"""FAILURE_SIGNATURE is what docs/output.md says, on every Windows of the lab, with symbols and without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from volplugins.bugcheck.analysis import analyse
from volplugins.bugcheck.scene.crash_scene import build_scene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import EVERY_MACHINE, build
from volplugins.lab.writers import write
from volplugins.vol.scene.crash_scene import scene_of

ONLY_THE_KERNEL = 0x12B  # a bugcheck that names nothing


def signatures(snapshot: Snapshot, folder: Path) -> set[str]:
    """Without any symbol, and with the tables that the host finds."""
    data = write(snapshot, "full", folder / "a.dmp").read_bytes()
    return {analyse(make(open_dump(BytesSource(data)))).signature for make in (build_scene, scene_of)}


@pytest.mark.parametrize("machine", EVERY_MACHINE)
def test_a_driver_has_its_offset(machine: str, tmp_path: Path) -> None:
    snapshot = build(machine, "driver-read")
    assert signatures(snapshot, tmp_path) == {f"0xd1_acmedrv.sys+{snapshot.truth['culprit_rva']:#x}"}


@pytest.mark.parametrize("machine", EVERY_MACHINE)
def test_a_subcode_comes_before_a_driver_that_the_stack_names(machine: str, tmp_path: Path) -> None:
    snapshot = build(machine, "pool")
    assert signatures(snapshot, tmp_path) == {f"0xc2_7_acmedrv.sys+{snapshot.truth['culprit_rva']:#x}"}


@pytest.mark.parametrize("machine", EVERY_MACHINE)
def test_the_kernel_and_a_process_have_their_names_alone(machine: str, tmp_path: Path) -> None:
    snapshot = build(machine, "critical-process")
    ended = "0xf4_csrss.exe" if machine == "xp-x86" else "0xef_wininit.exe"
    assert signatures(snapshot, tmp_path) == {ended}
    parameters = {f"BugCheckParameter{number}": 0 for number in range(1, 5)}
    bare = replace(snapshot, header={**snapshot.header, "BugCheckCode": ONLY_THE_KERNEL, **parameters})
    assert signatures(bare, tmp_path) == {"0x12b_ntoskrnl.exe"}
