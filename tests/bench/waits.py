"""Who waits on whom: from the opened scene to the last row, how the cost grows with threads, and the memory it takes.

A lab machine whose threads wait in chains of ten for each other's mutants, every hundredth chain a deadlock. No other
program at hand follows waits from a dump.
"""

from __future__ import annotations

import statistics
from functools import partial
from pathlib import Path

from tests.bench.figures import Figures, Unequal, Unit
from tests.bench.measure import RUNS, printed
from volplugins.lab.machines.crowd import CHAIN, RINGS, build_waiting_crowd
from volplugins.lab.writers import write

# prints threads, deadlocks and rows, how much more memory was needed than for the scene (MiB), then the seconds
_FOLLOW = """
import sys, time
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.vol.commands.waits.rows import Wanted, waits_rows
from volplugins.vol.scene.crash_scene import scene_of
from volplugins.vol.scene.waits_scene import scene_waits
def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
scene = scene_of(open_dump(FileSource(sys.argv[1])))
before = peak()
start = time.perf_counter()
rows = list(waits_rows(scene, Wanted(scan=False)))
took = time.perf_counter() - start
more = peak() - before
waits = scene_waits(scene, False)
print(len(waits.survey.threads), len(waits.graph.deadlocks), len(rows))
print(more)
print(took)
"""
SIZES = (2500, 10000)


def _measure(folder: Path, figures: Figures, size: int) -> None:
    """Seconds at one size; memory at the largest."""
    path = write(build_waiting_crowd(size), "full", folder / f"waits-{size}.dmp")
    runs = [printed(_FOLLOW, str(path)) for _ in range(RUNS)]
    path.unlink()
    threads, deadlocks, rows = map(int, runs[0][0].split())
    if threads < size or rows < size or deadlocks != size // CHAIN // RINGS + (size // CHAIN % RINGS > 0):
        raise Unequal(f"{threads} threads, {deadlocks} deadlocks, {rows} rows of {size} threads")
    seconds = statistics.median(float(lines[-1]) for lines in runs)
    figures.report(_name(size), seconds, "s", None, 1)
    if size == SIZES[-1]:
        memory = statistics.median(float(lines[1]) for lines in runs)
        figures.report("waits-peak-memory", memory, "MiB", None, 1)


def _name(size: int) -> str:
    return "waits" if size == SIZES[0] else f"waits@{size // SIZES[0]}x"


UNITS = tuple(
    Unit((_name(size), *(("waits-peak-memory",) if size == SIZES[-1] else ())), seconds, partial(_measure, size=size))
    for size, seconds in zip(SIZES, (45, 150), strict=True)
)
