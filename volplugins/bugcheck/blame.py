"""Who is to blame in the end: nobody for a crash that was asked for, and less surely where a bit has flipped."""

from __future__ import annotations

from dataclasses import replace

from volplugins.bugcheck.bit_errors import BitError
from volplugins.bugcheck.culprit import find_culprit
from volplugins.bugcheck.manual import ManualCrash, find_manual_crash
from volplugins.bugcheck.suspects import Confidence, Culprit, Suspects

_ORDER = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH, Confidence.CERTAIN)
# what a culprit is worth at most beside a memory error of this confidence
_AT_MOST = {Confidence.CERTAIN: Confidence.LOW, Confidence.HIGH: Confidence.LOW, Confidence.MEDIUM: Confidence.MEDIUM}


def find_blame(suspects: Suspects, error: BitError | None) -> tuple[Culprit | None, ManualCrash | None]:
    """The culprit, if anybody is, and whether somebody asked for the crash."""
    culprit = find_culprit(suspects)
    manual = find_manual_crash(suspects, culprit)
    if manual is not None and manual.asked_for:
        return None, manual
    return (_doubted(culprit, error) if culprit is not None and error is not None else culprit), manual


def _doubted(culprit: Culprit, error: BitError) -> Culprit:
    """The culprit with the confidence that a likely memory error leaves it."""
    most = _AT_MOST.get(error.confidence, Confidence.HIGH)
    if _ORDER.index(culprit.confidence) <= _ORDER.index(most):
        return culprit
    reason = f"{culprit.reason}; less sure, because a memory error is likely ({error.kind})"
    return replace(culprit, confidence=most, reason=reason)
