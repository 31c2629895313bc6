"""Programs in fresh processes, and their medians."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.kept import SLOW, Rival, rival

RUNS = 7


def printed(program: str, *arguments: str) -> list[str]:
    """Lines that a Python program of ours prints, from a fresh process.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if line.strip()]


def timed(program: str, *arguments: str) -> float:
    """Seconds that it reports on its last line."""
    return float(printed(program, *arguments)[-1])


def against(figure: str, package: str, dump: Path, ours: Sequence[str], theirs: Sequence[str]) -> tuple[float, Rival]:
    """Median of ours, and the rival's times: one after the other (A B A B …), so that both see the same machine.

    The lines before the last are what each side found, of ours the first run's; a rival that is slow is run once.
    """
    mine: list[float] = []

    def once() -> tuple[float, list[str]]:
        mine.append(timed(*ours))
        *lines, seconds = printed(*theirs)
        return float(seconds), lines

    found = rival(figure, package, dump, once, RUNS)
    while len(mine) < RUNS:
        mine.append(timed(*ours))
    return statistics.median(mine), found


__all__ = ["RUNS", "SLOW", "against", "printed", "timed"]
