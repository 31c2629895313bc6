"""Views of the lab's machines, made once per test run."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.io.view import IoView
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.io_scene import io_view


@cache
def snapshot_of(machine: str, sparse: bool = False) -> Snapshot:
    """A machine of the lab; ``sparse``: one whose kernel nobody has symbols of."""
    return build(machine, sparse=sparse)


def scene_of_snapshot(snapshot: Snapshot, kind: str = "full") -> CrashScene:
    """The scene of a dump of it."""
    with tempfile.TemporaryDirectory() as folder:
        data = write(snapshot, kind, Path(folder) / "a.dmp").read_bytes()
    return scene_of(open_dump(BytesSource(data)))


@cache
def view_of(machine: str, sparse: bool = False, scan: bool = True) -> IoView:
    """The view of a full dump of a machine."""
    return io_view(scene_of_snapshot(snapshot_of(machine, sparse)), scan)
