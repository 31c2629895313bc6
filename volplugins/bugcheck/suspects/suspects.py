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
        owners: whose the modules are.
    """

    scene: CrashScene
    fault: Fault
    frames: Sequence[Frame]
    place: FailingPlace | None = None
    devices: DeviceBlame | None = None
    owners: Owners = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "owners", Owners(self.scene))


# a module whose name is not in the dump
UNNAMED = "unnamed"
