"""The census and the whole map of a dense process: ours against volatility3's _mapping and MemProcFS's maps.pte()."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from functools import partial
from pathlib import Path

from tests.bench.figures import Figures, Unequal, Unit
from tests.bench.kept import rival
from tests.bench.measure import RUNS, printed
from tests.bench.page_sets import Pages, differences
from volplugins.lab.machines.catalogue import build
from volplugins.lab.machines.dense import with_dense_processes
from volplugins.lab.writers import write

PAGES = 2_000_000
PROCESS = "explorer.exe"

# each prints the pages it found and the seconds of its first call; opening the dump is not part of it
_OPEN = """
import sys, time
from pathlib import Path
from volplugins.dumpfile.dump import open_dump
from volplugins.dumpfile.source import FileSource
from volplugins.kernel.directories.top import read_top
from volplugins.kernel.directories.census import take_census
from volplugins.kernel.directories.page_map import PageMap, physical_of
from volplugins.paging.mode import PagingMode
def kib(name):  # resident memory of this process, now or at its highest
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
memory = open_dump(FileSource(sys.argv[1])).memory
before = kib("VmRSS")
start = time.perf_counter()
top = read_top(memory, PagingMode.X64, int(sys.argv[2], 16))
"""
CENSUS = f"""{_OPEN}
pages = take_census(memory, top).pages
took = time.perf_counter() - start
print(pages, (kib("VmHWM") - before) / 1024)
print(took)
"""
PTOV = f"""{_OPEN}
pages = 0
for leaves in PageMap(memory, top).user():
    physical = physical_of(PagingMode.X64, leaves)
    pages += len(physical) * (leaves.size >> 12)
took = time.perf_counter() - start
print(pages, (kib("VmHWM") - before) / 1024)
print(took)
"""
VOLATILITY = """
import json, sys, time
from pathlib import Path
from volatility3.framework import contexts
from volatility3.framework.layers import crash, intel, physical
context = contexts.Context()
context.config["file.location"] = Path(sys.argv[1]).resolve().as_uri()
context.add_layer(physical.FileLayer(context, "file", "file"))
context.config["dump.base_layer"] = "file"
context.add_layer(crash.WindowsCrashDump64Layer(context, "dump", "dump"))
context.config["virtual.memory_layer"] = "dump"
context.config["virtual.page_map_offset"] = int(sys.argv[2], 16)
layer = intel.WindowsIntel32e(context, "virtual", "virtual")
context.add_layer(layer)
start = time.perf_counter()
ranges = []
for at, size, _, _, name in layer._mapping(0, 1 << 47, ignore_errors=True):
    if name == "dump":
        if ranges and sum(ranges[-1][:2]) == at:
            ranges[-1][1] += size
        else:
            ranges.append([at, size, 0])
took = time.perf_counter() - start
print(json.dumps(ranges))
print(took)
"""
MEMPROCFS = """
import json, sys, time
import memprocfs
machine = memprocfs.Vmm(["-device", sys.argv[1], "-disable-python", "-disable-symbolserver", "-waitinitialize"])
process = next(each for each in machine.process_list() if each.dtb == int(sys.argv[2], 16))
start = time.perf_counter()
entries = process.maps.pte()
took = time.perf_counter() - start
print(json.dumps([[e["va"], e["pages"] << 12, e["pages-sw"]] for e in entries if e["va"] < 1 << 47]))
print(took)
"""


def _measure(folder: Path, figures: Figures) -> None:
    """The figures of census and ptov."""
    path, directory, expected = _dense(folder, PAGES)
    pages = Pages.of(path, directory)
    ours = {"census": _timed(CENSUS, path, directory), "ptov": _timed(PTOV, path, directory)}
    counts = {int(lines[0].split()[0]) for runs in ours.values() for lines, _ in runs}
    if counts != {pages.count}:
        raise Unequal(f"census and ptov count {sorted(counts)} pages, {pages.count} are mapped")
    for program, name in RIVALS.items():
        if not _installed(name.lower()):
            print(f"census, ptov: {name} is not installed (extra 'judges') or lacks libusb-1.0-0", file=sys.stderr)
            continue
        theirs = rival("census", name.lower(), path, partial(_once, program, path, directory), RUNS)
        said, unexplained = differences(pages, theirs.results)
        for text in said:
            print(f"census, ptov: {name}: {text}", file=sys.stderr)
        for figure, mine in ours.items():
            if unexplained:
                figures.fail([figure], f"{name} and ours differ: {unexplained}")
                continue
            seconds = _median(mine)
            ratio = statistics.median(theirs.seconds) / seconds
            figures.report(figure, expected / seconds, "pages/s", name, ratio, theirs.kept)
    for figure, mine in ours.items():
        peak = max(float(lines[0].split()[1]) for lines, _ in mine)
        figures.report(f"{figure}-peak-memory", peak, "MiB", None, 1)
    path.unlink()


def _grown(folder: Path, figures: Figures, factor: int) -> None:
    path, directory, expected = _dense(folder, PAGES * factor)
    figures.report(f"census@{factor}x", expected / _median(_timed(CENSUS, path, directory)), "pages/s", None, 1)
    path.unlink()


def _once(program: str, path: Path, directory: str) -> tuple[float, list[list[int]]]:
    """Seconds and ranges (address, bytes, pages among them that are not valid) of a rival's run."""
    ((lines, seconds),) = _timed(program, path, directory, runs=1)
    return seconds, json.loads(lines[0])


def _dense(folder: Path, pages: int) -> tuple[Path, str, int]:
    """The dump, the DirectoryTableBase of its dense process, and how many pages that has."""
    snapshot = with_dense_processes(build("win10-x64"), pages, (PROCESS,))
    process = next(each for each in snapshot.truth["processes"] if each["name"] == PROCESS)
    return write(snapshot, "full", folder / f"dense-{pages}.dmp"), f"{process['dtb']:x}", pages


Runs = list[tuple[list[str], float]]


def _timed(program: str, path: Path, directory: str, runs: int = RUNS) -> Runs:
    """Output lines and seconds of each run in a fresh process; of ours one more first, so that the file is cached."""
    found = []
    for _ in range(runs + (runs == RUNS)):
        *lines, seconds = printed(program, str(path), directory)
        found.append((lines[-1:], float(seconds)))
    return found[-runs:]


def _median(runs: Runs) -> float:
    return statistics.median(seconds for _, seconds in runs)


def _installed(module: str) -> bool:
    return subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0


RIVALS = {VOLATILITY: "volatility3", MEMPROCFS: "MemProcFS"}
UNITS = (
    Unit(("census", "ptov", "census-peak-memory", "ptov-peak-memory"), 40, _measure, 60),
    *(Unit((f"census@{factor}x",), seconds, partial(_grown, factor=factor)) for factor, seconds in ((4, 30), (16, 90))),
)
