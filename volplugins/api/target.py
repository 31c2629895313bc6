"""A target that is open: what is in it, as records of the core."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from volplugins.address.region import Region
from volplugins.api.errors import NoSuchProcess, UnreadableMemory
from volplugins.api.listing import Listing
from volplugins.api.stack import Stack, stack_of
from volplugins.api.target_info import TargetInfo, info_of
from volplugins.dumpfile.context import AMD64, I386
from volplugins.dumpfile.errors import UnsupportedDumpType
from volplugins.findings.finding import Finding
from volplugins.kernel.process import Process
from volplugins.kernel.thread import Thread
from volplugins.loader.module import Module
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.paging.translation import Translation
from volplugins.threads.user_modules import user_modules
from volplugins.threads.wow64 import peb32_of
from volplugins.vol.commands.findings.rows import findings_of
from volplugins.vol.commands.findings.sources import Asked
from volplugins.vol.commands.process.thread_rows import threads_of
from volplugins.vol.commands.stacks.rows import Wanted, walked_stack
from volplugins.vol.scene.address_maps import AddressMaps
from volplugins.vol.scene.crash_scene import analysis_of
from volplugins.vol.scene.directory_verdicts import WALKABLE, judge_of, process_space
from volplugins.vol.scene.mapped_files import mapped_files
from volplugins.vol.scene.owned_structures import modules_owner, vads_of
from volplugins.vol.scene.process_selection import Gathered, choose, gather
from volplugins.vol.scene.stack_scene import StackScene
from volplugins.vol.symbols.image_facts import ImageFacts, ImageFactsReader

if TYPE_CHECKING:
    from volplugins.bugcheck.analysis import Analysis
    from volplugins.bugcheck.scene.crash_scene import CrashScene
    from volplugins.paging.address_space import AddressSpace
    from volplugins.threads.module_code import ImageFile

# a process: itself, its PID, or a text as --process takes it
Which = Process | int | str
_MOST_READ = 64 << 20
_NO_USER_MEMORY = "user memory is not in this kind of dump"


class OpenTarget:
    """What ``volplugins.open`` gives; of no use after its block has ended.

    What could not be looked at is in the ``problems`` of the listings. What is raised is a ``DumpError``; of wrong
    arguments, Python's own errors.
    """

    def __init__(self, location: str, scene: CrashScene, image_file: ImageFile | None) -> None:
        self._location, self._image_file = location, image_file
        self._open_scene: CrashScene | None = scene
        self._stacks: StackScene | None = None
        self._facts = ImageFactsReader()

    def close(self) -> None:
        """Let go of it; what was given out stays good."""
        self._open_scene = self._stacks = None

    @property
    def info(self) -> TargetInfo:
        """What it is, and what is recorded of a crash."""
        return info_of(self._scene, self._location)

    def processes(self, scan: bool | None = None) -> Listing[Process]:
        """Every process: those of the list in its order, then those that a search of memory found.

        Args:
            scan: search memory for those that are not listed; None: up to 8 GiB.
        """
        if self._scene.target.triage is not None:
            only = [self._scene.process] if self._scene.process is not None else []
            return Listing(Process, only, ["a small dump holds the crashing process alone"])
        gathered = gather(self._scene, scan)
        return Listing(Process, gathered.processes, [*gathered.notes, *([] if gathered.processes else self._lacks())])

    def threads(self, process: Which | None = None) -> Listing[Thread]:
        """The threads of a process, or of all: those of its list, then those that a search of memory found."""
        scene = self._scene
        if scene.target.triage is not None:
            only = [scene.thread] if scene.thread is not None else []
            return Listing(Thread, only, ["a small dump holds the crashing thread alone"])
        gathered = gather(scene)
        found: list[Thread] = []
        problems = [] if gathered.processes else self._lacks()
        for each in self._chosen(process, gathered):
            threads = threads_of(scene, each, gathered.threads.get(each.eprocess, ()))
            found += [*(threads.listed or ()), *threads.scanned]
            problems += [f"{each.name} {each.pid}: {why}" for why in threads.problems]
            if threads.listed is None:
                problems.append(f"threads cannot be listed: {scene.layouts.thread.source}")
        return Listing(Thread, found, problems)

    def stack(self, thread: Thread, kernel_only: bool = False) -> Stack:
        """The thread's frames, from the kernel into user mode and 32-bit code, each with how it was found."""
        scene = self._scene
        if scene.target.machine not in (I386, AMD64):
            raise UnsupportedDumpType("stacks of this kind of machine are not walked", "MachineImageType")
        if self._stacks is None:
            small = scene.target.triage is not None or scene.space is None
            court = None if small else judge_of(scene, gather(scene).processes)
            self._stacks = StackScene(scene, court, self._image_file)
        process = self._process_of(thread)
        if process is None:
            return Stack(thread, None, (), "no-context", "the thread's process is not known")
        return stack_of(walked_stack(scene, self._stacks, process, thread, Wanted(kernel_only=kernel_only), ""))

    def modules(self, process: Which | None = None) -> Listing[Module]:
        """The kernel's modules in load order, or the images of a process by address."""
        scene = self._scene
        if process is None:
            return Listing(Module, scene.modules, [] if len(scene.modules) else self._lacks())
        one, why = self._user_process(process)
        if why:
            return Listing(Module, (), [why])
        memory, vads, paths = process_space(scene, one), vads_of(scene, one), mapped_files(scene)
        taken = modules_owner(scene, one, memory)
        found = list(user_modules(memory, one.peb, vads.ranges, scene.bits, paths.path_of, taken))
        low = peb32_of(scene.memory, one.wow64)
        if low is not None:
            known = {module.base for module in found if module.source == "ldr"}
            listed = user_modules(memory, low, vads.ranges, 32, paths.path_of, taken)
            below = {module.base: module for module in listed if module.source == "ldr"}
            found = [below.get(each.base, each) if each.base not in known else each for each in found]
        return Listing(Module, sorted(found, key=lambda each: each.base), vads.notes)

    def image(self, module: Module, process: Which | None = None) -> ImageFacts:
        """What a module's image says of itself: headers, PDB, version, symbols at hand; ``missing`` says what is not.

        Args:
            process: the one whose module it is; None: the kernel's.
        """
        memory: MemoryReader = self._scene.memory
        if process is not None:
            one, why = self._user_process(process)
            if why:
                return ImageFacts(None, None, "", "deferred", (why,))
            memory = process_space(self._scene, one)
        return self._facts.read(memory, module.base, module.image_name)

    def regions(self, process: Which) -> Listing[Region]:
        """A process's user addresses from end to end, free gaps too."""
        scene = self._scene
        if scene.target.triage is not None or scene.space is None:
            return Listing(Region, (), [_NO_USER_MEMORY])
        gathered = gather(scene)
        found = AddressMaps(scene, gathered.processes).of(self._one(process, gathered))
        return Listing(Region, found.regions, found.notes)

    def translate(self, address: int, process: Which | None = None) -> Translation:
        """A virtual address through the page tables of the kernel or of a process, every step shown.

        Raises:
            UnsupportedDumpType: the target holds no page tables (a small dump).
        """
        return self._space(process).translate(address)

    def read(self, address: int, size: int, process: Which | None = None) -> bytes:
        """Bytes of virtual memory, of the kernel or of a process.

        Raises:
            ValueError: the size is negative, or more than 64 MiB.
            DumpError: a byte of them cannot be read; which and why is said.
        """
        if not 0 <= size <= _MOST_READ:
            raise ValueError(f"{size} bytes: between 0 and {_MOST_READ} can be read at once")
        memory: MemoryReader = self._scene.memory if process is None else self._space(process)
        try:
            return memory.read(address, size)
        except ReadError as error:
            raise UnreadableMemory(f"{error.address:#x} cannot be read: {error.reason}") from None

    def analysis(self) -> Analysis:
        """What crashed and who is to blame (``culprit``), how sure that is (``culprit.confidence``) and why."""
        return analysis_of(self._scene)

    def findings(self, process: Which | None = None) -> Listing[Finding]:
        """What is odd, highest severity first (docs/findings.md)."""
        who = () if process is None else (f"eprocess:{self._one(process, gather(self._scene)).eprocess:#x}",)
        found, problems = findings_of(self._scene, Asked(who, None, self._image_file))
        return Listing(Finding, found, problems)

    @property
    def _scene(self) -> CrashScene:
        if self._open_scene is None:
            raise ValueError("the target is closed: its block has ended")
        return self._open_scene

    def _lacks(self) -> list[str]:
        return list(self._scene.notes) or ["nothing more is known"]

    def _chosen(self, which: Which | None, gathered: Gathered) -> Iterable[Process]:
        return gathered.processes if which is None else [self._one(which, gathered)]

    def _one(self, which: Which, gathered: Gathered) -> Process:
        if isinstance(which, Process):
            return which
        text = f"pid:{which}" if isinstance(which, int) else which
        chosen, problems = choose(gathered.processes, [text])
        if problems or not chosen:
            raise NoSuchProcess("; ".join(problems) or f"{text}: no such process")
        if len(chosen) > 1:
            raise NoSuchProcess(f"{text} fits {len(chosen)} processes: {_named([each for each, _ in chosen])}")
        return chosen[0][0]

    def _user_process(self, which: Which) -> tuple[Process, str]:
        """The process, and why its user memory cannot be looked at; empty where it can."""
        scene = self._scene
        if scene.target.triage is not None or scene.space is None:
            one = which if isinstance(which, Process) else scene.process
            if one is None:
                raise NoSuchProcess(f"{which}: no process is known in this dump")
            return one, _NO_USER_MEMORY
        gathered = gather(scene)
        one = self._one(which, gathered)
        word = judge_of(scene, gathered.processes).verdict(one).word
        return one, "" if word in WALKABLE else f"page-directory:{word}"

    def _space(self, which: Which | None) -> AddressSpace:
        scene = self._scene
        if scene.space is None:
            raise UnsupportedDumpType("; ".join(scene.notes) or "a small dump holds no page tables")
        if which is None:
            return scene.space.space
        return process_space(scene, self._one(which, gather(scene)))

    def _process_of(self, thread: Thread) -> Process | None:
        """The process that the thread says it belongs to."""
        scene = self._scene
        if scene.target.triage is not None:
            return scene.process
        whose = thread.owner or thread.process
        processes = gather(scene).processes
        by_record = (each for each in processes if each.eprocess == whose)
        return next(by_record, None) or next((each for each in processes if each.pid == thread.pid), None)


def _named(processes: Sequence[Process]) -> str:
    return ", ".join(f"{each.name} {each.pid} (eprocess:{each.eprocess:#x})" for each in processes[:8])
