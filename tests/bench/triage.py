"""``volplugins triage`` of one dump against the same plugins, each as a ``vol`` run of its own.

Both sides write JSON lines to files, which must be equal. Whole processes are timed, start-up included: that is what
one run saves. volatility3's cache is warm on both sides.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.bench.figures import Figures, Unequal, Unit
from tests.bench.measure import RUNS
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import build
from volplugins.lab.machines.populous import build_populous
from volplugins.lab.writers import write
from volplugins.triage.sections import SECTIONS

_PROCESSES = 10
_DUMPS: dict[str, tuple[Callable[[], Snapshot], int]] = {
    # with what a default machine has not: a program of 32-bit code
    "triage": (lambda: build("win10-x64", "driver-read", wow64=True), RUNS),
    "triage@populous": (lambda: build_populous(_PROCESSES, modules=60, vads=120), 3),
}


def _measure(folder: Path, figures: Figures, name: str) -> None:
    """The figure of one dump."""
    make, runs = _DUMPS[name]
    path = write(make(), "full", folder / "triage.dmp")
    ours, theirs = folder / f"{name}-ours", folder / f"{name}-theirs"
    theirs.mkdir()
    _together(folder, path, ours)  # fills the caches of symbol files and of compiled modules
    pairs = [(_together(folder, path, ours), _apart(folder, path, theirs)) for _ in range(runs)]
    path.unlink()
    for section in SECTIONS:
        file = f"{section.name}.jsonl"
        if (ours / "rows" / file).read_bytes() != (theirs / file).read_bytes():
            raise Unequal(f"the two sides differ in {file}")
    value, against = (statistics.median(side) for side in zip(*pairs, strict=True))
    figures.report(name, value, "s", "separate runs", against / value)


def _together(folder: Path, dump: Path, output: Path) -> float:
    """Seconds of one run of everything."""
    return _seconds(folder, _script("volplugins"), "triage", "-q", str(dump), "-o", str(output))


def _apart(folder: Path, dump: Path, output: Path) -> float:
    """Seconds of all runs, one after the other."""
    total = 0.0
    for section in SECTIONS:
        arguments = ("-q", "--offline", "-r", "jsonlines", "-f", str(dump), section.typed, *section.options)
        total += _seconds(folder, _script("vol"), *arguments, output=output / f"{section.name}.jsonl")
    return total


def _script(name: str) -> str:
    return str(Path(sysconfig.get_path("scripts")) / name)


def _seconds(folder: Path, *command: str, output: Path | None = None) -> float:
    environment = {**os.environ, "HOME": str(folder), "XDG_CACHE_HOME": str(folder)}
    with open(output or os.devnull, "wb") as out:
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, *command], stdout=out, stderr=subprocess.DEVNULL, cwd=folder, env=environment, check=True
        )
        return time.perf_counter() - start


UNITS = tuple(
    Unit((name,), seconds, partial(_measure, name=name)) for name, seconds in zip(_DUMPS, (90, 60), strict=True)
)
