"""Rows of strings, as the core's facts become them: addresses, times and absent values written one way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class Absent:
    """A value that is not there; ``kind`` says which of volatility3's absent types it becomes."""

    kind: str = "not-available"


UNREADABLE, NOT_APPLICABLE, NOT_AVAILABLE = Absent("unreadable"), Absent("not-applicable"), Absent("not-available")
Cell = str | Absent


def address(value: int | None) -> Cell:
    """An address as ``0x…``, or absent."""
    return NOT_AVAILABLE if value is None else f"{value:#x}"


def utc(filetime: int | None) -> Cell:
    """A FILETIME as ISO 8601 in UTC with microseconds; absent where it is none or out of range."""
    when = moment(filetime)
    return when.isoformat() if when is not None else NOT_AVAILABLE


def unix_utc(seconds: int | None) -> Cell:
    """Seconds since 1970 as ISO 8601 in UTC; absent where there are none, or none that can be."""
    if not seconds:
        return NOT_AVAILABLE
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).isoformat()
    except (OverflowError, OSError, ValueError):
        return NOT_AVAILABLE


def moment(filetime: int | None) -> datetime | None:
    """A FILETIME as a time in UTC; None where it is none or out of range."""
    if not filetime or filetime < 0:
        return None
    try:
        return _FILETIME_EPOCH + timedelta(microseconds=filetime // 10)
    except OverflowError:
        return None


def uptime(hundred_ns: int | None) -> Cell:
    """A span as WinDbg writes it: ``0 days 1:52:33.123``."""
    if hundred_ns is None or hundred_ns < 0:
        return NOT_AVAILABLE
    milliseconds = hundred_ns // 10_000
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days} days {hours}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"


def volatility_time(filetime: int | None) -> Any:
    """A FILETIME as volatility3's renderers take it; absent where there is none, unparsable where it is no time."""
    from volatility3.framework import renderers

    when = moment(filetime)
    return when or (renderers.UnparsableValue() if filetime else renderers.NotAvailableValue())


@lru_cache(maxsize=4096)  # all processes have the same images
def volatility_unix_time(seconds: int | None) -> Any:
    """Seconds since 1970 as volatility3's renderers take them; absent where there are none."""
    from volatility3.framework import renderers

    return datetime.fromtimestamp(seconds, timezone.utc) if seconds else renderers.NotAvailableValue()


def volatility_cell(cell: Cell) -> Any:
    """The cell as volatility3's renderers take it."""
    if isinstance(cell, str):
        if cell.isprintable():
            return cell
        # a renderer prints one row a line: what the dump puts into names must not break it
        return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in cell)

    from volatility3.framework import renderers  # for few cells only

    return {
        "unreadable": renderers.UnreadableValue,
        "not-applicable": renderers.NotApplicableValue,
    }.get(cell.kind, renderers.NotAvailableValue)()
