"""A whole machine's address spaces, modules and PEBs, against volatility3's vadinfo, ldrmodules and dlllist.

One lab dump: 100 processes of 200 modules and 300 ranges each, besides Windows' own. Both sides run as plugins of the
same framework in fresh processes; the rows alone are timed, and the whole process too.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.figures import Figures, Unequal, Unit
from tests.bench.kept import rival
from tests.bench.measure import RUNS
from volplugins.lab.machines.populous import build_populous
from volplugins.lab.writers import write

PROCESSES = 100
_PROGRAM = Path(__file__).parent / "run_plugin.py"
Rows = list[list[Any]]


def _ranges(rows: Rows) -> set[tuple[Any, ...]]:
    """volatility3's end is the last byte."""
    return {(pid, start, end + 1) for pid, start, end in rows}


def _busy(rows: Rows) -> set[tuple[Any, ...]]:
    """Regions of one range follow one another: their edges are compared by what covers them."""
    return {(pid, start, end) for pid, start, end, kind in rows if kind}


def _modules(rows: Rows) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in rows if row[1]}


def _listed(rows: Rows) -> set[tuple[Any, ...]]:
    return {(pid, base) for pid, base, _ in rows}


def _of_peb(rows: Rows) -> set[tuple[Any, ...]]:
    return {(pid, int(field, 16)) for pid, section, field, _ in rows if section == "modules" and field}


Same = Callable[[Rows, Rows], bool]


def _covered(ours: Rows, theirs: Rows) -> bool:
    """Every range of theirs is made up of regions of ours, and there are no others."""
    mine: dict[Any, dict[Any, Any]] = {}
    for pid, start, end in _busy(ours):
        mine.setdefault(pid, {})[start] = end
    for pid, start, end in _ranges(theirs):
        at = start
        while at < end:
            at = mine.get(pid, {}).pop(at, end + 1)
        if at != end:
            return False
    return not any(mine.values())


BENCHES: dict[str, tuple[str, str, Same]] = {
    "address": ("windows.kd.address.UserSpace", "windows.vadinfo.VadInfo", _covered),
    "lm": (
        "windows.kd.lm.Lm",
        "windows.malware.ldrmodules.LdrModules",
        lambda ours, theirs: _modules(ours) == _modules(theirs),
    ),
    "peb": (
        "windows.kd.peb.Peb",
        "windows.dlllist.DllList",
        lambda ours, theirs: _of_peb(ours) == _listed(theirs),
    ),
}


def _measure(folder: Path, figures: Figures, name: str) -> None:
    """The figure without start-up and with it."""
    ours, theirs, same = BENCHES[name]
    path = folder / "populous.dmp"  # one dump for the three
    if not path.exists():
        write(build_populous(PROCESSES), "full", path)
    rows = folder / f"{name}.json"
    mine = [timed_plugin(path, ours, rows)]
    found = json.loads(rows.read_text())

    def once() -> tuple[float, Any]:
        _, seconds, whole = timed_plugin(path, theirs, rows)
        return seconds, {"rows": json.loads(rows.read_text()), "whole": whole}

    other = rival(name, "volatility3", path, once, RUNS)
    if not same(found, other.results["rows"]):
        raise Unequal("the two sides differ")
    mine += [timed_plugin(path, ours) for _ in range(1, RUNS)]
    rate, value, whole = (statistics.median(each[index] for each in mine) for index in range(3))
    against = statistics.median(other.seconds)
    figures.report(name, value, "s", "volatility3", against / value, other.kept)
    figures.report(f"{name}-with-start-up", whole, "s", "volatility3", other.results["whole"] / whole, other.kept)
    figures.report(f"{name}-rate", rate / value, "rows/s", None, 1)


def timed_plugin(path: Path, plugin: str, rows: Path | None = None) -> tuple[int, float, float]:
    """Runs one plugin: its rows, seconds for them, seconds for the whole process."""
    command = [sys.executable, str(_PROGRAM), str(path), plugin, *([str(rows)] if rows else [])]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    whole = time.perf_counter() - start
    count, seconds = done.stdout.split()[-2:]
    return int(count), float(seconds), whole


UNITS = tuple(
    Unit((name, f"{name}-with-start-up", f"{name}-rate"), seconds, partial(_measure, name=name), slow)
    for name, seconds, slow in (("address", 60, 540), ("lm", 40, 80), ("peb", 40, 40))
)
