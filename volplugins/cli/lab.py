"""``volplugins lab …``: made-up machines, as dumps or on the wire; the lab reads its own arguments."""

from __future__ import annotations

import argparse
from typing import Any

PASSES_ARGUMENTS = True


def add_parser(subparsers: Any) -> None:
    """Add the command to the help; its arguments go to the lab unread."""
    subparsers.add_parser("lab", help="make sample dumps, or play a machine to attach to", add_help=False)


def run(args: argparse.Namespace) -> int:
    """Run the lab with ``args.rest``."""
    from volplugins.lab.command import main

    return main(args.rest)
