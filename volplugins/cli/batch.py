"""``volplugins batch PATHS… -o DIR``: triage of many dumps, each in a process of its own; stops and resumes."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from volplugins.cli.folders import require_folders, split_folders
from volplugins.cli.run_log import LogRefused, add_options, run_log

_WRONG_USE = 2


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "batch",
        help="triage every dump in files and folders into one corpus; can be stopped and resumed",
        description="Finds dumps by how they start, in folders and in .gz, .xz and .zip files, and triages each in a "
        "process of its own. Results are in DIR/corpus.sqlite, DIR/index.html and DIR/dumps. The same command goes on "
        "where a run was stopped.",
    )
    parser.add_argument("paths", metavar="PATHS", nargs="+", help="dumps, and folders to search")
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="the corpus folder; made where missing")
    parser.add_argument("-s", "--symbols", metavar="DIRS", default="", help="symbol folders, separated by ;, as vol -s")
    parser.add_argument("--image-path", metavar="DIR", action="append", default=[], help="folder with image files")
    parser.add_argument("--workers", metavar="N", type=_at_least(1), default=os.cpu_count() or 1,
                        help="dumps at a time on this machine (all processors)")  # fmt: skip
    parser.add_argument("--scheduler", metavar="ADDRESS", default="", help="work on this Dask cluster: tcp://HOST:PORT")
    parser.add_argument("--rehash", action="store_true", help="read every file again, however well its path is known")
    parser.add_argument("--retry", action="store_true", help="do dumps again whose work failed or hit a limit")
    parser.add_argument("--reanalyse", action="store_true",
                        help="do dumps again whose signature an older recipe made")  # fmt: skip
    parser.add_argument("--timeout", metavar="SECONDS", type=_at_least(0), default=3600, help="for one dump (3600)")
    parser.add_argument("--memory", metavar="MIB", type=_at_least(0), default=4096,
                        help="for one dump, beside the file itself (4096; 0: no limit)")  # fmt: skip
    parser.add_argument("--budget", metavar="N", default="",
                        help="N times the usual budget of rows, bytes, seconds and memory, for each dump")  # fmt: skip
    parser.add_argument("--unpack-limit", metavar="MIB", type=_at_least(1), default=256 << 10,
                        help="most that one compressed dump may grow to (262144)")  # fmt: skip
    parser.add_argument("--redact", action="store_true", help="replace names, paths and command lines in all results")
    parser.add_argument("--rows", action="store_true", help="write the rows of all dumps to DIR/rows.jsonl too")
    parser.add_argument("--no-timeline", action="store_true", help="leave out DIR/timeline.jsonl, that of all dumps")
    parser.add_argument("--parquet", action="store_true", help="write them to DIR/parquet too (needs pyarrow)")
    add_options(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but what ends the run")


def run(args: argparse.Namespace) -> int:
    """Run; CorpusError reaches main, which says why in one line."""
    from volplugins.batch.errors import UseError
    from volplugins.batch.run import run_batch
    from volplugins.vol.scene.budget import BudgetError, factor_of

    if not args.output or not all(args.paths) or args.log == "":
        print("volplugins: an empty name is no file or folder", file=sys.stderr)
        return _WRONG_USE
    try:
        factor_of(args.budget)
    except BudgetError as error:
        print(f"volplugins: {error}", file=sys.stderr)
        return _WRONG_USE
    require_folders("-s", split_folders(args.symbols))
    require_folders("--image-path", args.image_path)
    try:
        with run_log(args, args.paths):
            return run_batch(_options(args))
    except (UseError, LogRefused) as error:
        print(f"volplugins: {error}", file=sys.stderr)
        return _WRONG_USE


def _options(args: argparse.Namespace) -> Any:
    from volplugins.batch.options import BatchOptions
    from volplugins.packed.compression import Caps
    from volplugins.vol.scene.budget import VARIABLE

    return BatchOptions(
        paths=tuple(Path(os.path.abspath(path)) for path in args.paths),
        output=Path(os.path.abspath(args.output)),
        symbols=tuple(os.path.abspath(folder) for folder in args.symbols.split(";") if folder),
        image_path=tuple(os.path.abspath(folder) for folder in args.image_path),
        workers=args.workers,
        scheduler=args.scheduler,
        rehash=args.rehash,
        retry=args.retry,
        reanalyse=args.reanalyse,
        timeout=args.timeout,
        memory=args.memory << 20,
        redact=args.redact,
        budget=args.budget or os.environ.get(VARIABLE, ""),
        rows=args.rows,
        parquet=args.parquet,
        timeline=not args.no_timeline,
        quiet=args.quiet,
        caps=Caps(most=args.unpack_limit << 20),
        command_line=tuple(sys.argv),
    )


def _at_least(least: int) -> Any:
    def number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{least} or more, not {text}")
        return value

    return number
