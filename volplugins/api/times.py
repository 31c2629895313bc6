"""Windows' times as Python has them."""

from __future__ import annotations

from datetime import datetime, timedelta

from volplugins.vol.output.rows import moment


def filetime(value: int | None) -> datetime | None:
    """A FILETIME (100 ns since 1601, UTC) as a datetime; None for none (0, absent) and for what is no time."""
    return moment(value)


def duration(value: int | None) -> timedelta | None:
    """A number of 100 ns as a timedelta; None where there is none, or none that can be."""
    if value is None or value < 0:
        return None
    try:
        return timedelta(microseconds=value // 10)
    except OverflowError:
        return None
