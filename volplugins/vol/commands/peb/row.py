"""One row of windows.kd.peb, its columns, and whose it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from volplugins.kernel.process import Process
from volplugins.loader.loader_lists import ListsReader, LoaderLists, read_loader_lists
from volplugins.memory.reader import MemoryReader
from volplugins.vol.output.columns import Column, Kind
from volplugins.vol.output.table import Table


class PebRow(NamedTuple):
    """One field. ``bits`` is 64 or 32: a 32-bit process on x64 has a PEB of each."""

    pid: Annotated[int | None, Column("PID", Kind.INTEGER)]
    process: Annotated[str, Column("Process", failure="error")]
    bits: Annotated[int | None, Column("Bits", Kind.INTEGER)]
    section: Annotated[str, Column("Section", failure="error")]
    field: Annotated[str, Column("Field")]
    value: Annotated[str, Column("Value")]
    note: Annotated[str, Column("Note", is_reason=True)]


PEB = Table("windows.kd.peb.Peb", PebRow)


def failure_row(why: str, process: Process | None = None, bits: int | None = None) -> PebRow:
    """A row that says what could not be done."""
    row = PEB.failure(why, process)
    return row if process is None else row._replace(bits=bits, section="peb")


@dataclass(frozen=True, slots=True)
class Subject:
    """A process seen with pointers of one width: ``memory`` is its address space, ``bits`` 64 or 32.

    ``taken`` says whose the page at an address of its environment is, where it is another process's; ``listed_by`` the
    same of its PEB; ``lists`` reads the loader's lists.
    """

    process: Process
    memory: MemoryReader
    bits: int
    taken: Callable[[int], str] = lambda _: ""
    listed_by: Callable[[int], str] = lambda _: ""
    lists: ListsReader | None = None

    def read_lists(self, ldr: int, bits: int) -> LoaderLists:
        """The loader's lists at ``ldr``; raises ReadError."""
        if self.lists is not None:
            return self.lists(ldr, bits)
        return read_loader_lists(self.memory, ldr, bits, self.listed_by)

    def row(self, section: str, field: str, value: str = "", note: str = "") -> PebRow:
        """A row about it."""
        return PebRow(self.process.pid, self.process.name, self.bits, section, field, value, note)
