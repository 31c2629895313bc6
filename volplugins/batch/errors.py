"""What ends a whole run; what ends one dump's is a row of the corpus."""

from __future__ import annotations


class CorpusError(OSError):
    """The run cannot go on; the text is one line for the user."""


class UnpackError(Exception):
    """A compressed file cannot be unpacked, or would grow past the limit; the text is one line."""


def reason_of(error: BaseException) -> str:
    """One line on what was raised: an operating system's own words, else the type and its text."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).split())[:300]
    return (
        text if isinstance(error, UnpackError) else f"{type(error).__name__}: {text}" if text else type(error).__name__
    )
