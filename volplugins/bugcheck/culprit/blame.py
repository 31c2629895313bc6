"""Who is to blame in the end: nobody for a crash that was asked for, and less surely where a bit has flipped."""

from __future__ import annotations

from dataclasses import replace

from volplugins.bugcheck.culprit.bit_errors import BitError
from volplugins.bugcheck.culprit.culprit import find_culprit
from volplugins.bugcheck.devices.find import explained
from volplugins.bugcheck.devices.kernel_witness import with_witness
from volplugins.bugcheck.suspects.hung_processor import CLOCK_WATCHDOG
from volplugins.bugcheck.suspects.manual import ManualCrash, find_manual_crash
from volplugins.bugcheck.suspects.suspects import Confidence, Culprit, Suspects
from volplugins.bugcheck.words.codes import base_code

# MACHINE_CHECK_EXCEPTION and WHEA_UNCORRECTABLE_ERROR; UNEXPECTED_KERNEL_MODE_TRAP of vector 18
_MACHINE_CHECKS, _TRAP, _MACHINE_CHECK_TRAP = frozenset({0x9C, 0x124}), 0x7F, 0x12
_ORDER = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH, Confidence.CERTAIN)
# what a culprit is worth at most beside a memory error of this confidence
_AT_MOST = {Confidence.CERTAIN: Confidence.LOW, Confidence.HIGH: Confidence.LOW, Confidence.MEDIUM: Confidence.MEDIUM}


def find_blame(
    suspects: Suspects, error: BitError | None, hung: bool = False
) -> tuple[Culprit | None, ManualCrash | None]:
    """The culprit, if anybody is, and whether somebody asked for the crash.

    Args:
        hung: whether the frames are those of the processor that hangs, where the bugcheck is about one.
    """
    culprit = with_witness(find_culprit(suspects), suspects.scene, suspects.owners)
    culprit = explained(suspects.scene, culprit)
    manual = find_manual_crash(suspects, culprit)
    if manual is not None and manual.asked_for:
        return None, manual
    if culprit is not None and _is_machine_check(suspects):
        why = "the processor reported an error of the hardware: what it interrupted only ran at that time"
        culprit = replace(culprit, confidence=Confidence.LOW, reason=f"{culprit.reason}; {why}")
    if culprit is not None and not hung and base_code(suspects.scene.target.bugcheck.code) == CLOCK_WATCHDOG:
        why = "this processor only reported it: what the one that hangs was doing is not in the dump"
        culprit = replace(culprit, confidence=Confidence.LOW, reason=f"{culprit.reason}; {why}")
    return (_doubted(culprit, error) if culprit is not None and error is not None else culprit), manual


def _is_machine_check(suspects: Suspects) -> bool:
    """Whether the bugcheck reports what the processor said of the hardware (Microsoft's bug check reference)."""
    bugcheck = suspects.scene.target.bugcheck
    code = base_code(bugcheck.code)
    return code in _MACHINE_CHECKS or (code == _TRAP and bugcheck.parameters[0] == _MACHINE_CHECK_TRAP)


def _doubted(culprit: Culprit, error: BitError) -> Culprit:
    """The culprit with the confidence that a likely memory error leaves it."""
    most = _AT_MOST.get(error.confidence, Confidence.HIGH)
    if _ORDER.index(culprit.confidence) <= _ORDER.index(most):
        return culprit
    reason = f"{culprit.reason}; less sure, because a memory error is likely ({error.kind})"
    return replace(culprit, confidence=most, reason=reason)
