"""Notes that are said once each, up to so many: of the rest is said how many there are."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class CappedNotes:
    """Adds to ``notes``, from which nobody takes any.

    Attributes:
        about: what the notes are about, for the last one: ``12 more notes about {about} are left out``.
        most: how many are added before that one.
    """

    notes: list[str]
    about: str
    most: int = 256
    _said: set[str] = field(default_factory=set)
    _more: int = 0
    _place: int = 0

    def say(self, text: str) -> None:
        """One note; once there are as many as may be, it is counted, however often it comes."""
        if text in self._said:
            return
        if len(self._said) < self.most:
            self.limit(text)
            return
        if not self._more:
            self._place = len(self.notes)
            self.notes.append("")
        self._more += 1
        self.notes[self._place] = f"{self._more:,} more notes about {self.about} are left out"

    def limit(self, text: str) -> None:
        """A note that is never left out: of what was cut. There may be only a few such texts."""
        if text not in self._said:
            self._said.add(text)
            self.notes.append(text)
