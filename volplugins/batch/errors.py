"""What ends a whole run; what ends one dump's is a row of the corpus."""

from __future__ import annotations

from volplugins.packed.errors import OneLine


class CorpusError(OSError):
    """The run cannot go on; the text is one line for the user."""


class UseError(CorpusError):
    """The run must not begin as it was asked for; nothing was changed."""


class ChangedFile(OneLine):
    """The file is not what it was when it was hashed; the text is one line."""


class NoRoom(OneLine):
    """The disk cannot take the unpacked dump now; the text is one line."""
