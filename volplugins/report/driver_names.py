"""Names of drivers on the page, and which of them are not Microsoft's by summary.json."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.report.shown_text import shown
from volplugins.report.stuck_text import short_driver
from volplugins.report.summary_file import Summary

_LONGEST = 80


@dataclass(frozen=True, slots=True)
class DriverName:
    """A driver: ``short`` for the drawing, ``whole`` as its object is called, ``why`` it is not Microsoft's, if so."""

    short: str
    whole: str
    why: str


class DriverNames:
    """Knows the drivers of others by the names of their objects."""

    def __init__(self, summary: Summary) -> None:
        entries = summary.entries("foreign_drivers")
        self._why = {shown(one.get("driver"), _LONGEST): shown(one.get("why")) or "not Microsoft's" for one in entries}

    def of(self, name: object) -> DriverName:
        """The driver of this name."""
        whole = shown(name, _LONGEST)
        return DriverName(short_driver(whole), whole, self._why.get(whole, ""))

    def why(self, name: object) -> str:
        """Why it is not Microsoft's; empty where it is, or where nothing says so."""
        return self._why.get(shown(name, _LONGEST), "")
