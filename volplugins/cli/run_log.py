"""What a run says of itself while it works: -v on standard error, --log FILE into a file, each line of one line."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from volplugins.wires.location import is_live

OURS, THEIRS = "volplugins", "volatility3"
_LONGEST = 2000


class LogRefused(Exception):
    """A log file that must not be written there; one line for the user."""


def add_options(parser: Any) -> None:
    """Add -v and --log."""
    parser.add_argument(
        "-v", "--verbose", action="count", default=0,
        help="say on standard error what was done, how long it took and what is wrong; -vv: volatility3's words too",
    )  # fmt: skip
    parser.add_argument("--log", metavar="FILE", help="write the same into a file, with times (not beside a dump)")


@contextmanager
def run_log(args: argparse.Namespace, inputs: Sequence[str]) -> Iterator[None]:
    """Log until the block ends.

    Args:
        inputs: dumps and folders that the run reads.

    Raises:
        LogRefused: the file lies beside a dump, or is one of the inputs.
        OSError: it cannot be written.
    """
    handlers: list[logging.Handler] = []
    if args.log:
        _refuse(args.log, inputs)
        handlers.append(logging.FileHandler(args.log, "a", encoding="utf-8", errors="backslashreplace"))
    if args.verbose:
        handlers.append(logging.StreamHandler(sys.stderr))
    names = (OURS, THEIRS) if args.verbose > 1 or args.log else (OURS,)
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in names]
    try:
        for handler in handlers:
            handler.setFormatter(_OneLine(timed=isinstance(handler, logging.FileHandler)))
            handler.addFilter(_Wanted(args.verbose))
            for logger, _ in before:
                logger.addHandler(handler)
        for logger, _ in before if handlers else ():
            logger.setLevel(logging.DEBUG if args.verbose > 1 and logger.name == OURS else logging.INFO)
        yield
    finally:
        for logger, level in before:
            logger.setLevel(level)
            for handler in handlers:
                logger.removeHandler(handler)
        for handler in handlers:
            handler.close()


def _refuse(log: str, inputs: Sequence[str]) -> None:
    place = Path(log).resolve()
    for each in (Path(given) for given in inputs if not is_live(given)):
        real = each.resolve()
        beside = place.parent == (real if real.is_dir() else real.parent)
        if place == real or beside or (real.is_dir() and real in place.parents):
            raise LogRefused(f"{log}: nothing is written beside a dump: give another folder for the log")


class _Wanted(logging.Filter):
    """volatility3's words only where they were asked for."""

    def __init__(self, verbose: int) -> None:
        super().__init__()
        self._verbose = verbose

    def filter(self, record: logging.LogRecord) -> bool:
        return record.name.startswith(OURS) or self._verbose > 1


class _OneLine(logging.Formatter):
    """A record as one line that a terminal can show: what a dump put into it stays text."""

    def __init__(self, timed: bool) -> None:
        super().__init__()
        self._timed = timed

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()[:_LONGEST]
        shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ ", time.gmtime(record.created)) if self._timed else ""
        return f"{when}[{os.getpid()}] {level}{shown}" if self._timed else f"{level}{shown}"
