"""``volplugins triage`` of a machine of real size: 250 processes, 50,000 modules, 75,000 ranges of addresses.

Nothing to compare with: ``triage`` and ``triage@populous`` do that with the same plugins as ``vol`` runs of their own.
The hash of the file is left out, which is read by the disk's speed.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from tests.bench.figures import Figures, Unit
from volplugins.lab.machines.populous import build_populous
from volplugins.lab.writers import write

_PROCESSES, _RUNS = 250, 3
_NAMES = tuple(f"triage@great{part}" for part in ("", "-processor-time", "-peak-memory", "-page"))
# starts the command, waits, and prints what it used; of the largest process where there are several
_WATCHED = """
import json, resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


def _measure(folder: Path, figures: Figures) -> None:
    path = write(build_populous(_PROCESSES), "full", folder / "great.dmp")
    output = folder / "great"
    _run(folder, path, output)  # fills the caches of symbol files and of compiled modules
    runs = [_run(folder, path, output) for _ in range(_RUNS)]
    path.unlink()
    page = (output / "report.html").stat().st_size
    wall, used, peak = (statistics.median(each) for each in zip(*runs, strict=True))
    for name, value, unit in zip(_NAMES, (wall, used, peak / 1024, page / 1e6), ("s", "s", "MiB", "MB"), strict=True):
        figures.report(name, value, unit, None, 1)


def _run(folder: Path, dump: Path, output: Path) -> tuple[float, float, int]:
    """Seconds by the clock and of processors, and the peak in KiB."""
    environment = {**os.environ, "HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    script = str(Path(sysconfig.get_path("scripts")) / "volplugins")
    command = [sys.executable, script, "triage", "-q", "--no-hash", str(dump), "-o", str(output)]
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, *command], capture_output=True, text=True, cwd=folder, env=environment,
        check=True,
    )  # fmt: skip
    used, peak = json.loads(done.stdout.splitlines()[-1])
    return time.perf_counter() - start, used, peak


UNITS = (Unit(_NAMES, 170, _measure),)
