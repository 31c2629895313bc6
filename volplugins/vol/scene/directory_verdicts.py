"""Verdicts on the page directories of a scene's processes, and another directory where one is bad."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from volplugins.dumpfile.physical_memory import PhysicalMemory
from volplugins.kernel.directories.candidates import MAX_CANDIDATES, find_directories
from volplugins.kernel.directories.census import Pages
from volplugins.kernel.directories.consensus import MOST_COMPARED, agreed, self_map_slot
from volplugins.kernel.directories.ranged_tables import RangedTables
from volplugins.kernel.directories.top import Top, read_top
from volplugins.kernel.directories.verdict import Anchor, Reference, Verdict, judge
from volplugins.kernel.process import Process
from volplugins.kernel.vads import Vads
from volplugins.memory.reader import PAGE_SIZE
from volplugins.paging.address_space import AddressSpace
from volplugins.target.target import TargetKind
from volplugins.vol.scene.directory_search import DirectorySearch, Found
from volplugins.vol.scene.owned_structures import owner_of, threads_in_list, vads_of
from volplugins.vol.scene.shared_work import once_of_scene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_STACKS = 256  # kernel stacks of a process that are compared
_COMPARED_OVER_WIRE = 6  # directories that System's is compared with where reading is dear; a damaged one is outvoted
_PAGES_SEARCHED = 1 << 22  # 16 GiB: the most memory that is searched for another directory
# verdicts after which the directory of the process can be used as it is
USABLE = frozenset({"ok", "reserved-bits", "tables-missing", "tables-paged-out"})
# verdicts of a top page that can still be walked, with what was wrong in mind
WALKABLE = USABLE | {"user-shadow", "self-map-mismatch", "kernel-half-mismatch"}


@dataclass(slots=True)
class DirectoryJudge:
    """Judges the directories of one scene; what all verdicts share is found once.

    Attributes:
        processes: the other processes, whose directories are not offered as another's.
        searching: whether a live machine's memory is searched for another directory, and its tables are read whole.
    """

    scene: CrashScene
    processes: Sequence[Process]
    searching: bool = False
    reference: Reference = field(init=False)
    _verdicts: dict[tuple[int, int], Verdict] = field(default_factory=dict)
    _words: dict[tuple[int, int], str] = field(default_factory=dict)
    _candidates: tuple[int, ...] | None = None
    _all_found: bool = True
    _search: DirectorySearch | None = None

    def __post_init__(self) -> None:
        self.reference = _reference_of(self.scene, self.processes)

    @property
    def mask(self) -> int:
        """The kernel's InvalidPteMask; 0 where it has none or it is not known."""
        return self.reference.mask

    def verdict(self, process: Process) -> Verdict:
        """The verdict on the page directory of ``process``, or on the one that it is to be read through."""
        base = process.directory_table_base or 0
        key = process.eprocess, base
        if key not in self._verdicts:
            self._verdicts[key] = self._judge(process, base)
        return self._verdicts[key]

    def word(self, process: Process) -> str:
        """The word of that verdict, for which no pages are counted."""
        base = process.directory_table_base or 0
        key = process.eprocess, base
        if key in self._verdicts:
            return self._verdicts[key].word
        if key not in self._words:
            self._words[key] = self._judge(process, base, tables_only=True).word
        return self._words[key]

    def _judge(self, process: Process, base: int, tables_only: bool = False) -> Verdict:
        memory = self.scene.target.memory
        assert memory is not None
        outswapped = ""
        if process.outswapped:
            entry = process.page_directory_pte
            outswapped = "the process is outswapped" + (
                f"; PageDirectoryPte is {entry:#x}" if entry is not None else ""
            )
        anchors = _anchors(self.scene, process)
        owner = owner_of(process) if base == process.directory_table_base else None
        costly = memory.grain < PAGE_SIZE and base == process.directory_table_base and not self.searching
        return judge(
            memory, self.reference, base, process.user_directory, anchors, outswapped, owner,
            partial(self._ranged, memory, process) if costly else None, tables_only,
        )  # fmt: skip

    def _ranged(self, memory: PhysicalMemory, process: Process, top: Top) -> Pages:
        """The tables of a process whose memory is costly to read: in parts, where its ranges are known, all of them."""
        vads = vads_of(self.scene, process)
        if vads.notes or not vads.ranges:
            return memory
        return RangedTables(memory, top, tuple((vad.start, vad.end) for vad in vads.ranges), self.mask)

    def other_directory(self, process: Process) -> Found | None:
        """A sound directory that answers for ``process`` and can be nobody else's, where memory holds one."""
        memory = self.scene.target.memory
        assert memory is not None
        if process.exit_time:
            return None
        if self.scene.target.kind is TargetKind.LIVE and not self.searching:
            return Found(0, "", "no other directory is looked for (a live machine; --scan does it)")
        if memory.pages_in_file > _PAGES_SEARCHED:
            size = f"{memory.pages_in_file >> 18} GiB"
            return Found(0, "", f"no other directory is looked for in {size}, more than {_PAGES_SEARCHED >> 18} GiB")
        if self._search is None:
            owners = [each for each in self.processes if self.word(each) not in USABLE]
            self._search = DirectorySearch(self.scene, owners, lambda each: vads_of(self.scene, each))
        bases = self._unowned(process)
        if not self._all_found:
            return Found(0, "", f"no other directory is offered: {MAX_CANDIDATES} pages or more map themselves")
        return self._search.of(process, bases, lambda base: self._judge(process, base, tables_only=True).word in USABLE)

    def _unowned(self, process: Process) -> Iterator[int]:
        """Candidates that are neither the process's own nor the directory of one whose own is usable."""
        low = self.reference.mode.facts.top_alignment - 1
        if self._candidates is None:
            memory, mode = self.scene.target.memory, self.reference.mode
            assert memory is not None
            known = [each.directory_table_base or 0 for each in self.processes]
            found = find_directories(memory, mode, self.reference.slot, known)
            self._all_found = len(found) < MAX_CANDIDATES
            usable = (each for each in self.processes if self.word(each) in USABLE)
            owned = {(each.directory_table_base or 0) & ~low for each in usable}
            self._candidates = tuple(base for base in found if base not in owned)
        own = (process.directory_table_base or 0) & ~low
        return (base for base in self._candidates if base != own)


