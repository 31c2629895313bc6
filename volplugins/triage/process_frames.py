"""Where in physical memory the pages of each process are, as summary.json has it: a short text a process.

The memory that the dump describes is cut into shares of as many pages each; the text says for each share how much of
it holds pages of the process, a letter each, neighbours that are alike once with their number before: ``37a2cb``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from volplugins.vol.scene.address_maps import frame_shares
from volplugins.vol.scene.process_selection import gather

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

# a: none; then up to these parts of the share; the last is more
_UP_TO = (0.0, 0.01, 0.1, 0.5)
_LETTERS = "abcde"


def process_frames(scene: CrashScene) -> dict[str, Any] | None:
    """Of the processes whose address spaces have been walked; None where there are none, or no memory."""
    shares = frame_shares(scene)
    if not shares.counts or not shares.memory.pages:
        return None
    named = {process.eprocess: process for process in gather(scene, None, None).processes}
    listed = [
        {
            "pid": named[eprocess].pid, "process": named[eprocess].name, "pages": int(count.shares.sum()),
            "outside": count.outside, "shares": strip(count.shares.tolist(), shares.memory.sizes),
        }
        for eprocess, count in shares.counts.items()
        if eprocess in named
    ]  # fmt: skip
    return {"starts": shares.memory.starts, "processes": listed}


def strip(counts: Sequence[int], sizes: Sequence[int]) -> str:
    """The text for pages of one process in each share, and for how many pages each share has."""
    letters = (_letter(count / size) for count, size in zip(counts, sizes, strict=True))
    runs = ((letter, sum(1 for _ in run)) for letter, run in groupby(letters))
    return "".join(f"{number if number > 1 else ''}{letter}" for letter, number in runs)


def _letter(part: float) -> str:
    return next((letter for letter, bound in zip(_LETTERS, _UP_TO, strict=False) if part <= bound), _LETTERS[-1])
