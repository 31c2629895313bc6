"""What the commands know of times, as volatility3's timeliner takes it: a description, what happened, when.

The description holds the time itself: the table that volatility3 2.28 prints gives every row the times of the last one
(its body file is right), so that a row must be good without it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any, NamedTuple

from volplugins.vol.output.rows import moment

vollog = logging.getLogger(__name__)

# before Windows NT no time is one; after the crash neither, but clocks are set back at times
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=timezone.utc), datetime(2200, 1, 1, tzinfo=timezone.utc)
_SLACK = timedelta(days=1)
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
Filetime = int


class Kind(Enum):
    """What a time is of; the names are those of volatility3's TimeLinerType."""

    CREATED = "CREATED"
    MODIFIED = "MODIFIED"


class Event(NamedTuple):
    """One row of a time line."""

    description: str
    kind: Kind
    when: datetime


class Clock:
    """Which times can be: those up to the crash.

    Args:
        crash: SystemTime of the dump's header, a FILETIME; where it is no time itself, the year 2200 is the bound.
    """

    def __init__(self, crash: Filetime | None) -> None:
        self._latest = _LATEST
        self.crash = self.time(crash)
        if self.crash is not None:
            self._latest = self.crash + _SLACK

    def time(self, filetime: Filetime | None) -> datetime | None:
        """The time, or None where it cannot be one: zero, all ones, before Windows NT, later than the crash."""
        return self._possible(moment(filetime))

    def unix_time(self, seconds: int | None) -> datetime | None:
        """The same for seconds since 1970, as images are stamped with."""
        if seconds is None or not 0 < seconds < 1 << 32:
            return None
        return self._possible(_UNIX_EPOCH + timedelta(seconds=seconds))

    def _possible(self, when: datetime | None) -> datetime | None:
        return when if when is not None and _EARLIEST <= when <= self._latest else None


def event(what: str, kind: Kind, when: datetime | None, how: str) -> Iterator[Event]:
    """The event, if it has a time. ``how`` says what happened: ``created``, ``loaded``."""
    if when is not None:
        text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in what)
        yield Event(f"{text}: {how} {when.isoformat(timespec='microseconds')}", kind, when)


def guarded(events: Iterable[Event]) -> Iterator[Event]:
    """Each event once (a description is volatility3's key), up to a fault, which ends them: no row can tell of it."""
    seen: set[str] = set()
    try:
        for each in events:
            if each.description not in seen:
                seen.add(each.description)
                yield each
    except Exception as error:  # nothing in a dump may end in a traceback
        vollog.info(f"volplugins: the time line ends early: {error}")


def volatility_event(each: Event) -> tuple[str, Any, datetime]:
    """The event as volatility3's timeliner takes it."""
    from volatility3.plugins import timeliner

    return each.description, timeliner.TimeLinerType[each.kind.value], each.when
