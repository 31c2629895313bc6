"""Hangs of the lab, explained."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from volplugins.bugcheck.analysis import analyse
from volplugins.bugcheck.scene.crash_scene import build_scene
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write
from volplugins.vol.commands.analyze.hang_rows import HangWanted, chosen_hang
from volplugins.vol.commands.analyze.row import AnalyzeRow
from volplugins.vol.commands.analyze.rows import later_rows
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.hang_scene import hang_of


@dataclass(frozen=True, slots=True)
class Hung:
    """A dump of a machine that hangs: the truth about its waits and its memory, the rows of the section ``hang``."""

    truth: dict[str, Any]
    rows: tuple[AnalyzeRow, ...]
    memory: dict[str, int]

    def of(self, field: str) -> list[AnalyzeRow]:
        return [row for row in self.rows if row.field == field]

    def only(self, field: str) -> AnalyzeRow:
        (row,) = self.of(field)
        return row

    def who(self, ethread: int) -> str:
        """``1708.1712``, as the rows name a thread."""
        found = [each for each in self.truth["threads"] if each["ethread"] == ethread]
        return f"{found[0]['pid']}.{found[0]['tid']}" if found else ""


@cache
def hung(machine: str, fault: str, kind: str = "full", asked: bool = False, symbols: bool = True) -> Hung:
    """The section of a dump of this machine; empty where it is not chosen by itself and not ``asked`` for."""
    snapshot = build(machine, fault)
    with TemporaryDirectory() as folder:
        data = write(snapshot, kind, Path(folder) / "hang.dmp").read_bytes()
    dump = open_dump(BytesSource(data))
    scene = scene_of(dump) if symbols else build_scene(dump)
    wanted = HangWanted("--hang", lambda: hang_of(scene)) if asked else chosen_hang(scene)
    rows = tuple(row for row in later_rows(analyse(scene), None, wanted) if row.section == "hang")
    return Hung(snapshot.truth.get("waits", {}), rows, snapshot.truth.get("memory", {}))
