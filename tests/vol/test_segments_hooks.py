"""Findings about descriptor tables: sound machines have none, each hook of the lab has its own and no other."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest

from tests.sampling import in_turn
from tests.vol.test_irps import scene
from volplugins.findings.finding import Finding
from volplugins.lab.damage.gates import GATE_HOOKS, gate_hooks_of, with_gate_hook
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.vol.commands.findings.segments import of_segment
from volplugins.vol.commands.segments.rows import Wanted, segment_rows

CASES = [(machine, name) for machine in MACHINES for name in gate_hooks_of(64 if machine.endswith("x64") else 32)]
SOUND = [
    ("win10-x64", "driver-read", 1), ("win10-x64", "double-fault-stack", 0), ("win10-x64", "machine-check", 0),
    ("win7-x64", "nmi-stack", 0), ("win7-x86-pae", "double-fault-task", 0), ("win7-x86-pae", "machine-check", 1),
    ("xp-x86", "nmi-task", 0), ("xp-x86", "machine-check", 0), ("xp-x86", "driver-read", 1),
]  # fmt: skip
# what only symbols can tell: that code of the kernel is another function
BY_SYMBOLS = ("lstar-elsewhere",)


@lru_cache(maxsize=4)
def sound(machine: str) -> Snapshot:
    return build(machine)


def found(snapshot: Snapshot, folder: Path, symbols: bool = True) -> list[Finding]:
    data = write(snapshot, "full", folder / "a.dmp").read_bytes()
    return [each for row in segment_rows(scene(data, symbols), Wanted()) for each in of_segment(row)]


@pytest.mark.parametrize(("machine", "fault", "host"), SOUND)
@pytest.mark.parametrize("symbols", [True, False], ids=["symbols", "none"])
def test_sound_machines_have_no_finding(machine: str, fault: str, host: int, symbols: bool, tmp_path: Path) -> None:
    assert [each.evidence for each in found(build(machine, fault, host=host), tmp_path, symbols)] == []


@pytest.mark.parametrize(("machine", "name"), in_turn(CASES))
@pytest.mark.parametrize("symbols", [True, False], ids=["symbols", "none"])
def test_each_hook_has_its_finding(machine: str, name: str, symbols: bool, tmp_path: Path) -> None:
    hooked = with_gate_hook(sound(machine), name)
    hook = hooked.truth["descriptors"]["hook"]
    findings = found(hooked, tmp_path, symbols)
    if not GATE_HOOKS[name].finding or (name in BY_SYMBOLS and not symbols):
        assert not [each.evidence for each in findings if each.kind.severity.name == "SUSPICIOUS"]
        return
    assert hook["finding"] in {each.kind.name for each in findings}
    right = [each for each in findings if each.kind.name == hook["finding"]]
    if hook["processor"] is not None:
        assert all(f"processor {hook['processor']}" in each.evidence for each in right)
    if hook["target"] is not None and name != "call-gate":
        assert {each.about.address for each in right} == {hook["target"]} or name == "idt-elsewhere"
