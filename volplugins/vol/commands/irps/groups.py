"""Requests that are alike, joined: what a machine with millions of them on one file needs."""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.io.request_sources import Alike
from volplugins.vol.commands.irps.facts import Told

_MOST_GROUPS = 1 << 16


@dataclass(slots=True)
class Group:
    """Requests that are alike: one of them, how many there are, and those that were only counted."""

    first: Told | None = None
    alike: Alike | None = None
    count: int = 0
    counted_only: int = 0
    oldest: float | None = None

    def add(self, told: Told) -> None:
        """One more that was looked at; the oldest stands for all."""
        self.count += 1
        seconds = told.age.seconds if told.age is not None else None
        if self.first is None or (seconds is not None and seconds > (self.oldest or 0.0)):
            self.first = told
        if seconds is not None:
            self.oldest = max(self.oldest or 0.0, seconds)

    @property
    def note(self) -> str:
        """How many they are."""
        only = f", {self.counted_only} of them counted only" if self.counted_only else ""
        return f"{self.count} request{'s' if self.count != 1 else ''}{only}"


Key = tuple[int, int, int, int, int | None, str]


@dataclass(slots=True)
class Groups:
    """The groups of one run. ``left_out``: requests that would have begun one group too many."""

    groups: dict[Key, Group] = field(default_factory=dict)
    left_out: int = 0

    def add(self, told: Told) -> None:
        """One request."""
        group = self._group(_key(told))
        if group is not None:
            group.add(told)
        else:
            self.left_out += 1

    def add_counted(self, alike: Alike, pid: int | None, count: int) -> None:
        """Requests of which only this is known."""
        group = self._group((alike.major, alike.minor, alike.device, alike.file, pid, alike.state.value))
        if group is None:
            self.left_out += count
            return
        group.alike = alike
        group.count += count
        group.counted_only += count

    def _group(self, key: Key) -> Group | None:
        if key not in self.groups and len(self.groups) >= _MOST_GROUPS:
            return None
        return self.groups.setdefault(key, Group())


def _key(told: Told) -> Key:
    request = told.request
    shown = request.shown if request is not None else None
    major, minor, file = (shown.major, shown.minor, shown.file) if shown is not None else (-1, 0, 0)
    own = request.file if request is not None else 0
    return major, minor, told.holder.device, own or file, told.pid, told.state
