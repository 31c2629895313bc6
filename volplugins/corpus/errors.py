"""Why a corpus cannot be asked."""

from __future__ import annotations


class NoCorpus(Exception):
    """What was named is no corpus, is damaged, or must not be opened; the text is one line."""


class BadQuestion(Exception):
    """What was asked cannot be answered; the text is one line that says what would be."""
