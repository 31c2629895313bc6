"""Layouts of a kernel without symbols, held against its live objects, and calibrated where they do not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from volplugins.kernel.calibration.bounded_reads import BoundedReads
from volplugins.kernel.calibration.facts import Objects
from volplugins.kernel.calibration.judgement import (
    Judgement,
    judge_process,
    judge_thread,
    objects_of,
    thread_lists,
    with_threads,
)
from volplugins.kernel.calibration.search import FOUND, found_process, found_thread, moved_alike
from volplugins.kernel.layouts import KernelLayouts
from volplugins.memory.reader import MemoryReader
from volplugins.memory.structure import Layout

# what find_process_layout found itself, or has from the debugger data block
_NAME = "ImageFileName"
_SURE = ("UniqueProcessId", "ActiveProcessLinks", "ImageFileName", "DirectoryTableBase")
Rows = Callable[[], Iterable[KernelLayouts]]


def calibrated(
    memory: MemoryReader, links: int, bits: int, layouts: KernelLayouts, rows: Rows, stated: dict[str, list[str]]
) -> KernelLayouts:
    """``layouts``, with those of EPROCESS and ETHREAD replaced where live objects contradict them.

    Args:
        links: address of System's ActiveProcessLinks.
        rows: gives the rows of other builds, nearest first.
        stated: members that the debugger data block states, by field of KernelLayouts.
    """
    objects, _ = objects_of(BoundedReads(memory), links, layouts.process, bits)
    if not objects.processes:
        return layouts
    process = _process(objects, layouts.process, stated.get("process", []))
    if process is not layouts.process:
        lists = thread_lists(objects, process.offset("ThreadListHead")) if process.has("ThreadListHead") else ()
        objects = with_threads(objects, lists)
    thread, row = _thread(objects, layouts, process, rows, stated.get("thread", []))
    found = _with_groups(replace(layouts, process=process, thread=thread), layouts, row)
    return replace(found, process=_said(process, objects.cut), thread=_said(thread, objects.cut))


def _said(layout: Layout, cut: str) -> Layout:
    """The layout, its source with why the search in live objects ended early, if it did."""
    return replace(layout, source=f"{layout.source}; {cut}") if cut else layout


def _with_groups(found: KernelLayouts, row: KernelLayouts, threads: KernelLayouts) -> KernelLayouts:
    """The other layouts of these two structures, of the same rows and moved as theirs.

    Args:
        row: what the process's layout was; ``threads``: the build's whose row the threads fit best.
    """
    thread, process = found.thread, found.process
    io, waits, descriptors = found.io, found.waits, found.descriptors
    if threads is not row:
        io = replace(io, thread=_fitting(threads.io.thread))
        waits = replace(waits, thread=_fitting(threads.waits.thread))
    if thread.source.startswith(FOUND):
        io = replace(io, thread=moved_alike(io.thread, thread, threads.thread))
        waits = replace(waits, thread=moved_alike(waits.thread, thread, threads.thread))
    if process is not row.process and process.source.startswith(FOUND):
        waits = replace(waits, process=moved_alike(waits.process, process, row.process))
        descriptors = replace(descriptors, process=moved_alike(descriptors.process, process, row.process))
    return replace(found, io=io, waits=waits, descriptors=descriptors)


def _fitting(layout: Layout) -> Layout:
    return replace(layout, source=f"{layout.source} (its threads fit)")


def _process(objects: Objects, layout: Layout, stated: list[str]) -> Layout:
    def judge(each: Layout) -> Judgement:
        said = judge_process(objects, each)
        return replace(said, wrong=said.wrong - _damaged(each, said))

    said = judge(layout)
    if not said.wrong and layout.has("ThreadListHead"):
        return layout
    base = _kept(layout, said, {*_SURE, *stated})
    return _without_wrong(found_process(objects, base, layout)[0], judge)


def _damaged(layout: Layout, said: Judgement) -> frozenset[str]:
    """ImageFileName, if nothing else is wrong: it is told by one object's bytes, and System may bear another name.

    What is behind an insertion moves with it: between right members it has not moved alone.
    """
    right = [layout.offset(name) for name in said.right if name in layout.members]
    between = said.wrong == {_NAME} and right and min(right) < layout.offset(_NAME) < max(right)
    return frozenset({_NAME}) if between else frozenset()


def _thread(
    objects: Objects, layouts: KernelLayouts, process: Layout, rows: Rows, stated: list[str]
) -> tuple[Layout, KernelLayouts]:
    """The row that fits best, or members found in threads where none fits; and the layouts that this row is one of."""
    if not objects.threads:
        return layouts.thread, layouts
    distance = _distance(objects, process)

    def judge(layout: Layout) -> Judgement:
        return judge_thread(objects, layout, process, distance)

    best, said, chosen = layouts.thread, judge(layouts.thread), layouts
    if not said.wrong:
        return best, chosen
    known = {name: place for name, place in layouts.thread.members.items() if name in stated}
    for row in rows():
        other = replace(row.thread, members={**row.thread.members, **known})
        its = judge(other)
        if its.key < said.key:
            best, said, chosen = _fitting(other), its, row
    if not said.wrong:
        return best, chosen
    found = found_thread(objects, _kept(best, said, set(stated)), best, process)[0]
    return _without_wrong(found, judge), chosen


def _distance(objects: Objects, process: Layout) -> int | None:
    """From a thread's start to its entry in its process's list."""
    lists = thread_lists(objects, process.offset("ThreadListHead")) if process.has("ThreadListHead") else ()
    return lists[0].distance if lists else None


def _kept(layout: Layout, said: Judgement, sure: set[str]) -> Layout:
    """Members that are proved or stated."""
    names = {*said.right, *sure} - said.wrong
    return replace(layout, members={name: at for name, at in layout.members.items() if name in names}, bits={})


def _without_wrong(layout: Layout, judge: Callable[[Layout], Judgement]) -> Layout:
    """The layout without members that live objects contradict."""
    wrong = judge(layout).wrong
    if not wrong:
        return layout
    members = {name: place for name, place in layout.members.items() if name not in wrong}
    return replace(layout, members=members, source=f"{layout.source}, without {', '.join(sorted(wrong))}")
