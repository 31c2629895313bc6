"""What blame is made of: how sure, who, and what the strategies look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from volplugins.bugcheck.fault.fault import Fault
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.scene.owners import Owners
from volplugins.bugcheck.suspects.crash_path import FailingPlace
from volplugins.loader.module import Module
from volplugins.stack.frame import Frame

if TYPE_CHECKING:
    from volplugins.bugcheck.suspects.device_blame import DeviceBlame


class Confidence(str, Enum):
    """How sure a finding is."""

    CERTAIN = "certain"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Culprit:
    """What is to blame.

    Attributes:
        image_name: file name of the module or process.
        module: the module, or None for a process.
        address: the instruction that points to it, or None where an object does.
        confidence, reason: how sure, and why.
        address_is_sure: whether ``address`` is the failing instruction or a proved frame, and no unchecked word.
    """

    image_name: str
    module: Module | None
    address: int | None
    confidence: Confidence
    reason: str
    address_is_sure: bool = True


@dataclass(frozen=True, slots=True)
class Suspects:
    """What the strategies look at.

    Attributes:
        scene, fault: the crash.
        frames: the crashing thread's, below the failing instruction.
        place: where it failed, as against where it was reported; None where that is not known.
        devices: what the objects that the bugcheck names say; None where nobody looked.
        guessed: whether ``frames`` begin at a record that nothing but its own looks leads to.
        owners: whose the modules are.
    """

    scene: CrashScene
    fault: Fault
    frames: Sequence[Frame]
    place: FailingPlace | None = None
    devices: DeviceBlame | None = None
    guessed: bool = False
    owners: Owners = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "owners", Owners(self.scene))


def sure_of(fault: Fault) -> Confidence:
    """How sure the failing instruction is: by the records that name it, and by what leads to those."""
    if not fault.proved:
        return Confidence.LOW
    return Confidence.CERTAIN if len(fault.ip_sources) > 1 else Confidence.HIGH


def at_most(confidence: Confidence, fault: Fault) -> Confidence:
    """``confidence`` of what follows from the failing instruction, which is no surer than that."""
    return confidence if fault.proved else Confidence.LOW


def sources_of(fault: Fault, between: str = " and ") -> str:
    """What names the failing instruction, in words; that nothing leads there, where it is so."""
    return between.join(fault.ip_sources) + ("" if fault.proved else f"; {UNPROVED}")


# said of a record that was found by its own looks alone
UNPROVED = "nothing else leads to it"
# a module whose name is not in the dump
UNNAMED = "unnamed"
