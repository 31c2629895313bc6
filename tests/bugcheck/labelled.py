"""The labelled dumps: every machine, fault, load layout and computer of the lab, with what each is known to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from volplugins.bugcheck.analysis import Analysis, analyse
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import FAULTS, MACHINES, every_fault_of
from volplugins.lab.writers import write
from volplugins.vol.scene.crash_scene import scene_of


@dataclass(frozen=True, slots=True)
class Labelled:
    """One analysed dump and the truth about it."""

    snapshot: Snapshot
    kind: str
    analysis: Analysis

    @property
    def truth(self) -> dict[str, Any]:
        return self.snapshot.truth


def analysed(snapshot: Snapshot, kind: str, folder: Path) -> Labelled:
    """Write the snapshot as a dump of ``kind`` and analyse it."""
    path = write(snapshot, kind, folder / "labelled.dmp")
    data = path.read_bytes()
    path.unlink()
    return Labelled(snapshot, kind, analyse(scene_of(open_dump(BytesSource(data)))))


def has(machine: str, fault: str) -> bool:
    """Whether this machine can crash so (32-bit Windows has bugchecks of its own)."""
    return fault in every_fault_of(machine)


def pairs() -> Iterator[tuple[str, str]]:
    """Every machine with every fault it can have."""
    return ((machine, fault) for machine in MACHINES for fault in FAULTS if has(machine, fault))
