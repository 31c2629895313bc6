"""From the shell's prompt to the first row: windows.kd.analyze against volatility3's windows.info, same dump."""

from __future__ import annotations

import statistics
from pathlib import Path

from tests.bench.figures import Figures, Unit
from tests.bench.measure import against
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write

_PROGRAM = """
import subprocess, sys, sysconfig, time
from pathlib import Path
vol = Path(sysconfig.get_path("scripts")) / "vol"
dump, plugin, marker, *more = sys.argv[1:]
start = time.perf_counter()
options = [*more, "-q", "--offline", "-r", "csv", "-f", dump, plugin]
run = subprocess.Popen([sys.executable, str(vol), *options], stdout=subprocess.PIPE)
for line in run.stdout:
    if marker.encode() in line:
        took = time.perf_counter() - start
        break
else:
    sys.exit("no row of " + plugin)
run.stdout.read()
run.wait()
print(took)
"""

# volatility3 by itself: its own crash layer and scan, not ours, which speeds its plugins up as well
_CORE = ("--stackers", "WindowsCrashDumpStacker", "WindowsIntelStacker")


def _measure(folder: Path, figures: Figures) -> None:
    """Measure both on a complete dump of the lab's Windows 10 machine."""
    path = write(build("win10-x64", "driver-read"), "full", folder / "start-up.dmp")
    ours, theirs = against(
        "start-up", "volatility3", path,
        (_PROGRAM, str(path), "windows.kd.analyze", "BUGCHECK_CODE"),
        (_PROGRAM, str(path), "windows.info", "Kernel Base", *_CORE),
    )  # fmt: skip
    figures.report("start-up", ours, "s", "volatility3", statistics.median(theirs.seconds) / ours, theirs.kept)


UNITS = (Unit(("start-up",), 25, _measure),)
