"""``volplugins vol …``: volatility3's own command line, with the suite's plugins and symbol tables on its paths.

What a plugin of ours refuses (a word that it does not know, a folder that is not there) ends with exit code 2; all
other exit codes are volatility3's own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from volplugins.cli.folders import split_folders

PASSES_ARGUMENTS = True


def add_parser(subparsers: Any) -> None:
    """Add the command to the help; its arguments go to volatility3 unread."""
    subparsers.add_parser("vol", help="run volatility3 with these plugins, however they are installed", add_help=False)


def run(args: argparse.Namespace) -> int:
    """Run volatility3 with ``args.rest``."""
    from volatility3.framework import constants

    from volplugins.cli.folders import WRONG_USE, require_folders
    from volplugins.cli.installation import plugin_folder
    from volplugins.vol.output.wrong_use import take_refusals
    from volplugins.vol.symbols.symbol_path import add_own_symbols

    # in place, before volatility3.cli is imported: `-p` and `-s` put their folders before these lists
    folder = str(plugin_folder())
    if folder not in constants.PLUGINS_PATH:
        constants.PLUGINS_PATH.insert(0, folder)
    add_own_symbols()
    require_folders("-s", _symbol_folders(args.rest))
    sys.argv = ["volplugins vol", *args.rest]
    from volatility3 import cli

    # volatility3 2.26 makes its list of renderers before it imports plugins, ours among them
    import volplugins.vol.output.json_lines  # noqa: F401

    cli.main()
    lines = take_refusals()
    for line in lines:
        print(f"volplugins: {line}", file=sys.stderr)
    return WRONG_USE if lines else 0


def _symbol_folders(rest: Sequence[str]) -> list[str]:
    """What volatility3's -s (--symbol-dirs) names among its arguments."""
    found: list[str] = []
    for word, following in zip(rest, [*rest, ""][1:], strict=True):
        if word in ("-s", "--symbol-dirs"):
            found += split_folders(following)
        elif word.startswith("--symbol-dirs="):
            found += split_folders(word.partition("=")[2])
        elif word.startswith("-s") and not word.startswith("--") and word[2:3] not in ("", "="):
            found += split_folders(word[2:])
    return found
