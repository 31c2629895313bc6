"""``volplugins plugin-dir``: the folder to give to ``vol -p``."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    subparsers.add_parser(
        "plugin-dir",
        help="print the folder for vol -p",
        description='Prints the folder of the plugins, for one run: vol -p "$(volplugins plugin-dir)" -f MEMORY.DMP … '
        "The Python that runs vol must be able to import volplugins.",
    )


def run(args: argparse.Namespace) -> int:
    """Print it."""
    from volplugins.cli.installation import plugin_folder

    print(plugin_folder())
    return 0
