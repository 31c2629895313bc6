"""From the shell's prompt to the first row: windows.kd.analyze against volatility3's windows.info, same dump; and of a
kernel that nobody has symbols of against the same one with them.
"""

from __future__ import annotations

import statistics
from pathlib import Path

from tests.bench.figures import Figures, Unit
from tests.bench.measure import RUNS, against, timed
from volplugins.lab.damage.unknown_kernel import without_symbols
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


def _bare(folder: Path, figures: Figures) -> None:
    """The same machine twice, its kernel with the identity of a symbol table at hand and with one that none has."""
    snapshot = build("win10-x64", "driver-read")
    known = write(snapshot, "full", folder / "known.dmp")
    unknown = write(without_symbols(snapshot), "full", folder / "unknown.dmp")
    sides: tuple[list[float], list[float]] = ([], [])
    for _ in range(RUNS):
        for side, path in zip(sides, (unknown, known), strict=True):
            side.append(timed(_PROGRAM, str(path), "windows.kd.analyze", "BUGCHECK_CODE"))
    without, with_them = map(statistics.median, sides)
    figures.report("start-up-without-symbols", without, "s", "with symbols", with_them / without)


UNITS = (
    Unit(("start-up",), 25, _measure),
    Unit(("start-up-without-symbols",), 15, _bare),
)
