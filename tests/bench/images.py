"""Memory images: the census at the speed it has on dumps, how soon the kernel is found, and the second command.

The kernel is looked for in two sparse images of 64 GiB: one with System's directory where Windows usually has it, and
one with all of the machine at 16 GiB and no processor start block, where volatility3 (up to 94 MiB) finds nothing.
"""

from __future__ import annotations

import os
import statistics
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from tests.bench.figures import Figures, Unequal, Unit
from tests.bench.measure import RUNS, against, printed, timed
from tests.bench.page_tables import CENSUS, PAGES, PROCESS
from volplugins.lab.machine.machine import LARGE_FRAME, LARGE_FRAMES
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machines.catalogue import build
from volplugins.lab.machines.dense import with_dense_processes
from volplugins.lab.writers import write
from volplugins.lab.writers.live_memory import live_memory

_SIZE = 64 << 30
_HIGH = 0x400000  # 16 GiB
_IMAGE_CENSUS = CENSUS.replace(
    "memory = open_dump(FileSource(sys.argv[1])).memory",
    "from volplugins.imagefile.open_image import open_image\n"
    "memory = open_image(FileSource(sys.argv[1]), None, sys.argv[1]).memory",
)
_FOUND = """
import sys, time
from volplugins.dumpfile.source import FileSource
from volplugins.imagefile.open_image import open_image
from volplugins.target.of_image import target_of_image
start = time.perf_counter()
target = target_of_image(open_image(FileSource(sys.argv[1]), None, sys.argv[1]))
took = time.perf_counter() - start
print(hex(target.directory_table_base))
print(took)
"""
_VOLATILITY = """
import sys, time
from pathlib import Path
from volatility3.framework import contexts
from volatility3.framework.automagic import windows
from volatility3.framework.layers import physical
context = contexts.Context()
context.config["file.location"] = Path(sys.argv[1]).resolve().as_uri()
context.add_layer(physical.FileLayer(context, "file", "file"))
start = time.perf_counter()
layer = windows.WindowsIntelStacker.stack(context, "file")
took = time.perf_counter() - start
print(hex(layer.config["page_map_offset"]) if layer is not None else "nothing")
print(took)
"""
_SECOND = """
import subprocess, sys, sysconfig, time
from pathlib import Path
vol = Path(sysconfig.get_path("scripts")) / "vol"
start = time.perf_counter()
subprocess.run([sys.executable, str(vol), "-q", "--offline", "-f", sys.argv[1], "windows.kd.vtop", "--address",
                "0xfffff78000000000"], stdout=subprocess.DEVNULL, check=True)
print(time.perf_counter() - start)
"""


def _census(folder: Path, figures: Figures) -> None:
    """The census of a raw and a LiME image against that of the dump of the same machine."""
    snapshot = with_dense_processes(build("win10-x64"), PAGES, (PROCESS,))
    directory = next(f"{each['dtb']:x}" for each in snapshot.truth["processes"] if each["name"] == PROCESS)
    seconds: dict[str, float] = {}
    counts = set()
    for kind, program in (("full", CENSUS), ("raw", _IMAGE_CENSUS), ("lime", _IMAGE_CENSUS)):
        path = write(snapshot, kind, folder / f"dense.{kind}")
        runs = [printed(program, str(path), directory) for _ in range(RUNS + 1)][1:]
        counts |= {int(run[-2].split()[0]) for run in runs}
        seconds[kind] = statistics.median(float(run[-1]) for run in runs)
        path.unlink()
    if len(counts) != 1 or min(counts) < PAGES:
        raise Unequal(f"the census counts {sorted(counts)} pages in dump and images of one machine")
    for kind in ("raw", "lime"):
        figures.report(f"census@{kind}", PAGES / seconds[kind], "pages/s", "the dump", seconds["full"] / seconds[kind])


def _kernel_found(folder: Path, figures: Figures) -> None:
    for name, high in (("kernel-found", False), ("kernel-found@high", True)):
        if figures.wants(name):
            path = _sparse(folder, high)
            ours, theirs = against(name, "volatility3", path, (_FOUND, str(path)), (_VOLATILITY, str(path)))
            found = theirs.results[0] if theirs.results else "nothing"
            if high and found == "nothing":
                figures.report(name, ours, "s", None, 1)
            else:
                figures.report(name, ours, "s", "volatility3", statistics.median(theirs.seconds) / ours, theirs.kept)
            path.unlink()


def _second(folder: Path, figures: Figures) -> None:
    """The first command on an image against the second one, which knows where the kernel is."""
    path = _sparse(folder, True)
    first = []
    for number in range(RUNS):
        path.touch()  # another time of change: nothing is known of the image
        _set_time(path, number)
        first.append(timed(_SECOND, str(path)))
    second = [timed(_SECOND, str(path)) for _ in range(RUNS)]
    figures.report(
        "second-command",
        statistics.median(second),
        "s",
        "the first",
        statistics.median(first) / statistics.median(second),
    )
    path.unlink()


def _set_time(path: Path, number: int) -> None:
    os.utime(path, (1_000_000_000 + number, 1_000_000_000 + number))


def _sparse(folder: Path, high: bool) -> Path:
    """A raw image of 64 GiB, all of it holes but the machine's own pages."""
    profile = PROFILES["win10-x64"]
    if high:
        # low memory keeps the first MiBs, and what stacks and large pages have at fixed places
        upper = ((base + _HIGH, count) for base, count in profile.runs if base >= 0x100)
        runs = ((0x1, 0x9E), (0x100, 0x100), (0x800, 0x200), (LARGE_FRAME, LARGE_FRAMES), *upper)
        profile = replace(profile, directory_pfn=profile.directory_pfn + _HIGH, runs=runs)
    with patch.dict(PROFILES, {"win10-x64": profile}):
        snapshot = live_memory(build("win10-x64"))
    path = write(snapshot, "raw", folder / f"sparse-{'high' if high else 'low'}.raw")
    with path.open("r+b") as file:
        file.truncate(_SIZE)
        start = snapshot.truth["live_memory"]["start_block"]
        if high and start:
            file.seek(start)
            file.write(bytes(0x1000))
    return path


UNITS = (
    Unit(("census@raw", "census@lime"), 40, _census),
    Unit(("kernel-found", "kernel-found@high"), 60, _kernel_found),
    Unit(("second-command",), 60, _second),
)
