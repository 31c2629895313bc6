"""``volplugins triage DUMP``: what crashed, who is to blame, how sure, and what is missing, on one screen."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "triage",
        help="say what crashed, who is to blame, how sure that is and what is missing",
        description="Opens one crash dump and prints a summary that fits a screen. "
        "windows.kd.analyze and windows.kd.dumpinfo give every detail.",
    )
    parser.add_argument("dump", metavar="DUMP", help="a Windows crash dump of any type")
    parser.add_argument("-s", "--symbols", metavar="DIRS", default="", help="symbol folders, separated by ;, as vol -s")


def run(args: argparse.Namespace) -> int:
    """Print the summary; DumpError reaches main, which says why in one line."""
    from volplugins.bugcheck.analysis import analyse
    from volplugins.cli.summary import summary_lines
    from volplugins.vol.crash_scene import scene_below
    from volplugins.vol.session import open_file

    folders = [folder for folder in args.symbols.split(";") if folder]
    analysis = analyse(scene_below(*open_file(Path(args.dump), folders)))
    for line in summary_lines(analysis):
        print(line)
    return 0
