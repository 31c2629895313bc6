"""``volplugins triage DUMP``: the whole suite on one dump; a summary on one screen, and everything in a folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_EPILOG = """\
Without -o the summary is printed and nothing written. DIR gets summary.json, rows/NAME.jsonl of every plugin as
`vol -r jsonlines` prints them, and report.html, one page that needs no network. The dump is opened read-only.
Exit codes: 0 done; 1 done, with faults; 2 wrong use; 3 the dump cannot be opened.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "triage",
        help="run the whole suite on one dump: what crashed, who is to blame, how sure that is, what is missing",
        description="Opens one crash dump once and runs every plugin of the suite on it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("dump", metavar="DUMP", help="a Windows crash dump of any type")
    parser.add_argument("-o", "--output", metavar="DIR", help="write summary, rows and page there")
    parser.add_argument("-s", "--symbols", metavar="DIRS", default="", help="symbol folders, separated by ;, as vol -s")
    parser.add_argument(
        "--image-path", metavar="DIR", nargs="+", default=[], help="folders with image files, for what the dump lacks"
    )
    parser.add_argument("--no-hash", action="store_true", help="do not compute the SHA-256 of the file")
    parser.add_argument(
        "--redact", action="store_true", help="replace users, machines, paths and command lines in everything written"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress, no summary: the exit code alone")


def run(args: argparse.Namespace) -> int:
    """Run it; DumpError and OSError reach main, which says why in one line."""
    from volplugins.triage.engine import run_triage
    from volplugins.triage.options import TriageOptions

    options = TriageOptions(
        tuple(folder for folder in args.symbols.split(";") if folder),
        tuple(args.image_path),
        not args.no_hash,
        args.redact,
        ("volplugins", *sys.argv[1:]),
    )
    output = Path(args.output) if args.output else None
    if output is not None and output.exists() and not output.is_dir():
        print(f"volplugins: {output}: is no folder", file=sys.stderr)
        return 2
    with _Progress(args.quiet) as report:
        result = run_triage(Path(args.dump), output, options, report)
    if not args.quiet:
        for line in result.lines:
            print(line)
        if output is not None:
            print(f"{'Written':<15}{output / 'report.html'}, {len(result.summary['sections'])} sections")
    return 1 if result.faults else 0


class _Progress:
    """A bar on a terminal, plain lines otherwise, nothing where it is not wanted."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Any = None

    def __enter__(self) -> Callable[[float, str], None]:
        if self._quiet:
            return lambda *_: None
        if not sys.stderr.isatty():
            return _line
        from rich.console import Console
        from rich.progress import Progress

        self._bar = Progress(console=Console(stderr=True), transient=True)
        self._bar.start()
        task = self._bar.add_task("", total=100.0)
        return lambda percent, text: self._bar.update(task, completed=percent, description=text)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _line(percent: float, text: str) -> None:
    print(f"{percent:3.0f} % {text}", file=sys.stderr)
