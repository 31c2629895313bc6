"""``volplugins doctor``: how the plugins are installed, and what stands in their way. Changes nothing."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "doctor",
        help="say how the plugins are installed and what stands in their way",
        description="Looks at the installation and prints a line per finding: ok, note or fault. Exit code 1 where "
        "there is a fault. Changes nothing and asks no network unless told to.",
    )
    parser.add_argument("--network", action="store_true", help="try to reach the symbol server (opens a connection)")


def run(args: argparse.Namespace) -> int:
    """Print the findings."""
    from volplugins.cli.findings import all_findings

    faults = 0
    for finding in all_findings(args.network):
        faults += finding.state == "fault"
        print(f"{finding.state:<6}{finding.topic:<10}{finding.text}", flush=True)
    return 1 if faults else 0
