"""The processes that a command is about: everything that the dump holds, or those that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from volplugins.kernel.process import Process
from volplugins.kernel.process_list import list_processes
from volplugins.kernel.process_scan import scan_processes
from volplugins.kernel.who import KINDS, resolve
from volplugins.vol.scene.memory_search import why_not_searched
from volplugins.vol.scene.shared_work import once_of_scene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_IDLE = ("Idle", 0)

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Listed processes first, in list order, then those that only a scan found; and what was wrong or left out.

    Attributes:
        list_whole: whether the list led back to its head: then a process that is not in it is in no list.
        threads: ETHREADs that the scan found, by the EPROCESS that they name; of listed processes too.
    """

    processes: tuple[Process, ...]
    notes: tuple[str, ...]
    list_whole: bool = True
    threads: Mapping[int, Sequence[int]] = field(default_factory=dict)


def gather(scene: CrashScene, scan: bool | None = None, progress: Progress | None = None) -> Gathered:
    """Every process of the dump.

    Args:
        scan: search all memory for processes that are not listed; None: where the dump holds 8 GiB at most.
    """
    return once_of_scene(scene, ("processes", scan), lambda: _gathered(scene, scan, progress))


def _gathered(scene: CrashScene, scan: bool | None, progress: Progress | None) -> Gathered:
    layouts, memory = scene.layouts, scene.target.memory
    listed = list_processes(scene.memory, scene.target.anchors.active_processes, layouts.process)
    if scene.space is None or memory is None or scan is False:
        return Gathered(listed.processes, listed.notes)
    left_out = why_not_searched(scene.target, "hidden and exited processes") if scan is None else ""
    if left_out:
        return Gathered(listed.processes, (*listed.notes, left_out))
    known = {process.eprocess for process in listed.processes}

    def report(percent: float) -> None:
        if progress is not None:
            progress(percent, "Searching memory for processes that are not listed")

    threads: dict[int, list[int]] = {}
    found = scan_processes(memory, scene.space.space, layouts.process, layouts.thread, report, threads)
    hidden = [each for each in found if each.eprocess not in known and (each.name, each.pid) != _IDLE]
    processes = (*listed.processes, *sorted(hidden, key=lambda each: each.eprocess))
    return Gathered(processes, listed.notes, not listed.notes, threads)


def choose(processes: Sequence[Process], who: Sequence[str]) -> tuple[list[tuple[Process, str]], list[str]]:
    """The processes that ``who`` means (all, where it is empty) and what each text was taken for; what fits nothing."""
    if not who:
        return [(process, "") for process in processes], []
    chosen: list[tuple[Process, str]] = []
    problems = []
    for text in who:
        matches = resolve(text, processes)
        said = text.partition(":")[0].lower() in KINDS  # then there was nothing to guess
        chosen.extend((match.process, "" if said else f"{text} taken for {match.taken_for}") for match in matches)
        if not matches:
            problems.append(f"{text}: fits no PID, image name, EPROCESS, DirBase or PFN of a process")
    return chosen, problems
