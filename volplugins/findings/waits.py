"""Findings of waits: threads that wait for one another in a circle, and those that wait for themselves."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.findings.finding import Finding, Subject
from volplugins.findings.kinds import DEADLOCK
from volplugins.waits.graph import WaitGraph

_MOST_NAMED = 8
_MORE = "windows.kd.waits --chains"


def of_waits(graph: WaitGraph) -> Iterator[Finding]:
    """One finding for each deadlock, about the thread of it that has been waiting longest."""
    for members in graph.deadlocks:
        waiters = [graph.survey.threads[each] for each in members]
        first = max(waiters, key=lambda each: (each.seconds or 0.0, -each.ethread))
        process = graph.survey.processes.of_thread.get(first.ethread)
        pid, name = (process.pid, process.name) if process is not None else (first.thread.pid, "")
        about = Subject(pid, name, first.thread.tid, first.ethread)
        links = [_link(graph, each) for each in members[:_MOST_NAMED]]
        more = f", and {len(members) - _MOST_NAMED} more" if len(members) > _MOST_NAMED else ""
        timed = "; one of the waits has a time limit" if any(graph.survey.waits[each].timed for each in members) else ""
        what = (
            f"{len(members)} threads wait in a circle"
            if len(members) > 1
            else f"a thread waits for {_itself(graph, first.ethread)}"
        )
        told = f"{what}: {', '.join(links)}{more}{timed}"
        yield Finding(DEADLOCK, about, told, f"{_MORE} --pid {pid}" if pid is not None else _MORE)


def _itself(graph: WaitGraph, ethread: int) -> str:
    """What a thread waits for that waits for itself."""
    held = next(each for each in graph.survey.waits[ethread].held if graph.in_deadlock(ethread, each))
    return held.of_itself


def _link(graph: WaitGraph, ethread: int) -> str:
    """A thread, and what it waits for within the circle."""
    survey = graph.survey
    held = next(each for each in survey.waits[ethread].held if graph.in_deadlock(ethread, each))
    waiter, process = survey.threads[ethread], survey.processes.of_thread.get(ethread)
    name = f"{process.name} " if process is not None else ""
    return f"{name}{waiter.thread.pid}:{waiter.thread.tid} for {held.kind.value} {held.object:#x}"
