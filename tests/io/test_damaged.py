"""The lab's defects of the I/O system: each is named, becomes a finding where it is one, and costs nothing else."""

from __future__ import annotations

import pytest

from tests.io.views import scene_of_snapshot, snapshot_of
from tests.sampling import sampled
from volplugins.findings.drivers import of_view
from volplugins.findings.finding import Finding
from volplugins.findings.requests import of_requests
from volplugins.lab.damage.io import IO_DEFECTS, with_io_defect
from volplugins.lab.machines.catalogue import MACHINES
from volplugins.vol.scene.io_requests import IoRequests, io_requests
from volplugins.vol.scene.io_scene import io_view

# kinds of findings that a defect gives, the first of which is about it
FINDINGS = {
    "dispatch-hook": {"routine-outside-modules"},
    "fastio-hook": {"routine-outside-modules"},
    "completion-hook": {"routine-outside-modules"},
    "driver-unlinked": {"driver-hidden"},
    "driver-hidden": {"driver-hidden"},
    "driver-unloaded": {"driver-without-image"},
    "device-wrong-driver": {"device-without-driver"},
    "stack-out-of-order": {"device-stack-order"},
    "attached-loop": {"device-stack-order"},
    "node-loop": {"list-broken"},
    "irp-list-loop": {"list-broken"},
}
# what damages no list, and is said in rows alone
SAID = ("device-loop", "irp-current-location", "irp-stack-ff", "name-64k", "directory-loop", "type-cookie")


def _found(found: IoRequests) -> list[Finding]:
    view = found.devices.view
    return [*of_view(view), *of_requests(found.sources, view.system.modules)]


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("sparse", [False, True])
def test_a_sound_machine_has_no_finding(machine: str, sparse: bool) -> None:
    assert _found(io_requests(scene_of_snapshot(snapshot_of(machine, sparse)), True)) == []


@pytest.mark.parametrize(
    ("machine", "defect"), sampled([(machine, defect) for defect in IO_DEFECTS for machine in MACHINES], 17)
)
def test_a_defect(machine: str, defect: str) -> None:
    assert set(IO_DEFECTS) == {*FINDINGS, *SAID}
    snapshot = with_io_defect(snapshot_of(machine), defect)
    scene = scene_of_snapshot(snapshot)
    found, view = io_requests(scene, True), io_view(scene, True)
    findings = _found(found)
    assert {each.kind.name for each in findings} == FINDINGS.get(defect, set()), findings
    at, truth = snapshot.truth["io_defect"]["at"], snapshot.truth["io"]
    assert defect in SAID or any(f"{at:#x}" in each.evidence or each.about.address == at for each in findings), hex(at)
    lost = {each["object"] for each in truth["drivers"]} - set(view.drivers)
    assert not lost and len({each["object"] for each in truth["devices"]} - set(view.devices)) <= 1
    assert len({each["irp"] for each in truth["requests"]} - set(found.sources.found)) <= 1
