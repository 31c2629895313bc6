"""What a parameter leads to: a driver with its reason, the device through which it is blamed, and what was absent."""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.bugcheck.scene import modules as known
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.scene.device_place import DevicePlace
from volplugins.bugcheck.scene.object_reader import ObjectReader
from volplugins.bugcheck.scene.owners import Owners
from volplugins.bugcheck.suspects.device_blame import BlamedDevice, DeviceBlame
from volplugins.bugcheck.suspects.suspects import UNNAMED, Confidence, Culprit
from volplugins.bugcheck.words.codes import base_code
from volplugins.loader.module import Module


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
