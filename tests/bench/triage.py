"""One triage run of a dump against the same plugins, each as its own ``vol`` run."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.measure import RUNS, report
from volplugins.lab.machines import build
from volplugins.lab.writers import write
from volplugins.triage.suite import SUITE


def run(folder: Path) -> None:
    """Print the figure; both sides must give as many rows."""
    dump = write(build("win10-x64", "driver-read"), "full", folder / "triage.dmp")
    scripts = Path(sysconfig.get_path("scripts"))
    ours, theirs = [], []
    for number in range(RUNS):
        output = folder / f"out-{number}"
        ours.append(_timed([sys.executable, "-m", "volplugins.cli.main", "triage", str(dump), "-o", str(output), "-q"]))
        total = 0.0
        for part in SUITE:
            command = [str(scripts / "vol"), "-q", "--offline", "-r", "jsonlines", "-f", str(dump)]
            rows = folder / "rows"
            total += _timed([*command, f"windows.kd.{part.shell}", *part.typed], rows)
            if rows.read_bytes() != (output / "rows" / f"{part.name}.jsonl").read_bytes():
                raise SystemExit(f"triage: the rows of {part.name} differ")
        theirs.append(total)
    value = statistics.median(ours)
    report("triage", value, "s", "separate runs", statistics.median(theirs) / value)
    dump.unlink()


def _timed(command: Sequence[str], out: Path | None = None) -> float:
    with open(out or os.devnull, "wb") as file:
        start = time.perf_counter()
        subprocess.run(command, stdout=file, stderr=subprocess.DEVNULL, check=True)
        return time.perf_counter() - start
