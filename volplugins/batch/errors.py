"""What ends a whole run; what ends one dump's is a row of the corpus."""

from __future__ import annotations


class CorpusError(OSError):
    """The run cannot go on; the text is one line for the user."""


class UseError(CorpusError):
    """The run must not begin as it was asked for; nothing was changed."""


class ChangedFile(Exception):
    """The file is not what it was when it was hashed; the text is one line."""


class NoRoom(Exception):
    """The disk cannot take the unpacked dump now; the text is one line."""


class UnpackError(Exception):
    """A compressed file cannot be unpacked, or would grow past the limit; the text is one line."""


def reason_of(error: BaseException) -> str:
    """One line on what was raised: an operating system's own words, else the type and its text."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).split())[:300]
    if isinstance(error, (UnpackError, ChangedFile, NoRoom)):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
