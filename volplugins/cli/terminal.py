"""What the terminal can show: its width, and whether it takes colours."""

from __future__ import annotations

import os
import shutil
import sys

_WIDEST = 160


def is_terminal() -> bool:
    """Whether somebody reads standard output as it comes."""
    return sys.stdout is not None and sys.stdout.isatty()


def columns(elsewhere: int) -> int:
    """The terminal's columns, 160 at most; ``elsewhere`` where output goes into a file or a pipe."""
    if not is_terminal():
        return elsewhere
    return min(shutil.get_terminal_size((elsewhere, 24)).columns, _WIDEST)


def takes_colour() -> bool:
    """A terminal does, unless NO_COLOR (no-color.org) is set or it calls itself dumb."""
    return is_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
