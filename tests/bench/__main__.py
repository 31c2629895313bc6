"""Prints one JSON object a line and figure: name, value, unit, against, ratio; ``kept`` where a rival's time is old.

Arguments are patterns of figures, as a shell's: ``census 'stacks*'``; none means all.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench import (
    bitmap_open,
    corpus,
    drivers,
    great_triage,
    images,
    kept,
    page_tables,
    process_memory,
    stacks,
    start_up,
    symbol_index,
    triage,
    waits,
    wire,
)
from tests.bench.figures import Figures, Unit

UNITS: tuple[Unit, ...] = (
    *bitmap_open.UNITS, *start_up.UNITS, *page_tables.UNITS, *stacks.UNITS, *process_memory.UNITS, *triage.UNITS,
    *great_triage.UNITS, *corpus.UNITS, *symbol_index.UNITS, *images.UNITS, *drivers.UNITS, *waits.UNITS, *wire.UNITS,
)  # fmt: skip
_WRONG_USE = 2


def main(patterns: Sequence[str], units: Sequence[Unit] = UNITS) -> int:
    """Make the figures that are asked for; 1 where one failed."""
    figures = Figures(patterns)
    chosen = [unit for unit in units if any(map(figures.wants, unit.names))]
    if not chosen:
        names = " ".join(name for unit in units for name in unit.names)
        print(f"no figure is called so; there are: {names}", file=sys.stderr)
        return _WRONG_USE
    names = [name for unit in chosen for name in unit.names if figures.wants(name)]
    print(_forecast(len(names), chosen, kept.durations()), file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="volplugins-bench-") as folder:
        for unit in chosen:
            _run(unit, Path(folder), figures)
    if figures.failed:
        print(f"failed: {', '.join(figures.failed)}", file=sys.stderr)
    return 1 if figures.failed else 0


def _run(unit: Unit, folder: Path, figures: Figures) -> None:
    """One unit; whatever goes wrong in it is named, and the next one has its turn."""
    start = time.monotonic()
    before = kept.measured()
    try:
        unit.run(folder, figures)
    except subprocess.CalledProcessError as error:
        last = (error.stderr or "").strip().splitlines()[-1:] or [f"exit code {error.returncode}"]
        figures.fail(unit.names, f"a program ended: {last[0]}")
    except Exception as error:
        figures.fail(unit.names, f"{type(error).__name__}: {error}")
    else:
        kept.keep_duration(unit.names[0], time.monotonic() - start - (kept.measured() - before))


def _forecast(count: int, units: Sequence[Unit], known: dict[str, float]) -> str:
    """How long it will take: as long as it took here before, else as it does on two idle processors."""
    own = sum(known.get(unit.names[0], unit.seconds) for unit in units)
    slow = sum(unit.slow for unit in units)
    text = f"{count} figures, about {_minutes(own)} on a machine without other work"
    if slow:
        text += f", and up to {_minutes(slow)} for rivals whose times are not kept yet in {kept.folder()}"
    return text


def _minutes(seconds: float) -> str:
    return f"{max(1, round(seconds / 60))} min"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
