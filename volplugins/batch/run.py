"""A batch run from its options to its exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from volplugins.batch import job as jobs
from volplugins.batch.corpus import Corpus, Tally, finish
from volplugins.batch.corpus_folder import CorpusFolder
from volplugins.batch.database import Database
from volplugins.batch.engine import Engine, LocalEngine
from volplugins.batch.errors import UseError
from volplugins.batch.lock import FolderLock
from volplugins.batch.merged_rows import write_merged
from volplugins.batch.merged_timeline import write_timeline
from volplugins.batch.options import BatchOptions
from volplugins.batch.progress import Progress, progress
from volplugins.report import write_index

ALL_DONE, WITH_FAULTS, NOTHING_OPENED, INTERRUPTED = 0, 1, 3, 130


def run_batch(options: BatchOptions) -> int:
    """Work through the corpus and return the exit code.

    Raises:
        UseError: what was asked for must not be done; nothing was changed.
        CorpusError, OSError: the run cannot go on; all that was done before is kept.
    """
    if options.parquet:
        from volplugins.batch.parquet import require_pyarrow  # noqa: PLC0415 - an extra

        require_pyarrow()
    _refuse_beside(options)
    folder = CorpusFolder(options.output)
    shown = progress(options.quiet)
    with FolderLock(folder.path):
        database = Database(folder.database, options.redact)
        try:
            folder.clean()
            folder.recover(database, options.retry)
            with _termination_as_interrupt():
                return _run(options, folder, database, shown)
        finally:
            database.close()
            finish(folder)


def _refuse_beside(options: BatchOptions) -> None:
    """Nothing is written beside a dump."""
    output = os.path.realpath(options.output)
    for path in map(os.path.realpath, options.paths):
        if output in (path, os.path.dirname(path) if os.path.isfile(path) else ""):
            raise UseError(f"{options.output}: nothing is written beside dumps: give another folder for the results")


def _run(options: BatchOptions, folder: CorpusFolder, database: Database, shown: Progress) -> int:
    try:
        engine = _engine(options, folder)
        corpus = Corpus(options, folder, database, engine, shown)
        try:
            corpus.run()
        finally:
            engine.close()
            shown.end()
        _write_pages(options, folder, database)
    except KeyboardInterrupt:
        write_index(folder.path)
        if not options.quiet:
            print("stopped; what is done is kept, and the same command goes on from here", file=sys.stderr)
        return INTERRUPTED
    totals = database.counts()
    if not options.quiet:
        print(_counts(totals, corpus.tally))
        print(f"all of them, and what they have in common: {folder.path / 'index.html'}")
        if mixed := _mixed(database.recipes()):
            print(mixed)
    return exit_code(totals, corpus.tally)


def _engine(options: BatchOptions, folder: CorpusFolder) -> Engine:
    if options.scheduler:
        from volplugins.batch.dask_engine import DaskEngine  # noqa: PLC0415 - only with a cluster

        return DaskEngine(options)
    return LocalEngine(options, folder.dumps, folder.scratch)


def _write_pages(options: BatchOptions, folder: CorpusFolder, database: Database) -> None:
    """The index, the time lines as one, and the rows of all dumps together where they were asked for."""
    if options.timeline:
        write_timeline(folder.dumps, database.places(), folder.path / "timeline.jsonl")
    if options.rows:
        write_merged(folder.dumps, folder.path / "rows.jsonl")
    if options.parquet:
        from volplugins.batch.parquet import write_parquet  # noqa: PLC0415 - an extra

        write_parquet(folder.dumps, folder.path / "parquet")
    write_index(folder.path)


def exit_code(totals: dict[str, int], tally: Tally) -> int:
    """0: every dump of the corpus is done; 1: some with faults; 3: not one could be opened."""
    opened = sum(count for status, count in totals.items() if status != jobs.CANNOT_OPEN)
    if not opened:
        return NOTHING_OPENED
    return WITH_FAULTS if tally.problems or set(totals) - {jobs.DONE} else ALL_DONE


def _counts(totals: dict[str, int], tally: Tally) -> str:
    parts = ", ".join(f"{count} {status}" for status, count in sorted(totals.items())) or "none"
    now = sum(tally.done.values())
    text = f"{sum(totals.values())} dumps: {parts}; {now} of them now"
    text += f", {tally.same} more places of the same dumps" if tally.same else ""
    return text + (f", {tally.others} other files passed over" if tally.others else "")


def _mixed(recipes: dict[int, int]) -> str:
    """That signatures do not group together, where more than one recipe made them; else empty."""
    if len(recipes) < 2:
        return ""
    parts = ", ".join(f"{count} by recipe {recipe}" for recipe, count in sorted(recipes.items()))
    return f"signatures do not all group together: {parts}; --reanalyse does the older ones again"


@contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does: children killed, nothing half written."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
