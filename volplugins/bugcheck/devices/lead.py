"""What a parameter leads to: a driver with its reason, the device through which it is blamed, and what was absent."""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.bugcheck import modules as known
from volplugins.bugcheck.codes import base_code
from volplugins.bugcheck.devices.object_reader import ObjectReader
from volplugins.bugcheck.devices.place import DevicePlace
from volplugins.bugcheck.owners import Owners
from volplugins.bugcheck.scene import CrashScene
from volplugins.bugcheck.suspects import UNNAMED, Confidence, Culprit
from volplugins.loader.module import Module


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


@dataclass(slots=True)
class Case:
    """One crash and the reader of its objects; ``notes`` takes what could not be followed."""

    scene: CrashScene
    owners: Owners
    reader: ObjectReader
    notes: list[str] = field(default_factory=list)

    @property
    def code(self) -> int:
        """The bugcheck without the mark of a small dump."""
        return base_code(self.scene.target.bugcheck.code)

    @property
    def parameters(self) -> tuple[int, int, int, int]:
        """Of the bugcheck."""
        return self.scene.target.bugcheck.parameters

    def note(self, text: str) -> None:
        """Say once what could not be followed."""
        if text not in self.notes:
            self.notes.append(text)

    def blame(
        self, module: Module, reason: str, confidence: Confidence, place: DevicePlace | None = None, how: str = ""
    ) -> DeviceBlame:
        """This driver; less surely where it mostly runs for others. Nobody where it is the kernel."""
        device = BlamedDevice(place, how or reason, confidence) if place is not None else None
        if known.is_core(module):
            return DeviceBlame(None, device, tuple(self.notes))
        if self.owners.is_carrier(module) and confidence in (Confidence.CERTAIN, Confidence.HIGH):
            confidence = Confidence.MEDIUM
        culprit = Culprit(module.image_name or UNNAMED, module, None, confidence, reason)
        return DeviceBlame(culprit, device, tuple(self.notes))

    def nobody(self, place: DevicePlace | None = None, how: str = "") -> DeviceBlame:
        """No driver; the device, where one is named, and what could not be followed."""
        device = BlamedDevice(place, how, Confidence.LOW) if place is not None else None
        return DeviceBlame(None, device, tuple(self.notes))
