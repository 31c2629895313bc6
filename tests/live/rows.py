"""Rows of every plugin of a live machine, and of the same machine as a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.vol.test_images import every_row
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.imagefile.open_image import open_image
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.target.of_dump import target_of_dump
from volplugins.target.of_image import target_of_image
from volplugins.target.target import Target
from volplugins.vol.commands.cpus.rows import cpu_rows
from volplugins.vol.commands.findings.rows import findings_rows
from volplugins.vol.commands.findings.sources import Asked
from volplugins.vol.layers.live_machines import Live, leave_all, live_at
from volplugins.vol.scene.crash_scene import scene_of

Rows = list[tuple[Any, ...]]
NOT_SEARCHED = "a live machine; --scan does it"


@contextmanager
def attached(url: str) -> Iterator[Live]:
    """The machine, stopped; it runs on when the block ends."""
    try:
        yield live_at(url)
    finally:
        leave_all()


def file_target(machine: str, fault: str, folder: Path) -> Target:
    """The same machine as a complete dump where it crashed, else as a LiME image."""
    if fault == "none":
        image = open_image(FileSource(write(build(machine, fault), "lime", folder / f"{machine}.lime")), None, "x.lime")
        assert image is not None
        return target_of_image(image)
    return target_of_dump(open_dump(FileSource(write(build(machine, fault), "full", folder / f"{machine}.dmp"))))


def rows_of(target: Target, scan: bool | None) -> dict[str, Rows]:
    scene = scene_of(target)
    return dict(all_rows(scene, scan))


def all_rows(scene: CrashScene, scan: bool | None) -> Iterator[tuple[str, Rows]]:
    yield from every_row(scene, scan)
    yield "cpus", [tuple(row) for row in cpu_rows(scene)]
    yield "findings", [tuple(row) for row in findings_rows(scene, Asked(scan=scan))]
