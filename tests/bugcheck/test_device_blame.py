"""The driver at fault by the request, device or thread that a bugcheck names: culprit, device stack, instance path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.sampling import sampled
from volplugins.bugcheck.analysis import Analysis, analyse
from volplugins.bugcheck.scene.crash_scene import build_scene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.lab.machines.catalogue import MACHINES, build, device_faults_of
from volplugins.lab.writers import write
from volplugins.vol.commands.analyze.culprit_rows import culprit_rows
from volplugins.vol.scene.crash_scene import scene_of

CRASHES = [(machine, fault) for machine in MACHINES for fault in (*device_faults_of(machine), "power")]
FULL, SMALL = "bitmap-kernel", "triage"
# what is not `high` in a kernel dump: a device alone, or frames of the processor that hangs
MEDIUM = {
    "drips-15f": MACHINES, "power-9f-1": tuple(each for each in MACHINES if each != "win10-x64"),
    "clock-watchdog-request": MACHINES,
}  # fmt: skip
# of what these wait for the small dump holds nothing
NOT_IN_SMALL = ("power-9f-4", "power-9f-4-queue", "clock-watchdog-request")


@dataclass(frozen=True, slots=True)
class Blamed:
    """An analysed crash: what was built, and the rows of the section ``culprit`` by field."""

    truth: dict[str, Any]
    rows: dict[str, tuple[Any, str, str]]
    image: str

    @property
    def node(self) -> dict[str, Any]:
        """The device node of the device that acmedrv serves."""
        return next(each for each in self.truth["nodes"] if each["service"] == "acmedrv" and len(each["stack"]) > 1)


def analysis_of(data: bytes, symbols: bool) -> Analysis:
    dump = open_dump(BytesSource(data))
    return analyse(scene_of(dump) if symbols else build_scene(dump))


def rows_of(analysis: Analysis) -> dict[str, tuple[Any, str, str]]:
    return {row.field: (row.value, row.confidence, row.evidence) for row in culprit_rows(analysis)}


@cache
def dumps(machine: str, fault: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    snapshot = build(machine, fault)
    with TemporaryDirectory() as folder:
        return snapshot.truth["io"], {kind: write(snapshot, kind, Path(folder) / kind).read_bytes()
                                      for kind in (FULL, SMALL)}  # fmt: skip


@cache
def blamed(machine: str, fault: str, kind: str, symbols: bool) -> Blamed:
    truth, written = dumps(machine, fault)
    analysis = analysis_of(written[kind], symbols)
    image = analysis.culprit.image_name if analysis.culprit is not None else ""
    return Blamed(truth, rows_of(analysis), image)


@pytest.mark.parametrize(
    ("machine", "fault", "symbols"), sampled([(*pair, known) for pair in CRASHES for known in (True, False)], 3)
)
def test_a_kernel_dump_gives_driver_stack_and_instance(machine: str, fault: str, symbols: bool) -> None:
    found = blamed(machine, fault, FULL, symbols)
    sure = "medium" if machine in MEDIUM.get(fault, ()) else "high"
    if fault == "power-9f-1" and not symbols:
        sure = "medium"  # the list of power requests is a variable of the kernel
    assert (found.image, found.rows["MODULE_NAME"][1]) == ("acmedrv.sys", sure), found.rows["MODULE_NAME"]
    assert found.rows["DEVICE_STACK"][0] == " > ".join(found.node["drivers"])
    assert found.rows["DEVICE_INSTANCE"][0] == found.node["instance"]
    top = f"{found.node['stack'][0]:#x}"
    assert top in found.rows["DEVICE_STACK"][2] and f"{found.node['node']:#x}" in found.rows["DEVICE_INSTANCE"][2]


@pytest.mark.parametrize(
    ("machine", "fault", "symbols"),
    sampled([(*pair, known) for pair in CRASHES if pair[1] not in NOT_IN_SMALL for known in (True, False)], 3),
)
def test_a_small_dump_gives_what_it_holds_and_says_what_it_lacks(machine: str, fault: str, symbols: bool) -> None:
    found = blamed(machine, fault, SMALL, symbols)
    assert found.image == "acmedrv.sys" and found.rows["MODULE_NAME"][1] in ("medium", "high")
    assert found.rows["DEVICE_STACK"][0] == " > ".join(found.node["drivers"])
    value, _, evidence = found.rows["DEVICE_INSTANCE"]
    if machine == "win10-x64" and fault != "power":
        assert value == found.node["instance"]  # the kernel adds the node to the dump
    else:
        assert not isinstance(value, str) and evidence == f"device node {found.node['node']:#x} is not in the dump"


@pytest.mark.parametrize(("machine", "fault"), [each for each in CRASHES if each[1] in NOT_IN_SMALL])
def test_a_small_dump_without_the_thread_blames_nobody_but_the_kernel(machine: str, fault: str) -> None:
    value, sure, evidence = blamed(machine, fault, SMALL, True).rows["MODULE_NAME"]
    assert ((value, sure) == ("nt", "low") and "not in the dump" in evidence) or "not-in-dump" in evidence


def test_the_evidence_says_who_holds_what_and_since_when() -> None:
    evidence = blamed("win10-x64", "power-9f-3", FULL, True).rows["MODULE_NAME"][2]
    assert (
        "(IRP_MJ_POWER IRP_MN_SET_POWER) is held by \\Driver\\acmedrv (acmedrv.sys): stack location 2 of 3" in evidence
    )
    assert "the power manager's record has it at the same device, watched for 601 s" in evidence
    evidence = blamed("win10-x64", "power-9f-4", FULL, True).rows["MODULE_NAME"][2]
    assert "IRP_MN_REMOVE_DEVICE" in evidence and "on whose stack acmedrv.sys is too" in evidence
    evidence = blamed("win10-x64", "pnp-1d5", FULL, True).rows["MODULE_NAME"][2]
    assert "TRIAGE_PNP_WATCHDOG) is not known" in evidence and "the service acmedrv, this driver's" in evidence
    evidence = blamed("win10-x64", "clock-watchdog-request", FULL, True).rows["DEVICE_STACK"][2]
    assert "of the thread that hangs is held (IRP_MJ_INTERNAL_DEVICE_CONTROL)" in evidence


@pytest.mark.parametrize("machine", MACHINES)
def test_crashes_without_a_device_show_none(machine: str) -> None:
    snapshot = build(machine, "driver-read")
    with TemporaryDirectory() as folder:
        data = write(snapshot, FULL, Path(folder) / "a.dmp").read_bytes()
    assert not {"DEVICE_STACK", "DEVICE_INSTANCE"} & set(rows_of(analysis_of(data, True)))
    asked = replace(snapshot, header={**snapshot.header, "BugCheckCode": 0xE2})
    with TemporaryDirectory() as folder:
        data = write(asked, FULL, Path(folder) / "a.dmp").read_bytes()
    assert "DEVICE_STACK" not in rows_of(analysis_of(data, True))
