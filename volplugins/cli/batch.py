"""``volplugins batch PATHS… -o DIR``: a corpus of dumps, each worked on once, in processes of their own."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

_EPILOG = """\
DIR gets a folder per dump (dumps/ID: summary.json, rows, report.html), corpus.sqlite and index.html. Stop it whenever
you like and run the same command again: what is done stays done. A dump that cannot be read is one line with a reason.
Exit codes: 0 done; 1 done, with faults or dumps that cannot be opened; 2 wrong use; 3 nothing that could be opened.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "batch",
        help="run triage over many dumps, resumable, into one corpus",
        description="Finds dumps in files and folders (.gz, .xz and .zip too) and runs triage on each.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", metavar="PATHS", nargs="+", help="dumps, or folders with dumps")
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="the corpus")
    parser.add_argument("-s", "--symbols", metavar="DIRS", default="", help="symbol folders, separated by ;, as vol -s")
    parser.add_argument("--image-path", metavar="DIR", nargs="+", default=[], help="folders with image files")
    parser.add_argument("--workers", metavar="N", type=int, default=1, help="dumps worked on at once (default: 1)")
    parser.add_argument("--rehash", action="store_true", help="hash every file again, whatever its size and time say")
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=float, default=3600.0, help="for each dump (default: 3600)"
    )
    parser.add_argument("--memory", metavar="MIB", type=int, default=0, help="for each dump (default: no limit)")
    parser.add_argument("--redact", action="store_true", help="replace private names in everything written")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress, no counts")


def run(args: argparse.Namespace) -> int:
    """Run it; OSError reaches main, which says why in one line."""
    from volplugins.batch.runner import Batch, BatchOptions
    from volplugins.report import write_index

    if args.workers < 1:
        print("volplugins: --workers: at least one", file=sys.stderr)
        return 2
    options = BatchOptions(
        args.workers, tuple(folder for folder in args.symbols.split(";") if folder), tuple(args.image_path),
        args.redact, args.rehash, args.timeout, args.memory << 20, ("volplugins", *sys.argv[1:]),
    )  # fmt: skip
    folder = Path(args.output)
    batch = Batch([Path(path) for path in args.paths], folder, options)
    if not args.quiet:
        batch.report = _Report().line
    try:
        counts = batch.run()
    except BlockingIOError:
        print(f"volplugins: {folder}: another run works on this corpus", file=sys.stderr)
        return 2
    write_index(folder)
    if not args.quiet:
        print(", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "no dumps found")
        print(folder / "index.html")
    if not counts or set(counts) == {"failed"}:
        return 3
    return 0 if set(counts) == {"ok"} else 1


class _Report:
    """One line a dump, with the rate and the time left."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def line(self, path: str, done: int, count: int) -> None:
        spent = max(time.monotonic() - self._started, 1e-6)
        left = spent / done * (count - done)
        print(f"{done}/{count} {done / spent:.2f}/s, {left:.0f} s left: {path}", file=sys.stderr)
