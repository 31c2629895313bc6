"""What the objects that a bugcheck names say of the driver at fault and of its device."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.bugcheck.scene.device_place import DevicePlace
from volplugins.bugcheck.suspects.suspects import Confidence, Culprit


@dataclass(frozen=True, slots=True)
class BlamedDevice:
    """The device behind the driver at fault.

    Attributes:
        place: where it is.
        how: what leads to it, in words.
        confidence: how sure it is that this is the one.
    """

    place: DevicePlace
    how: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class DeviceBlame:
    """What the objects that a bugcheck names say.

    Attributes:
        culprit: the driver at fault by them; None where they show none.
        device: the device; None where none is known.
        notes: what could not be followed, and what only adds to the evidence.
    """

    culprit: Culprit | None = None
    device: BlamedDevice | None = None
    notes: tuple[str, ...] = ()


NOTHING = DeviceBlame()
