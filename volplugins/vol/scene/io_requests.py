"""The I/O requests of a scene, from every place that knows of some, gathered once for all commands that need them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.bugcheck.fault.named import named_parameters
from volplugins.bugcheck.words.codes import base_code
from volplugins.bugcheck.words.parameters.parameter import Role
from volplugins.io.clock import KernelClock, read_clock
from volplugins.io.device_lookup import DeviceLookup
from volplugins.io.request_scan import scan_requests
from volplugins.io.request_sources import RequestSources
from volplugins.io.system import IoSystem
from volplugins.kernel.process import Process
from volplugins.kernel.thread import Thread, try_read_thread
from volplugins.memory.reader import ReadError
from volplugins.vol.scene.io_scene import io_view
from volplugins.vol.scene.memory_search import why_not_searched
from volplugins.vol.scene.owned_structures import lists_threads, threads_in_list
from volplugins.vol.scene.process_selection import Gathered, Progress, gather
from volplugins.vol.scene.shared_work import once_of_scene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene
    from volplugins.target.target import Target

_POWER_LISTS = ("PopIrpList", "PopInrushIrpList")
_POWER_FAILURE, _HELD_TOO_LONG, _POWER_TRIAGE = 0x9F, 3, 0x8000  # bugcheck, its kind, the triage block's signature
_MOST_THREADS = 1 << 18


@dataclass(frozen=True, slots=True)
class ThreadOwner:
    """A thread, and the process whose it is."""

    thread: Thread
    process: Process | None

    @property
    def pid(self) -> int | None:
        """Of the process."""
        return self.thread.pid if self.process is None else self.process.pid


@dataclass(frozen=True, slots=True)
class IoRequests:
    """What was found.

    Attributes:
        sources: the requests, and what leads to each.
        devices: looks up the objects that they name.
        threads: those whose lists were looked at, by ETHREAD.
        processes: what the scene's processes are.
        clock: the kernel's; None where it is not there.
        notes: what was left out or could not be followed.
    """

    sources: RequestSources
    devices: DeviceLookup
    threads: dict[int, ThreadOwner]
    processes: Gathered
    clock: KernelClock | None
    notes: tuple[str, ...]

    @property
    def system(self) -> IoSystem:
        """What all of it was read from."""
        return self.devices.view.system


def io_requests(scene: CrashScene, scan: bool | None = None, progress: Progress | None = None) -> IoRequests:
    """The requests of the scene.

    Args:
        scan: search all memory for requests, drivers, devices and processes that nothing leads to; None: where the
            target holds 8 GiB at most.
    """
    return once_of_scene(
        scene, ("io requests", scan), lambda: _gathered(scene, scan, progress), lambda made: len(made.sources.found)
    )


def _gathered(scene: CrashScene, scan: bool | None, progress: Progress | None) -> IoRequests:
    view = io_view(scene, scan, progress)
    system, notes = view.system, list[str]()
    sources = RequestSources(system.memory, system.layouts, system.bits)
    if not sources.reader.known:
        notes.append(f"requests cannot be read: {system.layouts.irp.source}")
    if scene.target.triage is not None:
        return _of_small_dump(scene, sources, DeviceLookup(view), notes)
    processes = gather(scene, scan, progress)
    threads = {each.thread.ethread: each for each in _threads(scene, processes)}
    for ethread in threads:
        sources.thread(ethread)
    for device in view.devices:
        sources.device(device)
    for name, head in _power_heads(scene, system):
        sources.power_list(head, name)
    for irp, text in _named(scene):
        sources.named(irp, text)
    _scan(scene.target, system, sources, scan, progress, notes)
    sources.files_met()
    clock = read_clock(system.memory, system.bits, system.build)
    notes += [*processes.notes, *sources.problems, *((clock.said,) if clock is not None and clock.said else ())]
    return IoRequests(sources, DeviceLookup(view), threads, processes, clock, tuple(dict.fromkeys(notes)))


def _of_small_dump(scene: CrashScene, sources: RequestSources, devices: DeviceLookup, notes: list[str]) -> IoRequests:
    """What the bugcheck names, and the list of the crashing thread, as far as the dump's blocks hold them."""
    threads = {each.thread.ethread: each for each in _threads(scene, Gathered((), ()))}
    for ethread in threads:
        sources.thread(ethread)
    for irp, text in _named(scene):
        sources.named(irp, text)
    said = (*notes, "a small dump holds the requests that its bugcheck names, not the lists that lead to others")
    clock = read_clock(scene.memory, scene.bits, scene.target.build)
    return IoRequests(sources, devices, threads, Gathered((), ()), clock, said)


def _threads(scene: CrashScene, processes: Gathered) -> Iterator[ThreadOwner]:
    """Every thread of every process: those in its list, then those that only a search of memory found."""
    if scene.thread is not None:
        yield ThreadOwner(scene.thread, scene.process)
    if scene.target.triage is not None or not lists_threads(scene):
        return
    given: set[int] = set()
    for process in processes.processes:
        for thread in threads_in_list(scene, process):
            given.add(thread.ethread)
            yield ThreadOwner(thread, process)
            if len(given) >= _MOST_THREADS:
                return
        for ethread in processes.threads.get(process.eprocess, ()):
            found = try_read_thread(scene.memory, ethread, scene.layouts.thread) if ethread not in given else None
            if found is not None:
                yield ThreadOwner(found, process)


def _power_heads(scene: CrashScene, system: IoSystem) -> Iterator[tuple[str, int]]:
    """The power manager's lists: by name, and by the block that a power bugcheck points to."""
    for name in _POWER_LISTS:
        head = system.variable(name)
        if head is not None:
            yield name, head
    bugcheck = scene.target.bugcheck
    if base_code(bugcheck.code) != _POWER_FAILURE or bugcheck.parameters[0] != _HELD_TOO_LONG:
        return
    try:
        block = system.structure(bugcheck.parameters[2], system.layouts.power_triage)
    except ReadError:
        return
    if block.unsigned("Signature") == _POWER_TRIAGE and block.unsigned("IrpList"):
        yield "TRIAGE_9F_POWER.IrpList", block.unsigned("IrpList")


def _named(scene: CrashScene) -> Iterator[tuple[int, str]]:
    """Requests that a parameter of the bugcheck names."""
    for number, (parameter, value) in enumerate(named_parameters(scene.target.bugcheck), start=1):
        if parameter.role in (Role.IRP, Role.IRP_CONCERNED) and value >> (scene.bits - 1) == 1:
            yield value, f"parameter {number} of bugcheck {scene.target.bugcheck.code:#x}"


def _scan(
    target: Target,
    system: IoSystem,
    sources: RequestSources,
    scan: bool | None,
    progress: Progress | None,
    notes: list[str],
) -> None:
    """Search memory, where that is wanted or quick enough."""
    if system.physical is None or system.space is None or scan is False:
        return
    left_out = why_not_searched(target, "requests that no list leads to") if scan is None else ""
    if left_out:
        notes.append(left_out)
        return

    def report(percent: float) -> None:
        if progress is not None:
            progress(percent, "Searching memory for requests")

    sources.scanned(scan_requests(system.physical, system.space, system.layouts, system.bits, report))
