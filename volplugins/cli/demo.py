"""``volplugins demo``: a made-up machine is crashed with NotMyFault, its dump triaged, and the result shown."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

MACHINE, FAULT, KIND = "win10-x64", "notmyfault", "bitmap-kernel"


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "demo",
        help="make a sample NotMyFault dump in the lab, triage it and show the result",
        description="Makes a small made-up Windows 10 machine that was crashed with NotMyFault, writes its kernel dump "
        "as Windows would by default, and triages it. Needs no network, no symbols and no dump of yours.",
    )
    parser.add_argument("-o", "--output", metavar="DIR", help="keep the dump in this folder (else it is removed)")


def run(args: argparse.Namespace) -> int:
    """Make, triage, show."""
    if args.output:
        folder = Path(args.output)
        folder.mkdir(parents=True, exist_ok=True)
        return _demo(folder)
    with tempfile.TemporaryDirectory(prefix="volplugins-demo-") as temporary:
        return _demo(Path(temporary))


def _demo(folder: Path) -> int:
    from volplugins.cli.terminal import columns, takes_colour
    from volplugins.lab.machines.catalogue import build
    from volplugins.lab.writers import write
    from volplugins.triage import TriageOptions, run_triage
    from volplugins.triage.screen import COLUMNS, summary_lines

    path = folder / "NOTMYFAULT.DMP"
    write(build(MACHINE, FAULT), KIND, path)
    size = path.stat().st_size / (1 << 20)
    print(f"{path.name}: a made-up {MACHINE} machine, crashed with NotMyFault, kernel dump of {size:.1f} MiB")
    print()
    result = run_triage(path, None, TriageOptions(hash=False), lambda text, percent: None)
    result.summary["input"]["path"] = path.name
    print("\n".join(summary_lines(result.summary, width=columns(COLUMNS), colour=takes_colour())))
    print()
    print("The same on a dump of yours:  volplugins triage MEMORY.DMP")
    print("Every detail, as rows:        vol -f MEMORY.DMP windows.kd.analyze")
    return 0
