"""The machine's distance from UTC in words."""

from __future__ import annotations

from typing import Any

_MOST = 15 * 60  # minutes; no clock on earth is further from UTC


def local_time(bias: Any) -> str:
    """``UTC+1``, ``UTC-3:30`` for what has to be added to local time for UTC, in minutes; empty where it is none."""
    if type(bias) is not int or abs(bias) > _MOST:
        return ""
    hours, minutes = divmod(abs(bias), 60)
    sign = "-" if bias > 0 else "+"
    return f"UTC{sign}{hours}{f':{minutes:02d}' if minutes else ''}" if bias else "UTC"
