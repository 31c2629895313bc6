"""The waits of a scene's threads, and who holds up whom; made once for all commands that need them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.io.object_directories import read_namespace
from volplugins.io.objects import ObjectHeaders
from volplugins.kernel.process import Process
from volplugins.memory.reader import MemoryReader
from volplugins.vol.scene.directory_verdicts import WALKABLE, judge_of, process_space
from volplugins.vol.scene.io_requests import IoRequests, io_requests
from volplugins.vol.scene.process_selection import Progress
from volplugins.vol.scene.shared_work import once_of_scene
from volplugins.waits.graph import WaitGraph, make_graph
from volplugins.waits.survey import Survey, make_survey
from volplugins.waits.system import WaitSystem

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene


@dataclass(frozen=True, slots=True)
class SceneWaits:
    """The survey of a scene's threads, its graph, and the processes and requests that it was made from."""

    survey: Survey
    graph: WaitGraph
    requests: IoRequests
    notes: tuple[str, ...]


def scene_waits(scene: CrashScene, scan: bool | None = None, progress: Progress | None = None) -> SceneWaits:
    """What the threads of the scene wait for.

    Args:
        scan: search all memory for processes, threads and requests that nothing leads to; None: where the target holds
            8 GiB at most.
    """
    return once_of_scene(
        scene, ("waits", scan), lambda: _made(scene, scan, progress), lambda made: len(made.survey.threads)
    )


def _made(scene: CrashScene, scan: bool | None, progress: Progress | None) -> SceneWaits:
    requests = io_requests(scene, scan, progress)
    io = requests.system
    system = WaitSystem(io, scene.layouts.thread, scene.layouts.waits, requests.clock, _user_memory(scene, requests))
    names = read_namespace(io, ObjectHeaders(io))
    threads = ((ethread, owner.process) for ethread, owner in requests.threads.items())
    survey = make_survey(
        system, names, threads, requests.processes.processes, (requests.sources, requests.devices)
    )  # fmt: skip
    graph = make_graph(survey)
    notes = [*survey.notes, *requests.processes.notes]
    if scene.target.triage is not None:
        notes.append("a small dump holds the crashing thread alone, not what others wait for")
    if requests.clock is None:
        notes.append("how long threads have been waiting is not known: the kernel's clock is not there")
    elif requests.clock.said:
        notes.append(requests.clock.said)
    return SceneWaits(survey, graph, requests, tuple(dict.fromkeys(notes)))


def _user_memory(scene: CrashScene, requests: IoRequests) -> Callable[[int], MemoryReader | None]:
    """Gives the address space of a process, by its EPROCESS; none where its directory cannot be walked."""
    known: dict[int, Process] = {each.eprocess: each for each in requests.processes.processes}

    def memory(eprocess: int) -> MemoryReader | None:
        process = known.get(eprocess)
        if process is None or scene.space is None:
            return None
        if judge_of(scene, requests.processes.processes).word(process) not in WALKABLE:
            return None
        return process_space(scene, process)

    return memory
