"""``volplugins triage DUMP``: what crashed, who is to blame, how sure, what is missing; with -o all in a folder."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from volplugins.cli.folders import require_folders, split_folders
from volplugins.cli.run_log import LogRefused, add_options, run_log
from volplugins.cli.suggestions import what_was_meant
from volplugins.cli.terminal import columns, takes_colour
from volplugins.wires.location import is_live


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "triage",
        help="say what crashed, who is to blame, how sure that is and what is missing",
        description="Opens one crash dump or memory image once, unpacked where it is packed (.gz .xz .zip .cab), runs "
        "the whole suite on it and prints a summary that fits a screen. "
        "With -o the rows of every plugin, summary.json, timeline.jsonl and report.html, one page that needs no "
        "network, go into a folder. The dump is opened read-only.",
        epilog="Exit codes: 0 done; 1 done, with faults; 2 wrong use; 3 the file cannot be opened, or holds no Windows "
        "kernel.",
    )
    parser.add_argument("dump", metavar="DUMP", help="a Windows crash dump of any type, or a memory image")
    parser.add_argument("-o", "--output", metavar="DIR", help="folder for the results (not the one with the dump)")
    parser.add_argument("-s", "--symbols", metavar="DIRS", default="", help="symbol folders, separated by ;, as vol -s")
    parser.add_argument(
        "--image-path", metavar="DIR", action="append", default=[], help="folder with image files; may be repeated"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress; with -o no summary either")
    parser.add_argument("--no-hash", action="store_true", help="leave out SHA-256 of the whole file")
    parser.add_argument("--redact", action="store_true", help="replace users, machines, paths and command lines")
    parser.add_argument(
        "--budget", metavar="N", default="", help="N times the usual budget of rows, bytes, seconds and memory"
    )
    add_options(parser)
    parser.add_argument("--open", action="store_true", help="show the report in a browser (needs -o)")
    parser.add_argument("--json", action="store_true", help="print summary.json instead of the summary for a screen")


def run(args: argparse.Namespace) -> int:
    """Print the summary; DumpError and OSError reach main, which says why in one line."""
    from volplugins.cli.progress import progress_display
    from volplugins.cli.termination import clean_termination
    from volplugins.triage import TriageOptions, run_triage
    from volplugins.triage.output_folder import OutputError
    from volplugins.triage.screen import COLUMNS, summary_lines
    from volplugins.vol.scene.budget import BudgetError, factor_of

    symbols = split_folders(args.symbols)
    require_folders("-s", symbols)
    require_folders("--image-path", args.image_path)
    options = TriageOptions(
        tuple(symbols), tuple(args.image_path), not args.no_hash, args.redact, tuple(sys.argv), args.budget
    )
    if args.output == "" or args.dump == "" or args.log == "":
        print("volplugins: an empty name is no file or folder", file=sys.stderr)
        return 2
    if args.open and not args.output:
        print("volplugins: --open shows the report of -o DIR: give a folder for it", file=sys.stderr)
        return 2
    meant = what_was_meant(args.dump)
    if meant:
        print(f"volplugins: {meant}", file=sys.stderr)
        return 3
    try:
        factor_of(args.budget)
    except BudgetError as error:
        print(f"volplugins: {error}", file=sys.stderr)
        return 2
    output = Path(args.output) if args.output else None
    try:
        shown = progress_display(args.quiet or bool(args.verbose))
        with run_log(args, [args.dump]), clean_termination(), shown as progress:
            result = run_triage(args.dump if is_live(args.dump) else Path(args.dump), output, options, progress)
    except (OutputError, LogRefused) as error:
        print(f"volplugins: {error}", file=sys.stderr)
        return 2
    if args.json:
        print(json.dumps(result.summary, indent=1, allow_nan=False))
    elif output is None or not args.quiet:
        print("\n".join(summary_lines(result.summary, output, columns(COLUMNS), takes_colour())))
    if args.open and result.folder is not None:
        _show(result.folder / "report.html")
    return 1 if result.faults else 0


def _show(page: Path) -> None:
    """Have a browser show it; where there is none, say where it is."""
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        print(f"volplugins: no browser could be started; the report is {page}", file=sys.stderr)
