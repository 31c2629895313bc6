"""``volplugins diff A B``: what came, went and changed between two dumps."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from volplugins.cli.folders import require_folders, split_folders

_WRONG_USE, _CANNOT_OPEN = 2, 3


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "diff",
        help="compare two dumps: bugcheck, stack, modules, processes, services, drivers, devices, findings",
        description="Compares two dumps of one machine, before and after, or of one failure. Each of them is a folder "
        "that `triage -o` or `batch` made of a dump, or a dump itself, which is then triaged into a temporary folder.",
    )
    parser.add_argument("before", metavar="A", help="a folder of results, or a dump")
    parser.add_argument("after", metavar="B", help="the other one")
    parser.add_argument("--html", metavar="FILE", help="write a page too (not beside a dump)")
    parser.add_argument("--json", action="store_true", help="print an object instead of what fits a screen")
    parser.add_argument("-s", "--symbols", metavar="DIRS", default="", help="symbol folders, separated by ;, as vol -s")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress; with --html nothing else either")


def run(args: argparse.Namespace) -> int:
    """Compare them; DumpError and OSError reach main, which says why in one line."""
    from volplugins.corpus.diff import difference
    from volplugins.corpus.diff_output import as_object, screen_lines, write_page
    from volplugins.corpus.errors import NoCorpus
    from volplugins.corpus.result_folder import ResultFolder
    from volplugins.report.shown_text import shown

    places = [Path(args.before), Path(args.after)]
    if args.html and any(_lies_beside(Path(args.html), each) for each in places):
        print(f"volplugins: {args.html}: nothing is written beside a dump: give another folder", file=sys.stderr)
        return _WRONG_USE
    symbols = split_folders(args.symbols)
    require_folders("-s", symbols)
    with ExitStack() as stack:
        try:
            before, after = (ResultFolder(_results(each, symbols, args.quiet, stack)) for each in places)
            found = difference(before, after)
        except NoCorpus as error:
            print(f"volplugins: {error}", file=sys.stderr)
            return _CANNOT_OPEN
        faults = before.faults() + after.faults()
    if args.html:
        write_page(found, Path(args.html))
    if args.json:
        print(json.dumps(as_object(found), indent=1, allow_nan=False))
    elif not (args.html and args.quiet):
        for line in screen_lines(found):
            print(shown(line))
    return 1 if faults else 0


def _lies_beside(page: Path, place: Path) -> bool:
    return place.is_file() and page.resolve().parent == place.resolve().parent


def _results(place: Path, symbols: list[str], quiet: bool, stack: ExitStack) -> Path:
    """The folder of a dump's results; made, for as long as ``stack`` is open, where it is a dump."""
    if place.is_dir():
        return place
    from volplugins.cli.progress import progress_display
    from volplugins.triage import TriageOptions, run_triage
    from volplugins.vol.symbols.cache_folder import make_cache_possible

    make_cache_possible()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="volplugins-diff-")))
    with progress_display(quiet) as progress:
        run_triage(place, folder, TriageOptions(tuple(symbols), hash=False, command_line=tuple(sys.argv)), progress)
    return folder
