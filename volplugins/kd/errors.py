"""Why a live machine cannot be looked at, or not any longer; each text is one line for the user."""

from __future__ import annotations

from volplugins.dumpfile.errors import DumpError


class LiveError(DumpError):
    """Something is wrong with a live target."""


class NoAnswer(LiveError):
    """The line is there, and nobody on it answers as a Windows kernel does."""


class NoLine(LiveError):
    """The line itself cannot be opened: nobody listens, it is in use, or what it needs is not installed."""


class LineLost(LiveError):
    """The machine answered, and does not any longer."""


class RanOn(LiveError):
    """The machine has rebooted, or runs on without us: what was read before belongs to another moment."""


class WrongLocation(LiveError):
    """The location names no line."""
