"""A stuck request in one sentence, for the screen and for the page, from a member of summary.json's ``stuck``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from volplugins.report.shown_text import shown

_LONGEST_NAME = 60
_MINUTES, _HOURS, _DAYS = 1000.0, 3 * 3600.0, 3 * 86400.0  # from here on, in these


def stuck_line(entry: Mapping[str, Any]) -> str:
    """``acmedrv holds IRP 0x… (IRP_MJ_DEVICE_CONTROL) of explorer.exe for 312 s``."""
    holder = short_driver(entry.get("driver")) or "a driver"
    function = shown(entry.get("function"), _LONGEST_NAME)
    process = shown(entry.get("process"), _LONGEST_NAME)
    lasts = lasting(entry.get("seconds"))
    return (
        f"{holder} holds IRP {shown(entry.get('irp'), 20)}{function and f' ({function})'}{process and f' of {process}'}"
        f"{lasts and f' for {lasts}'}"
    )


def short_driver(name: object) -> str:
    """``acmedrv`` of ``\\Driver\\acmedrv``."""
    return shown(str(name or "").rpartition("\\")[2], _LONGEST_NAME)


def lasting(seconds: object) -> str:
    """A time span as a reader takes it: ``0.4 s``, ``312 s``, ``52 min``, ``7 h``, ``12 days``; empty for none."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < 1e12:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    for most, unit, word in ((_MINUTES, 1, "s"), (_HOURS, 60, "min"), (_DAYS, 3600, "h")):
        if seconds < most:
            return f"{seconds / unit:.0f} {word}"
    return f"{seconds / 86400:.0f} days"
