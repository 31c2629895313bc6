"""summary.json, read for a page: every member may be missing or of another kind than the contract says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from volplugins.report import caps
from volplugins.report.shown_text import shown

_LARGEST = 64 << 20
_DEEPEST = 8  # the contract needs four


class Summary:
    """What summary.json says.

    Attributes:
        fault: why there is nothing in it, or an empty text.
    """

    def __init__(self, folder: Path) -> None:
        self.fault = ""
        self._members: dict[str, Any] = {}
        try:
            with (folder / "summary.json").open("rb") as file:
                members = json.loads(file.read(_LARGEST))
            if isinstance(members, dict):
                self._members = _bounded(members, _DEEPEST)
            else:
                self.fault = "summary.json is no JSON object"
        except OSError as error:
            self.fault = f"summary.json: {shown(error.strerror or error)}"
        except (ValueError, RecursionError):
            self.fault = "summary.json is damaged"

    def member(self, name: str) -> Any:
        """A member of the file, None where it is missing."""
        return self._members.get(name)

    def part(self, name: str, *more: str) -> dict[str, Any]:
        """A member that is an object, found through others; empty where it is none."""
        found = self._members.get(name)
        for inner in more:
            found = found.get(inner) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def entries(self, name: str) -> list[dict[str, Any]]:
        """The objects of a list, the first `caps.LIST_ROWS` of them."""
        found = self._members.get(name)
        return [one for one in found[: caps.LIST_ROWS] if isinstance(one, dict)] if isinstance(found, list) else []

    def texts(self, name: str) -> list[Any]:
        """What a list holds but objects and lists, the first `caps.LIST_ROWS` of them."""
        found = self._members.get(name)
        one_by_one = found[: caps.LIST_ROWS] if isinstance(found, list) else []
        return [one for one in one_by_one if not isinstance(one, (dict, list))]

    def left_out(self, name: str) -> int:
        """How many of a list `entries` does not give."""
        found = self._members.get(name)
        return max(0, len(found) - caps.LIST_ROWS) if isinstance(found, list) else 0


def _bounded(value: Any, depth: int) -> Any:
    """The value without what is nested deeper than that: text could not be made of it."""
    if not isinstance(value, (dict, list)):
        return value
    if not depth:
        return "(nested too deep)"
    if isinstance(value, list):
        return [_bounded(one, depth - 1) for one in value]
    return {name: _bounded(one, depth - 1) for name, one in value.items()}
