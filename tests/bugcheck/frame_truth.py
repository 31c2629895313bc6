"""Frames against the truth: how many true kernel frames a stack loses and how many false ones it shows.

``python -m tests.bugcheck.frame_truth`` prints the table of docs/confidence.md: the crashing thread's stack of every
machine and fault as a small dump, and every thread's stack of every machine as a complete one, with symbols and without
(exports alone, as for a kernel whose PDB nobody has).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from tests.bugcheck.labelled import pairs
from volplugins.bugcheck.analysis import analyse
from volplugins.bugcheck.scene.crash_scene import CrashScene, build_scene
from volplugins.dumpfile.dump import Dump, open_dump
from volplugins.dumpfile.source import BytesSource
from volplugins.image.exports import read_exports
from volplugins.image.headers import read_headers
from volplugins.kernel.thread import try_read_thread
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build
from volplugins.lab.writers import write
from volplugins.loader.module import Module
from volplugins.loader.symbolizer import SymbolTable
from volplugins.memory.reader import MemoryReader
from volplugins.stack.frame import Frame, Trust
from volplugins.threads.thread_walk import KERNEL
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.stack_scene import StackScene
from volplugins.vol.symbols.symbol_path import search_symbols

Place = tuple[int, int]  # instruction and stack pointer
_USER = {64: 1 << 47, 32: 1 << 31}


@dataclass(frozen=True, slots=True)
class Score:
    """Frames of one or more stacks: true ones, those of them not shown, shown ones that are none, and sure lies."""

    true: int = 0
    lost: int = 0
    false: int = 0
    overclaimed: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.true + other.true,
            self.lost + other.lost,
            self.false + other.false,
            self.overclaimed + other.overclaimed,
        )


def score(truth: Iterable[Place], shown: Iterable[Frame]) -> Score:
    """Hold frames against the true ones from the first shown on; a false one that is no ``scan`` claims too much."""
    frames = list(shown)
    first = min((frame.sp for frame in frames), default=0)
    true = {place for place in truth if place[1] >= first}
    found = {(frame.ip, frame.sp) for frame in frames}
    false = [frame for frame in frames if (frame.ip, frame.sp) not in true]
    return Score(len(true), len(true - found), len(false), sum(frame.trust is not Trust.SCAN for frame in false))


def kernel_places(stack: Iterable[dict[str, Any]], bits: int) -> list[Place]:
    """Instruction and stack pointers of the truth's kernel frames."""
    return [(each["ip"], each["sp"]) for each in stack if each["ip"] >= _USER[bits]]


def opened(snapshot: Snapshot, kind: str, folder: Path) -> Dump:
    """The snapshot written as a dump of ``kind`` and opened."""
    path = write(snapshot, kind, folder / "frames.dmp")
    data = path.read_bytes()
    path.unlink()
    return open_dump(BytesSource(data))


def scene_with(dump: Dump, symbols: bool) -> CrashScene:
    """The scene with the lab's symbol tables, or with nothing but the images' exports."""
    return scene_of(dump) if symbols else build_scene(dump, _exports)


def _exports(memory: MemoryReader, module: Module) -> SymbolTable | None:
    headers = read_headers(memory, module.base)
    return read_exports(memory, headers) if headers is not None else None


def crash_score(snapshot: Snapshot, symbols: bool, folder: Path) -> Score:
    """The stack of the thread that crashed, from a small dump."""
    scene = scene_with(opened(snapshot, "triage", folder), symbols)
    return score(kernel_places(snapshot.truth["stack"], snapshot.bits), analyse(scene).crash_stack.frames)


def thread_score(snapshot: Snapshot, symbols: bool, folder: Path) -> Score:
    """The kernel stacks of all other threads, from a complete dump."""
    scene = scene_with(opened(snapshot, "full", folder), symbols)
    stacks, total = StackScene(scene, None), Score()
    for listed in (thread for process in snapshot.truth["processes"] for thread in process["threads"]):
        thread = try_read_thread(scene.memory, listed["ethread"], scene.layouts.thread)
        if thread is None or listed["ethread"] == snapshot.truth["thread"]["ethread"] or not listed["stack"]:
            continue
        walked = stacks.walk(None, thread).frames(kernel_only=True)
        frames = [found.frame for found in walked if found.ring == KERNEL]
        total += score(kernel_places(listed["stack"], snapshot.bits), frames)
    return total


# littered: old return addresses, pointers to functions and to data between the true ones; sparse: a kernel and drivers
# that no PDB is of, with one function in ten exported
CRASHES = (("", {}), ("littered ", {"litter": True}), ("littered sparse ", {"litter": True, "sparse": True}))
THREADS = (("", {}), ("sparse ", {"sparse": True}), ("littered sparse ", {"litter": True, "sparse": True}))


def table(folder: Path) -> Iterator[str]:
    """The rows of the table, as Markdown."""
    yield "| stacks | symbols | true frames | lost | false | of these not `scan` |"
    yield "|---|---|---|---|---|---|"
    for architecture in ("x64", "x86"):
        machines = [machine for machine in MACHINES if architecture in machine]
        for name, options in CRASHES:
            for symbols in (True, False)[bool(options.get("sparse")) :]:
                total = sum_of(
                    crash_score(build(machine, fault, **options), symbols, folder)
                    for machine, fault in pairs()
                    if machine in machines
                )
                yield _row(f"{architecture}, {name}crashes, small dumps", symbols, total)
        for name, options in THREADS:
            for symbols in (True, False)[bool(options.get("sparse")) :]:
                total = sum_of(thread_score(build(machine, **options), symbols, folder) for machine in machines)
                yield _row(f"{architecture}, {name}threads, complete dumps", symbols, total)


def sum_of(scores: Iterable[Score]) -> Score:
    """All scores together."""
    return reduce(Score.__add__, scores, Score())


def _row(stacks: str, symbols: bool, total: Score) -> str:
    with_symbols = "yes" if symbols else "no"
    return f"| {stacks} | {with_symbols} | {total.true} | {total.lost} | {total.false} | {total.overclaimed} |"


if __name__ == "__main__":
    search_symbols()
    with tempfile.TemporaryDirectory() as made_folder:
        for line in table(Path(made_folder)):
            print(line, flush=True)
