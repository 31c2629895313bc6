"""What may hold the machine up: one cause with what speaks for it, and what the whole comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from volplugins.bugcheck.suspects.device_blame import NOTHING, DeviceBlame
from volplugins.bugcheck.suspects.suspects import Confidence

# what lasts as long is no usual wait for a lock, and longer than Windows leaves a ready thread alone (its balance set
# manager raises the priority of those that have been ready for about four seconds)
LONG_SECONDS = 10.0


def threads(count: int, verb: str = "wait") -> str:
    """``1 thread waits``, ``4 threads wait``."""
    return f"1 thread {verb}s" if count == 1 else f"{count} threads {verb}"


class Kind(IntEnum):
    """What kinds there are; of equal causes the first counts: want of memory may be why requests stand."""

    DEADLOCK = 0
    MEMORY = 1
    REQUEST = 2
    STARVED = 3
    LOCK = 4


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that holds threads up.

    Attributes:
        text: what it is, in words; ``confidence`` that it holds the machine up.
        threads: ETHREADs of those who have to act: the deadlock's, who keeps the lock, what a processor runs.
        irp: the request; 0 for none. ``routine``: of a deferred call that runs; ``lock``: its address; 0 for none.
        waiting: ETHREADs of some that wait, for who uses a lock whose owner tells nothing.
        held_up: how many threads wait for it, directly or through others.
        seconds: how long the longest of these has been waiting, or the request has been under way.
        why: what makes it one, in words; empty where ``text`` says it.
    """

    kind: Kind
    text: str
    confidence: Confidence
    threads: tuple[int, ...] = ()
    irp: int = 0
    routine: int = 0
    held_up: int = 0
    seconds: float = 0.0
    why: str = ""
    lock: int = 0
    waiting: tuple[int, ...] = ()

    @property
    def order(self) -> tuple[bool, bool, int, int, int, float]:
        """What is certain first, then what holds others up; of these the surest, what holds up most, the longest."""
        certain = self.confidence is Confidence.CERTAIN
        several = self.held_up >= _SEVERAL and self.confidence is not Confidence.LOW
        sure = _SURE.index(self.confidence)
        return not certain, not several, sure, -self.held_up, int(self.kind), -self.seconds


_SEVERAL = 2
_SURE = (Confidence.CERTAIN, Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)


@dataclass(frozen=True, slots=True)
class Told:
    """One row: a value in words, how sure it is that it holds the machine up (None: it need not), and what shows it."""

    field: str
    value: str
    confidence: Confidence | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Hang:
    """What memory shows of a hang.

    Attributes:
        causes: what holds threads up, the most telling first; none: nothing is stuck that memory shows.
        blame: the driver or program at fault by the first of them, with its device; its notes say why nobody is.
        told: the rows, kind by kind.
        notes: what could not be read or followed.
    """

    causes: tuple[Cause, ...] = ()
    blame: DeviceBlame = NOTHING
    told: tuple[Told, ...] = ()
    notes: tuple[str, ...] = field(default=())
