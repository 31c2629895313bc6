"""Sums over address spaces whose regions were shown before in the same run: these are not cut a second time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.address.region import Region
from volplugins.address.summary import Sum, Sums
from volplugins.vol.scene.shared_work import once_of_scene, scene_is_shared

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene
    from volplugins.kernel.process import Process
    from volplugins.vol.scene.address_maps import ProcessMap

_Key = tuple[int, int | None, int | None]


@dataclass(frozen=True, slots=True)
class KeptSum:
    """What is known of one process: the sums over all of its regions, and what was wrong with it."""

    sums: tuple[Sum, ...]
    notes: tuple[str, ...]


class KeptSums:
    """Those of one scene; nothing is kept, and nothing known, where commands share no work.

    Args:
        whole: whether every region of every process is looked at: what a choice of them gives is not kept, as pages
            that processes share are given for the first of those that are looked at.
    """

    def __init__(self, scene: CrashScene, whole: bool) -> None:
        self._used = whole and scene_is_shared(scene)
        self._kept: dict[_Key, KeptSum] = once_of_scene(scene, ("sums of regions",), dict) if self._used else {}

    def of(self, process: Process) -> KeptSum | None:
        """What is known of a process whose regions have all been shown."""
        return self._kept.get(_key(process)) if self._used else None

    def noting(self, found: ProcessMap, regions: Iterable[Region]) -> Iterator[Region]:
        """The regions; once the last has gone by, the sums over them are known."""
        if not self._used:
            yield from regions
            return
        sums = Sums()
        for region in regions:
            sums.add(region)
            yield region
        self._kept[_key(found.process)] = KeptSum(tuple(sums.lines()), tuple(found.notes))


def _key(process: Process) -> _Key:
    return process.eprocess, process.directory_table_base, process.vad_root
