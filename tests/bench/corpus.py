"""``volplugins batch`` over 200 lab dumps with one worker and with two; and what the parent needs at 50 and at 200."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from tests.bench.figures import Figures, Unequal, Unit
from volplugins.lab.machines.catalogue import build
from volplugins.lab.writers import write

_DUMPS, _FEW = 200, 50
_MACHINES = ("win10-x64", "win7-x64", "win7-x86-pae", "xp-x86")
_FAULTS = ("driver-read", "notmyfault")
_KINDS = ("bitmap-kernel", "triage", "active")
_PROGRAM = """
import json, sys
from pathlib import Path
from volplugins.batch.options import BatchOptions
from volplugins.batch.run import run_batch
folder, output, workers = sys.argv[1:]
code = run_batch(BatchOptions((Path(folder),), Path(output), workers=int(workers), quiet=True))
# not ru_maxrss, which remembers the process that this one was forked from
peak = next((line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")), "0")
print(json.dumps({"code": code, "peak": int(peak)}))
"""


def _measure(folder: Path, figures: Figures) -> None:
    """Make the dumps, run both, compare what came out, print the figures."""
    few, many = folder / "few", folder / "many"
    for number in range(_DUMPS):
        _write(many, number)
    few.mkdir()
    for path in sorted(many.iterdir())[:_FEW]:
        os.link(path, few / path.name)
    one, peak = _timed(many, folder / "one", 1)
    two, _ = _timed(many, folder / "two", 2)
    if _rows(folder / "one") != _rows(folder / "two"):
        raise Unequal("one worker and two give different rows")
    _, least = _timed(few, folder / "few-out", 1)
    figures.report("corpus", _DUMPS / two * 60, "dumps/min", "one worker", one / two)
    figures.report(f"corpus-peak-memory@{_FEW}", least / 1024, "MiB", None, 1)
    figures.report(f"corpus-peak-memory@{_DUMPS}", peak / 1024, "MiB", None, 1)
    for made in (many, few, folder / "one", folder / "two", folder / "few-out"):
        shutil.rmtree(made)


def _write(folder: Path, number: int) -> None:
    """A dump like no other: its second parameter is its number."""
    folder.mkdir(exist_ok=True)
    snapshot = build(_MACHINES[number % 4], _FAULTS[number // 4 % 2])
    different = replace(snapshot, header={**snapshot.header, "BugCheckParameter2": number})
    kind = _KINDS[number // 8 % (3 if snapshot.bits == 64 else 2)]
    write(different, kind, folder / f"{number:04}.dmp")


def _timed(dumps: Path, output: Path, workers: int) -> tuple[float, int]:
    """Seconds, and the parent's peak in KiB."""
    command = [sys.executable, "-c", _PROGRAM, str(dumps), str(output), str(workers)]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.perf_counter() - start, int(json.loads(done.stdout.splitlines()[-1])["peak"])


def _rows(corpus: Path) -> dict[str, bytes]:
    return {path.relative_to(corpus).as_posix(): path.read_bytes() for path in corpus.glob("dumps/*/rows/*.jsonl")}


UNITS = (Unit(("corpus", f"corpus-peak-memory@{_FEW}", f"corpus-peak-memory@{_DUMPS}"), 330, _measure),)
