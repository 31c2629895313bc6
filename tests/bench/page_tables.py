"""The census and the whole map of a dense process: ours against volatility3's _mapping and MemProcFS's maps.pte()."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

from tests.bench.measure import RUNS, report
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
pages = take_census(memory, PagingMode.X64, top.entries, top.physical).pages
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
import sys, time
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
pages = sum(size >> 12 for _, size, _, _, name in layer._mapping(0, 1 << 47, ignore_errors=True) if name == "dump")
took = time.perf_counter() - start
print(pages)
print(took)
"""
MEMPROCFS = """
import sys, time
import memprocfs
machine = memprocfs.Vmm(["-device", sys.argv[1], "-disable-python", "-disable-symbolserver", "-waitinitialize"])
process = next(each for each in machine.process_list() if each.dtb == int(sys.argv[2], 16))
start = time.perf_counter()
entries = process.maps.pte()
took = time.perf_counter() - start
print(sum(entry["pages"] for entry in entries if entry["va"] < 1 << 47))
print(took)
"""


def run(folder: Path) -> None:
    """Print the figures of census and ptov, and how the census grows."""
    path, directory, expected = _dense(folder, PAGES)
    ours = {"census": _timed(CENSUS, path, directory), "ptov": _timed(PTOV, path, directory)}
    theirs = {"volatility3": _timed(VOLATILITY, path, directory)}
    if _installed("memprocfs"):
        theirs["MemProcFS"] = _timed(MEMPROCFS, path, directory)
    else:
        print("census, ptov: MemProcFS is not installed (extra 'judges') or lacks libusb-1.0-0", file=sys.stderr)
    counts = {name: {int(lines[0].split()[0]) for lines, _ in runs} for name, runs in (*ours.items(), *theirs.items())}
    if any(each != counts["census"] for each in counts.values()) or len(counts["census"]) != 1:
        raise SystemExit(f"census: the programs do not agree on the pages: {counts}")
    for name, mine in ours.items():
        seconds = _median(mine)
        for rival, runs in theirs.items():
            report(name, expected / seconds, "pages/s", rival, _median(runs) / seconds)
        peak = max(float(lines[0].split()[1]) for lines, _ in mine)
        report(f"{name}-peak-memory", peak, "MiB", None, 1)
    path.unlink()
    for factor in (4, 16):
        path, directory, expected = _dense(folder, PAGES * factor)
        report(f"census@{factor}x", expected / _median(_timed(CENSUS, path, directory)), "pages/s", None, 1)
        path.unlink()


def _dense(folder: Path, pages: int) -> tuple[Path, str, int]:
    """The dump, the DirectoryTableBase of its dense process, and how many pages that has."""
    snapshot = with_dense_processes(build("win10-x64"), pages, (PROCESS,))
    process = next(each for each in snapshot.truth["processes"] if each["name"] == PROCESS)
    return write(snapshot, "full", folder / f"dense-{pages}.dmp"), f"{process['dtb']:x}", pages


Runs = list[tuple[list[str], float]]


def _timed(program: str, path: Path, directory: str) -> Runs:
    """Output lines and seconds of each run in a fresh process; one run first, so that the file is in the cache."""
    found = []
    for _ in range(RUNS + 1):
        done = subprocess.run(
            [sys.executable, "-c", program, str(path), directory], capture_output=True, text=True, check=True
        )
        *lines, seconds = [line for line in done.stdout.splitlines() if line.strip()]
        found.append((lines[-1:], float(seconds)))
        if program is VOLATILITY and len(found) >= RUNS:
            return found  # a quarter of a minute each; the cache is warm from our own runs
    return found[1:]


def _median(runs: Runs) -> float:
    return statistics.median(seconds for _, seconds in runs)


def _installed(module: str) -> bool:
    return subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0
