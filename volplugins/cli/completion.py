"""``volplugins completion SHELL``: what makes a shell complete commands, options and file names."""

from __future__ import annotations

import argparse
import sys
from typing import Any

_SHELLS = ("bash", "zsh", "tcsh")


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "completion",
        help="print what makes a shell complete commands and options",
        description="Prints a script for the shell. bash: eval \"$(volplugins completion bash)\" in ~/.bashrc; zsh: "
        "volplugins completion zsh > a folder of fpath, as _volplugins. Needs shtab: pip install "
        "'volplugins[completion]'.",
    )  # fmt: skip
    parser.add_argument("shell", metavar="SHELL", choices=_SHELLS, help=", ".join(_SHELLS))


def run(args: argparse.Namespace) -> int:
    """Print it."""
    try:
        import shtab
    except ImportError:
        print("volplugins: completion needs shtab: pip install 'volplugins[completion]'", file=sys.stderr)
        return 1
    from volplugins.cli.main import whole_parser

    parser = whole_parser()
    for action in _actions(parser):
        if action.metavar in _FILES and not action.choices:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar in _FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    print(shtab.complete(parser, args.shell))
    return 0


_FILES = ("DUMP", "FILE", "A", "B", "PATHS", "TARGET", "FILE_OR_DIR")
_FOLDERS = ("DIR", "DIRS", "FOLDER", "CORPUS")


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Every option and argument, those of the commands too."""
    found: list[argparse.Action] = []
    for action in parser._actions:
        found.append(action)
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                found += _actions(each)
    return found
