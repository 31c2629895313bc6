"""Another directory for a process whose own is bad, where memory holds one that can be nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from volplugins.address.section_files import SectionFiles
from volplugins.kernel.directories.ownership import POSSIBLE, PROVED, REFUTED, Candidate, Claim, Owner
from volplugins.kernel.process import Process
from volplugins.kernel.vads import IMAGE_MAP, Vads
from volplugins.vol.scene.owned_structures import threads_in_list

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_MOST_CLAIMS = 1 << 16  # pairs of a directory and a process that are looked at in one run
_THREADS = 8  # of a process whose TEBs are read
_NAMED = 4  # processes that a text names


@dataclass(frozen=True, slots=True)
class Found:
    """What the search led to.

    Attributes:
        base: the directory to offer, 0 where none is.
        text: why it is offered, or whose else those that were found may be.
        unsearched: why there was no search, or none that counts; empty where there was.
    """

    base: int
    text: str
    unsearched: str = ""


@dataclass(slots=True)
class DirectorySearch:
    """Searches for the processes of one scene; every pair of directory and process is judged once.

    Args:
        owners: processes that may own a directory which nobody names: those whose own cannot be used.
        vads_of: the ranges of a process.
    """

    scene: CrashScene
    owners: Sequence[Process]
    vads_of: Callable[[Process], Vads]
    _pebs: tuple[int, ...] = field(init=False)
    _files: SectionFiles = field(init=False)
    _candidates: dict[int, Candidate] = field(default_factory=dict)
    _facts: dict[int, Owner] = field(default_factory=dict)
    _claims: dict[tuple[int, int], Claim] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pebs = tuple(dict.fromkeys(each.peb for each in self.owners if each.peb))[:16]
        self._files = SectionFiles(self.scene.memory, self.scene.layouts, self.scene.bits)

    def of(self, process: Process, bases: Iterable[int], sound: Callable[[int], bool]) -> Found | None:
        """The one of ``bases`` that is the directory of ``process`` and no other's; None where none fits.

        Args:
            sound: whether a directory passes every check for this process.
        """
        fitting: list[tuple[int, Claim]] = []
        for base in bases:
            claim = self._claim(base, process)
            if claim is None:
                return Found(0, "", f"no other directory is offered: more than {_MOST_CLAIMS} pairs would be compared")
            if claim.kind != REFUTED and claim.evidence and sound(base):
                fitting.append((base, claim))
        proved = [each for each in fitting if each[1].kind == PROVED]
        if len(proved) == 1:
            return Found(proved[0][0], proved[0][1].evidence)
        rivals = {base: self._rivals(base, process) for base, _ in fitting}
        left = [(base, claim) for base, claim in proved or fitting if rivals[base] is not None]
        if not left:
            return None
        others = list(dict.fromkeys(name for base, _ in left for name in rivals[base] or ()))
        if len(left) == 1 and not others:
            return Found(left[0][0], left[0][1].evidence)
        return Found(0, _ambiguous([base for base, _ in left], others))

    def _rivals(self, base: int, process: Process) -> list[str] | None:
        """Other processes that this directory may belong to, in words; None where it is proved to be another's."""
        found = []
        for other in self.owners:
            if other.eprocess == process.eprocess:
                continue
            claim = self._claim(base, other)
            if claim is not None and claim.kind == PROVED:
                return None
            if claim is None or claim.kind == POSSIBLE:
                found.append(f"{other.name} (PID {other.pid}{', exited' if other.exit_time else ''})")
        return found

    def _claim(self, base: int, process: Process) -> Claim | None:
        """The claim of a process on a directory; None where too many have been looked at."""
        key = (base, process.eprocess)
        if key not in self._claims:
            if len(self._claims) >= _MOST_CLAIMS:
                return None
            self._claims[key] = self._candidate(base).claim(self._owner(process), self._pebs)
        return self._claims[key]

    def _candidate(self, base: int) -> Candidate:
        if base not in self._candidates:
            memory, space = self.scene.target.memory, self.scene.space
            assert memory is not None
            assert space is not None
            self._candidates[base] = Candidate(memory, space.space.mode, base, space.space.user_end)
        return self._candidates[base]

    def _owner(self, process: Process) -> Owner:
        if process.eprocess not in self._facts:
            vads = self.vads_of(process)
            images = {vad.start: vad for vad in vads.ranges if vad.kind == IMAGE_MAP}
            told = any(vad.kind is not None for vad in vads.ranges)

            def image_at(address: int) -> str | None:
                vad = images.get(address)
                return self._files.of(vad).path if vad is not None else None if told else ""

            peb = None if process.exit_time else process.peb
            self._facts[process.eprocess] = Owner(
                process.pid, process.name, peb, self._tebs(process), vads.ranges, image_at
            )
        return self._facts[process.eprocess]

    def _tebs(self, process: Process) -> list[tuple[int, int | None]]:
        """TEB and thread id of the first threads that have not ended."""
        if process.exit_time or not self.scene.layouts.thread.has("Teb"):
            return []
        found: list[tuple[int, int | None]] = []
        for thread in threads_in_list(self.scene, process):
            if thread.teb and not thread.terminated:
                found.append((thread.teb, thread.tid))
            if len(found) >= _THREADS:
                break
        return found


def _ambiguous(bases: Sequence[int], others: Sequence[str]) -> str:
    """Why no directory is offered although some fit."""
    named = ", ".join(others[:_NAMED]) + (f" and {len(others) - _NAMED} more" if len(others) > _NAMED else "")
    what = ", ".join(f"{base:#x}" for base in bases[:_NAMED])
    if not others:
        return f"{what} fit alike"
    return f"{what} may as well be the directory of {named}"
