"""``volplugins report DIR``: makes the page of a folder again, from what triage or batch left in it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

_DONE, _CANNOT_OPEN = 0, 3


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "report",
        help="make report.html of a dump's folder, or index.html of a corpus, again",
        description="Reads summary.json and rows/ that `volplugins triage -o DIR` wrote, or corpus.sqlite that "
        "`volplugins batch -o DIR` wrote, and makes the page anew. No dump is opened.",
    )
    parser.add_argument("folder", metavar="DIR", help="a folder that triage or batch wrote")


def run(args: argparse.Namespace) -> int:
    """Make the page or pages, and print where they are."""
    from volplugins.report import write_index, write_report

    folder = Path(args.folder)
    made = []
    if (folder / "corpus.sqlite").is_file():
        made.append(write_index(folder))
    if (folder / "summary.json").is_file() or (folder / "rows").is_dir():
        made.append(write_report(folder))
    for page in made:
        print(page)
    if not made:
        print(f"volplugins: {folder}: no summary.json, rows or corpus.sqlite to make a page of", file=sys.stderr)
    return _DONE if made else _CANNOT_OPEN
