"""Requests under way, from the rows of windows.kd.irps: tokens on the devices that hold them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from volplugins.report import caps
from volplugins.report.driver_names import DriverName, DriverNames
from volplugins.report.row_file import Row
from volplugins.report.shown_text import shown
from volplugins.report.stuck_text import lasting, short_driver

UNDER_WAY = ("pending", "active", "cancelled")
# seconds from which on a request has this colour; docs/output.md
_AGES = ((60.0, "old"), (10.0, "late"), (1.0, "some"), (0.0, "new"))
_FUNCTION = "IRP_MJ_"
_SHORTER = (("INTERNAL_DEVICE_CONTROL", "INTERNAL"), ("DEVICE_CONTROL", "CONTROL"), ("FILE_SYSTEM_CONTROL", "FSCTL"),
            ("DIRECTORY_CONTROL", "DIRECTORY"))  # fmt: skip


_NOBODY = DriverName("", "", "")


@dataclass(frozen=True, slots=True)
class Token:
    """One request: ``kind`` is its colour (``old``, ``late``, ``some``, ``new``, ``unknown``), ``told`` its facts."""

    kind: str
    text: str
    told: str


@dataclass(slots=True)
class Held:
    """What one device holds; ``more`` is how many there are besides ``tokens``."""

    tokens: list[Token] = field(default_factory=list)
    more: int = 0
    driver: DriverName = _NOBODY


class PendingRequests:
    """Takes rows as they come: their order, the most telling first, is that of the command.

    Attributes:
        count: requests under way that were seen.
        old: how many of them are old.
        notes: what the command says of what it could not look at.
    """

    def __init__(self, drivers: DriverNames) -> None:
        self._drivers = drivers
        self._held: dict[str, Held] = {}
        self._room = caps.TOKENS
        self.count = self.old = 0
        self.notes: list[str] = []

    def read(self, rows: Iterable[Row]) -> None:
        """Take the rows of the file; those of single stack locations are passed over."""
        for row in rows:
            if row.get("State") in UNDER_WAY and row.get("IRP"):
                self._take(row)
            elif row.get("Note") and not row.get("IRP") and len(self.notes) < caps.LIST_ROWS:
                self.notes.append(shown(row["Note"], caps.TEXT))

    def _take(self, row: Row) -> None:
        self.count += 1
        kind = _kind(row.get("Age"))
        self.old += kind == "old"
        device = shown(row.get("Device"), 40)
        if device not in self._held and len(self._held) >= caps.TOKENS:
            device = ""
        held = self._held.setdefault(device, Held(driver=self._drivers.of(row.get("Driver"))))
        if len(held.tokens) >= caps.TOKENS_OF_A_DEVICE or self._room <= 0:
            held.more += 1
            return
        self._room -= 1
        held.tokens.append(Token(kind, _text(row), self._told(row)))

    def of(self, device: str) -> Held:
        """What the device holds; it is taken out."""
        return self._held.pop(device, Held())

    def rest(self) -> list[tuple[str, Held]]:
        """What none of the devices asked for holds, by the device's address; an empty one where there is no device."""
        return list(self._held.items())

    def _told(self, row: Row) -> str:
        driver = row.get("Driver")
        why = self._drivers.why(driver)
        process = f"{shown(row['Process'], 80)} {shown(row.get('PID'), 20)}" if row.get("Process") else ""
        thread = f", thread {shown(row['TID'], 20)}" if row.get("TID") is not None else ""
        parts = [
            f"IRP {shown(row.get('IRP'), 40)}", function_of(row),
            f"held by {shown(driver, 80)}" + (f" ({why})" if why else "") if driver else "nobody is known to hold it",
            f"{shown(row.get('State'), 20)} for {lasting(row.get('Age')) or 'an unknown time'}",
            f"of {process}{thread}" if process else "",
            f"file {shown(row['File'])}" if row.get("File") else "",
            f"location {shown(row['Location'], 20)}" if row.get("Location") else "", shown(row.get("Note")),
        ]  # fmt: skip
        return " · ".join(part for part in parts if part)


def function_of(row: Row) -> str:
    """``IRP_MJ_POWER IRP_MN_SET_POWER``."""
    return " ".join(shown(row[name], 60) for name in ("Major", "Minor") if row.get(name))


def _kind(age: Any) -> str:
    if isinstance(age, bool) or not isinstance(age, (int, float)):
        return "unknown"
    return next((kind for least, kind in _AGES if age >= least), "unknown")


def _text(row: Row) -> str:
    """The function in short, and the age where it is known."""
    major = shown(row.get("Major"), 40).removeprefix(_FUNCTION)
    major = next((short for long, short in _SHORTER if major == long), major)
    return f"{major or '?'} {lasting(row.get('Age'))}".strip()


def waits_for(row: Row) -> str:
    """For a process: which driver holds its request, and since when; empty for one that nobody holds."""
    since = lasting(row.get("Age"))
    return f"{short_driver(row.get('Driver'))}{since and f' for {since}'}" if row.get("Driver") else ""
