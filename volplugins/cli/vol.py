"""``volplugins vol …``: volatility3's own command line, with the suite's plugins and symbol tables on its paths."""

from __future__ import annotations

import argparse
import sys
from typing import Any

PASSES_ARGUMENTS = True


def add_parser(subparsers: Any) -> None:
    """Add the command to the help; its arguments go to volatility3 unread."""
    subparsers.add_parser("vol", help="run volatility3 with these plugins, however they are installed", add_help=False)


def run(args: argparse.Namespace) -> int:
    """Run volatility3 with ``args.rest``; its exit codes are its own."""
    from volatility3.framework import constants

    from volplugins.cli.installation import plugin_folder
    from volplugins.vol.symbols.symbol_path import add_own_symbols

    # in place, before volatility3.cli is imported: `-p` and `-s` put their folders before these lists
    folder = str(plugin_folder())
    if folder not in constants.PLUGINS_PATH:
        constants.PLUGINS_PATH.insert(0, folder)
    add_own_symbols()
    sys.argv = ["volplugins vol", *args.rest]
    from volatility3 import cli

    # volatility3 2.26 makes its list of renderers before it imports plugins, ours among them
    import volplugins.vol.output.json_lines  # noqa: F401

    cli.main()
    return 0
