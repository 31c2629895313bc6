"""How far a run is: a bar on a terminal, a line now and then elsewhere, nothing where silence was asked for."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

_EVERY = 10.0  # seconds between two plain lines


class Progress(Protocol):
    """Is told of every place that is done."""

    def begin(self, total: int, known: int) -> None:
        """So many places, of which these need nothing."""
        ...  # pragma: no cover - a protocol has no body

    def advance(self, status: str) -> None:
        """One more is done."""
        ...  # pragma: no cover - a protocol has no body

    def say(self, place: str, reason: str) -> None:
        """A line on one place."""
        ...  # pragma: no cover - a protocol has no body

    def end(self) -> None:
        """Leave the terminal as it was."""
        ...  # pragma: no cover - a protocol has no body


def progress(quiet: bool) -> Progress:
    """The one that suits standard output."""
    if quiet:
        return Silence()
    return TerminalProgress() if sys.stdout.isatty() else PlainProgress()


def printable(text: str) -> str:
    """The text without what a terminal would act on."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


class Silence:
    """Says nothing."""

    def begin(self, total: int, known: int) -> None:
        """Nothing."""

    def advance(self, status: str) -> None:
        """Nothing."""

    def say(self, place: str, reason: str) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""


class PlainProgress:
    """A line every few seconds."""

    def __init__(self) -> None:
        self._total = self._known = self._done = 0
        self._start = self._last = time.monotonic()

    def begin(self, total: int, known: int) -> None:
        """The first line."""
        self._total, self._known = total, known
        self._start = self._last = time.monotonic()
        print(f"{total} dumps" + (f", {known} of them done before" if known else ""), flush=True)

    def advance(self, status: str) -> None:
        """A line where the last one is old."""
        self._done += 1
        now = time.monotonic()
        if now - self._last >= _EVERY:
            self._last = now
            print(pace(self._known + self._done, self._total, self._done, now - self._start), flush=True)

    def say(self, place: str, reason: str) -> None:
        """At once."""
        print(f"{printable(place)}: {printable(reason)}", flush=True)

    def end(self) -> None:
        """Nothing to put back."""


def pace(done: int, total: int, now: int, seconds: float) -> str:
    """Counts, rate and time left, by what was done in this run."""
    rate = now / seconds if seconds > 0 else 0.0
    left = f", {clock((total - done) / rate)} left" if rate else ""
    return f"{done} of {total}, {rate * 60:.1f} a minute{left}"


def clock(seconds: float) -> str:
    """Hours, minutes, seconds."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


class TerminalProgress:
    """A bar with counts, rate and time left; lines appear above it."""

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._faults = self._done = 0
        self._start = time.monotonic()

    def begin(self, total: int, known: int) -> None:
        """Draw it."""
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
        from rich.progress import Progress as Bar  # noqa: PLC0415 - rich is for terminals alone

        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"), TimeRemainingColumn())
        self._bar = Bar(*columns)
        self._bar.add_task("dumps", total=total, completed=known, pace="")
        self._bar.start()
        self._start = time.monotonic()

    def advance(self, status: str) -> None:
        """Move it."""
        if self._bar is not None:
            self._done += 1
            self._faults += status not in ("done", "same")
            rate = 60 * self._done / max(time.monotonic() - self._start, 0.001)
            text = f"{rate:.1f} a minute, {self._faults} with faults"
            self._bar.update(self._bar.task_ids[0], advance=1, pace=text)

    def say(self, place: str, reason: str) -> None:
        """Above the bar."""
        text = f"{printable(place)}: {printable(reason)}"
        if self._bar is None:
            print(text)
        else:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def end(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.stop()
