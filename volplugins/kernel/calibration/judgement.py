"""A layout judged on live objects: each member whose meaning can be tested, as right, wrong or not to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from volplugins.kernel.calibration.facts import (
    PROCESS_FACTS,
    THREAD_FACTS,
    Objects,
    process_ids_in_threads,
    stacks_fit,
)
from volplugins.kernel.calibration.samples import ListSamples, processes_from, threads_on
from volplugins.memory.reader import MemoryReader
from volplugins.memory.structure import Layout


@dataclass(frozen=True, slots=True)
class Judgement:
    """What live objects say of a layout's members: ``right`` with the witness of each, ``wrong`` ones.

    ``problem``: why the objects themselves are in doubt; empty where they are not. ``cut``: whether they were given up
    before all was judged.
    """

    right: Mapping[str, str]
    wrong: frozenset[str]
    problem: str = ""
    cut: bool = False

    @property
    def fits(self) -> bool | None:
        """Whether the layout is the kernel's; None where nothing speaks for or against it. Not where it was cut."""
        return False if self.wrong or self.cut else True if self.right else None

    @property
    def key(self) -> tuple[int, int]:
        """How much speaks against it, then how little for it."""
        return len(self.wrong), -len(self.right)

    def __str__(self) -> str:
        said = [f"{name}: {witness}" for name, witness in self.right.items()]
        return "; ".join(
            [*said, *(f"{name} does not fit" for name in sorted(self.wrong)), *filter(None, [self.problem])]
        )


NOTHING = Judgement({}, frozenset())


def objects_of(memory: MemoryReader, links: int, process: Layout, bits: int) -> tuple[Objects, str]:
    """The first processes, the threads of the first that has any, and what is wrong with their list."""
    if not links or not process.has("ActiveProcessLinks"):
        return Objects(memory, bits, ()), ""
    processes, problem = processes_from(memory, links, process.offset("ActiveProcessLinks"), bits)
    bare = Objects(memory, bits, processes)
    lists = thread_lists(bare, process.offset("ThreadListHead")) if process.has("ThreadListHead") else ()
    return with_threads(bare, lists), problem


def thread_lists(objects: Objects, at: int) -> tuple[ListSamples, ...]:
    """The lists of threads whose heads are at an offset in the first processes."""
    found = (threads_on(objects.memory, each.address + at, objects.bits) for each in objects.processes[:4])
    return tuple(each for each in found if each is not None)


def with_threads(objects: Objects, lists: tuple[ListSamples, ...]) -> Objects:
    """The objects with the threads of these lists."""
    threads = tuple(thread for each in lists for thread in each.objects)
    return Objects(objects.memory, objects.bits, objects.processes, threads)


def judge_process(objects: Objects, layout: Layout, problem: str = "") -> Judgement:
    """What the processes say of a layout of EPROCESS."""
    if not objects.processes:
        return NOTHING
    right, wrong = {}, set()
    for name, fact in PROCESS_FACTS.items():
        # the tree's nodes are others up to Windows 8, where it hangs in a table with its own count
        if name in layout.members and (name != "VadRoot" or "VadCount" in layout.members):
            said = fact.test(objects, layout.offset(name))
            if said:
                right[name] = fact.witness
            elif said is False:
                wrong.add(name)
    return Judgement(right, frozenset(wrong), problem)


def judge_thread(objects: Objects, layout: Layout, process: Layout, distance: int | None) -> Judgement:
    """What the threads say of a layout of ETHREAD.

    Args:
        distance: that from a thread's start to its entry in its process's list; None where it is not known.
    """
    if not objects.threads:
        return NOTHING
    right, wrong = {}, set()
    tests = {name: (fact.test(objects, layout.offset(name)), fact.witness) for name, fact in THREAD_FACTS.items()
             if name in layout.members}  # fmt: skip
    if layout.has("Cid"):
        said = process_ids_in_threads(objects, layout.offset("Cid"), process)
        tests["Cid"] = said, "ids of the processes that the threads belong to"
    if layout.has("ThreadListEntry") and distance is not None:
        same = layout.offset("ThreadListEntry") == distance
        tests["ThreadListEntry"] = same, "the lists of the processes lead there"
    tests["StackLimit"] = stacks_fit(objects, layout), "stacks hold together"
    for name, (said, witness) in tests.items():
        if said:
            right[name] = witness
        elif said is False:
            wrong.add(name)
    return Judgement(right, frozenset(wrong))
