"""Why a question about an open target has no answer."""

from __future__ import annotations

from volplugins.dumpfile.errors import DumpError


class NoSuchProcess(DumpError, LookupError):
    """The process that was asked for is not there, or several fit."""


class UnreadableMemory(DumpError):
    """Memory that was asked for is not in the target."""
