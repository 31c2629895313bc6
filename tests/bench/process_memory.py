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
from pathlib import Path
from typing import Any

from tests.bench.measure import RUNS, report
from volplugins.lab.machines.populous import build_populous
from volplugins.lab.writers import write

PROCESSES = 100
_PROGRAM = Path(__file__).parent / "run_plugin.py"
_LONG = 20.0  # seconds: a side that takes longer than this is run once, not seven times
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


def run(folder: Path) -> None:
    """Print each figure without start-up and with it."""
    path = write(build_populous(PROCESSES), "full", folder / "populous.dmp")
    for name, (ours, theirs, same) in BENCHES.items():
        rows = [folder / f"{name}-ours.json", folder / f"{name}-theirs.json"]
        mine = [_timed(path, ours, rows[0])]
        other = [_timed(path, theirs, rows[1])]
        if not same(*(json.loads(file.read_text()) for file in rows)):
            raise SystemExit(f"{name}: the two sides differ")
        for _ in range(1, RUNS):
            mine.append(_timed(path, ours))
            if other[0][1] < _LONG:
                other.append(_timed(path, theirs))
        for index, more in ((1, ""), (2, "-with-start-up")):
            value, against = (statistics.median(each[index] for each in side) for side in (mine, other))
            report(name + more, value, "s", "volatility3", against / value)
        report(f"{name}-rate", mine[0][0] / statistics.median(each[1] for each in mine), "rows/s", None, 1)
    path.unlink()


def _timed(path: Path, plugin: str, rows: Path | None = None) -> tuple[int, float, float]:
    """Rows, seconds for them, seconds for the whole process."""
    command = [sys.executable, str(_PROGRAM), str(path), plugin, *([str(rows)] if rows else [])]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    whole = time.perf_counter() - start
    count, seconds = done.stdout.split()[-2:]
    return int(count), float(seconds), whole
