"""Two commands in turn, each in a fresh process, and the ratio of their medians."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence

RUNS = 7


def timed(program: str, *arguments: str) -> float:
    """Seconds that a Python program of ours reports on its last line, from a fresh process."""
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])


def medians(ours: Sequence[str], theirs: Sequence[str]) -> tuple[float, float]:
    """Medians of both programs over RUNS runs, one after the other (A B A B …), so that both see the same machine."""
    pairs = [(timed(*ours), timed(*theirs)) for _ in range(RUNS)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def report(name: str, value: float, unit: str, against: str | None, ratio: float) -> None:
    """Print one figure."""
    line = {"name": name, "value": round(value, 6), "unit": unit, "against": against, "ratio": round(ratio, 2)}
    print(json.dumps(line), flush=True)
