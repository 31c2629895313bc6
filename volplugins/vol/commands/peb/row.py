"""One row of windows.kd.peb, and whose it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from volplugins.kernel.process import Process
from volplugins.memory.reader import MemoryReader


class PebRow(NamedTuple):
    """One field. ``bits`` is 64 or 32: a 32-bit process on x64 has a PEB of each."""

    pid: int | None
    process: str
    bits: int | None
    section: str
    field: str
    value: str
    note: str


def failure_row(why: str, process: Process | None = None, bits: int | None = None) -> PebRow:
    """A row that says what could not be done."""
    if process is None:
        return PebRow(None, "error", None, "error", "", "", why)
    return PebRow(process.pid, process.name, bits, "peb", "", "", why)


@dataclass(frozen=True, slots=True)
class Subject:
    """A process seen with pointers of one width: ``memory`` is its address space, ``bits`` 64 or 32.

    ``taken`` says whose the page at an address of its environment is, where it is another process's; ``listed_by`` the
    same of its PEB and of the entries of its lists.
    """

    process: Process
    memory: MemoryReader
    bits: int
    taken: Callable[[int], str] = lambda _: ""
    listed_by: Callable[[int], str] = lambda _: ""

    def row(self, section: str, field: str, value: str = "", note: str = "") -> PebRow:
        """A row about it."""
        return PebRow(self.process.pid, self.process.name, self.bits, section, field, value, note)
