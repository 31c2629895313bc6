"""Why something cannot be unpacked."""

from __future__ import annotations


class OneLine(Exception):
    """A fault whose text is one line for the user and needs no type before it."""


class UnpackError(OneLine):
    """A compressed file cannot be unpacked, or would grow past the limit; the text is one line."""


def reason_of(error: BaseException) -> str:
    """One line on what was raised: an operating system's own words, else the type and its text."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).split())[:300]
    if isinstance(error, OneLine):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
