"""Stacks: threads and frames per second, how the cost grows with threads, and symbol look-ups per second."""

from __future__ import annotations

import statistics
import subprocess
import sys
from functools import partial
from pathlib import Path

from tests.bench.figures import Figures, Unequal, Unit
from tests.bench.measure import RUNS
from volplugins.lab.machines.crowd import build_crowd
from volplugins.lab.writers import write

# prints threads and frames, then the seconds from the opened scene to the last frame's name
_WALK = """
import sys, time
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.commands.stacks.rows import Wanted, stacks_rows
scene = scene_of(open_dump(FileSource(sys.argv[1])))
start = time.perf_counter()
rows = list(stacks_rows(scene, Wanted(), scan=False))
took = time.perf_counter() - start
print(len({row.ethread for row in rows}), len(rows))
print(took)
"""
# prints look-ups, then the seconds they took: addresses all over the kernel's image, the table being loaded
_NAMES = """
import random, sys, time
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.vol.scene.crash_scene import scene_of
scene = scene_of(open_dump(FileSource(sys.argv[1])))
kernel = scene.modules.kernel
chooser = random.Random(1)
addresses = [kernel.base + chooser.randrange(kernel.size) for _ in range(200000)]
scene.symbolizer.locate(addresses[0])
start = time.perf_counter()
for address in addresses:
    scene.symbolizer.locate(address)
took = time.perf_counter() - start
print(len(addresses))
print(took)
"""
SIZES = (100, 1000, 10000)


def _measure(folder: Path, figures: Figures, size: int) -> None:
    """Stacks of so many threads; symbols at the first size."""
    path = write(build_crowd(size), "full", folder / f"crowd-{size}.dmp")
    lines, seconds = _median(_WALK, path)
    threads, frames = map(int, lines[0].split())
    if threads < size:
        raise Unequal(f"{threads} threads walked, {size} made")
    figures.report(_name("stacks", size), threads / seconds, "threads/s", None, 1)
    figures.report(_name("stacks-frames", size), frames / seconds, "frames/s", None, 1)
    if size == SIZES[0] and figures.wants("symbols"):
        lines, seconds = _median(_NAMES, path)
        figures.report("symbols", int(lines[0]) / seconds, "look-ups/s", None, 1)
    path.unlink()


def _name(figure: str, size: int) -> str:
    return figure if size == SIZES[0] else f"{figure}@{size // SIZES[0]}x"


def _median(program: str, path: Path) -> tuple[list[str], float]:
    runs = []
    for _ in range(RUNS):
        done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
        *lines, seconds = done.stdout.splitlines()
        runs.append((lines, float(seconds)))
    return runs[0][0], statistics.median(seconds for _, seconds in runs)


UNITS = tuple(
    Unit((_name("stacks", size), _name("stacks-frames", size), *(("symbols",) if size == SIZES[0] else ())), seconds,
         partial(_measure, size=size))
    for size, seconds in zip(SIZES, (20, 20, 60), strict=True)
)  # fmt: skip
