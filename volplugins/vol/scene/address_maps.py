"""From a scene to the address maps of its processes: what all of them share is made once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from volplugins.address.address_space_map import Subject, map_of
from volplugins.address.bare_directory import bare_regions
from volplugins.address.disagreement import ImageSections
from volplugins.address.frame_shares import FrameShares, SharedOut
from volplugins.address.region import FREE, UNKNOWN, Region
from volplugins.address.regions import AddressMap
from volplugins.address.section_files import SectionFiles
from volplugins.address.uses import Owner, Use, uses_of
from volplugins.kernel.directories.seen_tables import SeenTables
from volplugins.kernel.directories.top import Top, read_top
from volplugins.kernel.process import Process
from volplugins.kernel.user_range import user_limit
from volplugins.kernel.vads import NO_VADS, Vad, Vads
from volplugins.paging.address_space import AddressSpace
from volplugins.threads.user_modules import listed_names
from volplugins.threads.wow64 import peb32_of
from volplugins.vol.scene.directory_verdicts import WALKABLE, DirectoryJudge, judge_of, process_space
from volplugins.vol.scene.mapped_files import mapped_files
from volplugins.vol.scene.owned_structures import lists_reader, owner_of, threads_in_list, vads_of
from volplugins.vol.scene.shared_work import once_of_scene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_MOST_NOTES = 16


@dataclass(frozen=True, slots=True)
class ProcessMap:
    """One process: its address space, its regions (made as they are asked for), and what was wrong on the whole."""

    process: Process
    space: AddressSpace
    regions: Iterable[Region]
    notes: Sequence[str]


def frame_shares(scene: CrashScene) -> FrameShares:
    """Where in physical memory the pages are of processes whose maps have been made; filled as maps are made."""

    def make() -> FrameShares:
        memory = scene.target.memory
        runs = (memory.described or ((0, memory.highest_pfn + 1),)) if memory is not None else ()
        return FrameShares(SharedOut(runs))

    return once_of_scene(scene, ("frame shares",), make)


@dataclass(slots=True)
class AddressMaps:
    """Makes the maps of one scene."""

    scene: CrashScene
    processes: Sequence[Process]
    court: DirectoryJudge = field(init=False)
    _sections: SectionFiles = field(init=False)
    _images: ImageSections = field(init=False)
    _frames: FrameShares = field(init=False)
    _seen: SeenTables = field(default_factory=SeenTables)

    def __post_init__(self) -> None:
        self.court = judge_of(self.scene, self.processes)
        self._sections = mapped_files(self.scene)
        self._images = ImageSections(self.scene.memory)
        self._frames = frame_shares(self.scene)

    def of(self, process: Process) -> ProcessMap:
        """The map of one process, or of a bare directory (EPROCESS 0); never raises for what the dump holds."""
        vads = vads_of(self.scene, process) if process.vad_root else NO_VADS
        space = process_space(self.scene, process, vads=vads)
        limit, note = self._limit(vads)
        if not process.eprocess:
            bare = self._map(process, space, (), limit)
            return ProcessMap(process, space, bare_regions(bare), [*([note] if note else ()), *bare.notes])
        inside = [vad for vad in vads.ranges if vad.end <= limit]
        beyond = [f"VAD {vad.address:#x} ({vad.start:#x}-{vad.end:#x}) lies beyond user addresses" for vad in
                  vads.ranges if vad.end > limit]  # fmt: skip
        if len(beyond) > _MOST_NOTES:
            beyond[_MOST_NOTES:] = [f"and {len(beyond) - _MOST_NOTES} more"]
        notes = [*vads.notes, *beyond, *([note] if note else ())]
        if not inside:
            return ProcessMap(process, space, [self._empty(process, limit, vads)], notes)
        found = self._map(process, space, inside, limit)
        return ProcessMap(process, space, found.regions(), [*notes, *found.notes])

    def _limit(self, vads: Vads) -> tuple[int, str]:
        scene = self.scene
        assert scene.space is not None
        highest = max((vad.end for vad in vads.ranges), default=0)
        mode, build = scene.space.space.mode, scene.target.build
        return user_limit(scene.memory, scene.debugger_data, mode, build, highest)

    def _empty(self, process: Process, limit: int, vads: Vads) -> Region:
        """The whole range of a process without ranges, or whose ranges cannot be told."""
        if process.vad_root is None or vads.notes:
            unknown = process.absent or "VadRoot is not known in this build"
            why = "its ranges cannot be told" if vads.notes else unknown
            return Region(0, limit, "", UNKNOWN, None, (), "Unknown", 0, 0, "", (why,))
        why = "has exited" if process.exit_time else "has no user memory"
        return Region(0, limit, "", FREE, None, (), "Free", 0, 0, "", (why,))

    def _map(self, process: Process, space: AddressSpace, vads: Sequence[Vad], limit: int) -> AddressMap:
        memory = self.scene.target.memory
        assert memory is not None
        top, why = self._top(process, space)
        subject = Subject(
            memory, self.scene.memory, space, top, why, vads, limit, self.court.mask, memory.pages_in_file, self._seen,
            owner_of(process), self._frames.begin(process.eprocess) if process.eprocess else None,
        )  # fmt: skip
        # images' headers are read through this process, but once for each file in all of them
        self._images.memory, self._images.listed = space, self._listed(process, space)
        return map_of(subject, self._uses(process, space), self._sections, self._images)

    def _listed(self, process: Process, space: AddressSpace) -> Callable[[int], str]:
        """Names by the loader's lists, which are read when the first image without a file's path asks for its own."""
        names: list[dict[int, str]] = []

        def listed(base: int) -> str:
            if not names:
                reader = lists_reader(self.scene, process, space)
                low = peb32_of(self.scene.memory, process.wow64) if process.wow64 else None
                pebs = ((process.peb, self.scene.bits), (low, 32)) if process.eprocess else ()
                names.extend(listed_names(space, peb, bits, reader) for peb, bits in pebs)
            return next((each[base] for each in names if base in each), "")

        return listed

    def _top(self, process: Process, space: AddressSpace) -> tuple[Top | None, str]:
        """The top of the page directory, or why there is none to use."""
        word = self.court.word(process)
        if word not in WALKABLE:
            return None, f"page-directory:{word}"
        top = read_top(space.physical, space.mode, process.directory_table_base or 0, space.user_end)
        return top, "" if top is not None else "page-directory:not-in-dump"

    def _uses(self, process: Process, space: AddressSpace) -> list[Use]:
        if not process.eprocess:
            return []
        low = peb32_of(self.scene.memory, process.wow64) if process.wow64 else None
        owner = Owner(space, self.scene.bits, process.peb or 0, low or 0, list(threads_in_list(self.scene, process)))
        return list(uses_of(owner))
