"""Wrong use: a word or a folder that cannot be meant. Plain ``vol`` gets one row, our own commands exit code 2.

volatility3 gives a plugin no way to end with an exit code of its own, so what was refused is kept for the command that
started the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_refused: list[str] = []


class WrongUse(Exception):
    """What was asked for cannot be; the text is one line that says what is allowed."""


def refused(error: WrongUse) -> str:
    """The line for a row, kept for the exit code too."""
    _refused.append(str(error))
    return str(error)


def take_refusals() -> list[str]:
    """What was refused since this was asked last, each line once."""
    found = list(dict.fromkeys(_refused))
    _refused.clear()
    return found


def check_words(option: str, words: Iterable[str], allowed: Sequence[str], more: str = "") -> None:
    """Raise WrongUse for the first word that is none of ``allowed``, whatever its letter case.

    Args:
        more: what else may be said of the allowed words.
    """
    known = {word.lower() for word in allowed}
    for word in words:
        if word.lower() not in known:
            raise WrongUse(f"{option} {word}: no such word; allowed: {more or ' '.join(allowed)}")
