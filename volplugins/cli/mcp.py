"""``volplugins mcp FOLDER``: an assistant asks about the dumps below a folder, over standard input and output."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from volplugins.cli.folders import require_folders, split_folders

_FAULTS, _CANNOT_OPEN = 1, 3


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "mcp",
        help="serve the dumps below a folder to an assistant (Model Context Protocol)",
        description="Serves triage, findings, stacks, rows with filters and translation of the dumps below FOLDER over "
        "standard input and output, read-only; nothing else of this machine can be reached, and every answer is "
        "bounded and marked as data. Needs the extra: pip install 'volplugins[mcp]'.",
    )
    parser.add_argument("folder", metavar="FOLDER", help="dumps, images and results below it can be asked about")
    parser.add_argument("-s", "--symbols", metavar="DIRS", default="", help="symbol folders, separated by ;, as vol -s")


def run(args: argparse.Namespace) -> int:
    """Serve until standard input ends."""
    from volplugins.assistant.questions import Questions
    from volplugins.assistant.results import Results
    from volplugins.assistant.server import made_server
    from volplugins.corpus.errors import NoCorpus

    symbols = split_folders(args.symbols)
    require_folders("-s", symbols)
    try:
        results = Results(Path(args.folder), tuple(symbols))
    except NoCorpus as error:
        print(f"volplugins: {error}", file=sys.stderr)
        return _CANNOT_OPEN
    with closing(results):
        try:
            server = made_server(Questions(results))
        except ImportError:
            print("volplugins: mcp needs the protocol's SDK: pip install 'volplugins[mcp]'", file=sys.stderr)
            return _FAULTS
        server.run("stdio")
    return 0
