"""One dump, one run, one folder: the engine of `volplugins triage` and what it writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from volplugins.bugcheck.words.recipe import RECIPE
from volplugins.triage.options import TriageOptions
from volplugins.triage.result import TriageResult

__all__ = ["RECIPE", "TriageOptions", "TriageResult", "run_triage"]


def run_triage(
    dump: Path | str, output: Path | None, options: TriageOptions, progress: Callable[[str, float], None]
) -> TriageResult:
    """Run the suite on one dump.

    Args:
        dump: the file, opened read-only; or the location of a live machine, as a text.
        output: the folder that takes the results, made where it is missing; None: the summary alone is worked out.
        progress: told what is being done and how far it is, in percent of the whole run.

    Raises:
        DumpError: the file cannot be opened as a crash dump.
        OutputError: the folder cannot be used: it is the dump's own, or not a folder.
        OSError: a result could not be written; nothing half-written is left under its final name.
    """
    from volplugins.triage.run import TriageRun  # noqa: PLC0415 - the small modules of this room need no volatility3

    return TriageRun(dump, output, options, progress).result()
