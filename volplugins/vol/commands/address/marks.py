"""The rules that --yara names."""

from __future__ import annotations

from volplugins.address.rule_marks import RuleError, RuleMarks
from volplugins.vol.commands.shell import Unable


def marks_of(name: str | None) -> RuleMarks | None:
    """The compiled rules; None where none are named.

    Raises:
        Unable: they cannot be used.
    """
    try:
        return RuleMarks(name) if name else None
    except RuleError as error:
        raise Unable(str(error)) from None
