"""``volplugins report DIR``: makes the page of a folder again, from what triage or batch left in it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

_DONE, _FAULTS, _CANNOT_OPEN = 0, 1, 3


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "report",
        help="make report.html of a dump's folder, or index.html of a corpus, again",
        description="Reads summary.json and rows/ that `volplugins triage -o DIR` wrote, or corpus.sqlite that "
        "`volplugins batch -o DIR` wrote, and makes the page anew. No dump is opened.",
        epilog="Exit codes: 0 done; 1 done, but a file that the page is made of is missing or damaged; 2 wrong use; "
        "3 there is nothing to make a page of.",
    )
    parser.add_argument("folder", metavar="DIR", help="a folder that triage or batch wrote")


def run(args: argparse.Namespace) -> int:
    """Make the page or pages, and print where they are."""
    from volplugins.report import write_index, write_report

    folder = Path(args.folder)
    made: list[Path] = []
    lacking: list[str] = []
    if (folder / "corpus.sqlite").is_file():
        made.append(write_index(folder, lacking))
    if (folder / "summary.json").is_file() or (folder / "rows").is_dir():
        made.append(write_report(folder, lacking))
    for page in made:
        print(page)
    if not made:
        print(f"volplugins: {folder}: no summary.json, rows or corpus.sqlite to make a page of", file=sys.stderr)
    for fault in lacking:
        print(f"volplugins: the page lacks something: {fault}", file=sys.stderr)
    if not made:
        return _CANNOT_OPEN
    return _FAULTS if lacking else _DONE