def judge_of(scene: CrashScene, processes: Sequence[Process]) -> DirectoryJudge:
    """The judge of a scene's directories, with the verdicts that it has given."""
    return once_of_scene(
        scene, ("judge", *(each.eprocess for each in processes)), lambda: DirectoryJudge(scene, processes)
    )


def process_space(
    scene: CrashScene, process: Process, base: int | None = None, vads: Vads | None = None
) -> AddressSpace:
    """The address space of a process, with prototype entries followed through its VADs.

    Args:
        base: another DirectoryTableBase than its own.
        vads: its ranges, where they are at hand; otherwise they are walked when they are needed first.
    """
    assert scene.space is not None
    kernel = scene.space.space
    found: list[Vads] = [vads] if vads is not None else []

    def prototype_of(address: int) -> int | None:
        if not found:
            found.append(vads_of(scene, process))
        return found[0].prototype_of(address, kernel.mode.facts.entry_size)

    directory = process.directory_table_base or 0 if base is None else base
    return kernel.through(directory, prototype_of)


def _reference_of(scene: CrashScene, processes: Sequence[Process]) -> Reference:
    """What most directories agree on, from System's where it can be read, else from the one that reads the kernel."""
    assert scene.space is not None
    space = scene.space.space
    most = MOST_COMPARED if scene.target.kind is not TargetKind.LIVE else _COMPARED_OVER_WIRE
    bases = [process.directory_table_base or 0 for process in processes[:most]]
    found = (read_top(space.physical, space.mode, base, space.user_end) for base in dict.fromkeys(bases) if base)
    tops = [top for top in found if top is not None and not top.missing]
    own = read_top(space.physical, space.mode, space.directory_table_base, space.user_end)
    slot = self_map_slot([*tops, *([own] if own is not None else [])])
    sound = [top for top in tops if top.self_map(slot)[0]]
    base = scene.system_process.directory_table_base if scene.system_process else None
    system = read_top(space.physical, space.mode, base, space.user_end) if base else None
    if system is None or system.missing:
        system = own
    best = agreed(system, sound) if system is not None else None
    return Reference(space.mode, best, slot, space.invalid.mask, space.user_end)


def _anchors(scene: CrashScene, process: Process) -> list[Anchor]:
    kernel, data = scene.modules.kernel, scene.debugger_data
    anchors = [Anchor("kernel image", kernel.base)] if kernel else []
    if data is not None:
        anchors.append(Anchor("KDBG", data.address))
    if not process.eprocess:  # a bare directory
        return anchors
    anchors.append(Anchor("this EPROCESS", process.eprocess))
    for _, thread in zip(range(_STACKS), threads_in_list(scene, process), strict=False):
        if thread.stack_base:
            anchors.append(Anchor("kernel stack", thread.stack_base - 1))
    return anchors
