"""The section ``hang`` of windows.kd.analyze: what holds a machine up that does not answer, and who is at fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from volplugins.bugcheck.analysis import Analysis
from volplugins.bugcheck.hang.cause import Hang, threads
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.vol.commands.analyze.culprit_rows import blamed_rows
from volplugins.vol.commands.analyze.device_rows import blamed_device_rows
from volplugins.vol.commands.analyze.row import AnalyzeRow
from volplugins.vol.output.rows import NOT_AVAILABLE
from volplugins.vol.scene.hang_scene import hang_of, why_hang

SECTION = "hang"
NOTHING_STUCK = "nothing is stuck that memory shows"
_MOST_NOTES = 16


@dataclass(frozen=True, slots=True)
class HangWanted:
    """That a hang is looked for: ``why``, and what gives its explanation."""

    why: str
    explain: Callable[[], Hang]


def chosen_hang(scene: CrashScene) -> HangWanted | None:
    """Where nobody asked: on targets of the kind that hangs give, by the lists alone, which is quick."""
    why = why_hang(scene.target)
    return HangWanted(f"by itself: {why}", lambda: hang_of(scene, False)) if why else None


def hang_rows(analysis: Analysis, wanted: HangWanted) -> Iterator[AnalyzeRow]:
    """The rows: why they are here, what it comes to, who is at fault, then everything that may be of use."""
    yield AnalyzeRow(SECTION, "CHOSEN", wanted.why, "", "--hang looks for one on every target, and searches memory too")
    hang = wanted.explain()
    yield _verdict(hang)
    if hang.causes:
        yield from _at_fault(analysis, hang)
    for told in hang.told:
        sure = told.confidence.value if told.confidence is not None else ""
        yield AnalyzeRow(SECTION, told.field, told.value, sure, told.evidence)
    for note in hang.notes[:_MOST_NOTES]:
        yield AnalyzeRow(SECTION, "Note", note)


def _verdict(hang: Hang) -> AnalyzeRow:
    if not hang.causes:
        looked = "no deadlock, no request that is long overdue, no thread that is long ready, no kernel lock kept long"
        return AnalyzeRow(SECTION, "VERDICT", NOTHING_STUCK, "", looked)
    first = hang.causes[0]
    waiting = f"{threads(first.held_up)} for it" if first.held_up else "no other thread waits for it"
    more = len(hang.causes) - 1
    others = f"; {more} further {'cause is' if more == 1 else 'causes are'} below" if more else ""
    return AnalyzeRow(SECTION, "VERDICT", first.text, first.confidence.value, waiting + others)


def _at_fault(analysis: Analysis, hang: Hang) -> Iterator[AnalyzeRow]:
    if hang.blame.culprit is not None:
        yield from blamed_rows(analysis, hang.blame.culprit, SECTION)
    else:
        why = "; ".join(hang.blame.notes) or "what leads to a driver is not in the dump"
        for field in ("MODULE_NAME", "IMAGE_NAME"):
            yield AnalyzeRow(SECTION, field, NOT_AVAILABLE, "", why)
    if hang.blame.device is not None:
        yield from blamed_device_rows(hang.blame.device, SECTION)
