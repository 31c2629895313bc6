"""Rows of windows.kd.stacks as threads of equal stacks, process by process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from volplugins.report import caps
from volplugins.report.grids import Budget
from volplugins.report.process_details import Details, Key, key_of
from volplugins.report.row_file import Row
from volplugins.report.shown_text import shown

_NAME = 160


class StackGroups:
    """Equal stacks once, with their threads; frames are numbers in one table of names.

    Attributes:
        names: ``[ring letter, name]`` of each frame that occurs.
        left_out: threads for which there was no room.
    """

    def __init__(self, budget: Budget) -> None:
        self.names: list[tuple[str, str]] = []
        self.left_out = 0
        self._budget = budget
        self._numbers: dict[tuple[str, str], int] = {}
        self._groups: dict[tuple[Key, tuple[int, ...]], dict[str, Any]] = {}
        self._threads = 0

    def read(self, rows: Iterable[Row]) -> None:
        """Take rows; those of a thread follow one another."""
        for frames in _threads(rows):
            self._threads += 1
            if self._threads > caps.THREADS:
                self.left_out += 1
            else:
                self._add(frames)

    def share_out(self, details: Details) -> list[dict[str, Any]]:
        """Give each process its groups, the largest first; those of processes that are not shown come back."""
        others: list[dict[str, Any]] = []
        for ((pid, name), _), group in sorted(self._groups.items(), key=lambda one: -len(one[1]["threads"])):
            detail = details.of({"PID": pid, "Process": name})
            (detail.stacks if detail else others).append(group)
        return others

    def _add(self, frames: list[Row]) -> None:
        first, last = frames[0], frames[-1]
        numbers = tuple(self._number(row) for row in frames[: caps.FRAMES_OF_A_THREAD] if row.get("Frame") is not None)
        key = key_of(first.get("PID"), first.get("Process")), numbers
        trusts = [shown(row.get("Trust"), 20) for row in frames[: len(numbers)]]
        thread = [shown(first.get(name), 40) for name in ("TID", "State", "Wait")]
        thread.append(shown(last.get("Stop") or last.get("Note"), 80))
        if not self._budget.takes([*thread, *(trusts if key not in self._groups else ())]):
            self.left_out += 1
            return
        group = self._groups.setdefault(key, {"frames": numbers, "trust": trusts, "threads": []})
        group["threads"].append(thread)

    def _number(self, row: Row) -> int:
        """The frame's number: of its symbol with the offset in it, or of its address where it has none."""
        symbol = shown(row.get("Symbol"), _NAME)
        name = shown(row.get("Ring"))[:1], symbol or shown(row.get("IP"), 40)
        if name not in self._numbers:
            if not self._budget.takes(name):
                name = name[0], "(no room for more names)"
            if name not in self._numbers:
                self._numbers[name] = len(self.names)
                self.names.append(name)
        return self._numbers[name]


def _threads(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows of one thread each; rows that belong to none (faults) are passed over."""
    frames: list[Row] = []
    for row in rows:
        if frames and _thread(row) != _thread(frames[0]):
            yield frames
            frames = []
        if row.get("TID") is not None and len(frames) < caps.READ_ROWS // 100:
            frames.append(row)
    if frames:
        yield frames


def _thread(row: Row) -> tuple[object, ...]:
    return tuple(str(row.get(name)) for name in ("PID", "TID", "ETHREAD"))
