"""Places that a walk over page tables notes: ranges that cannot be followed, and tables that were looked for."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.paging.reserved import fault_text


@dataclass(frozen=True, slots=True)
class Gap:
    """A range that cannot be followed: first address, size in bytes, level and contents of the entry that covers it.

    Attributes:
        paged_out: the table that the entry leads to is in a page file; otherwise it is not in the dump.
        reserved: the reserved bits that are set in the entry, at which the processor would fault; then neither.
        why: the reason in words, where it is none of these.
    """

    virtual: int
    size: int
    level: str
    entry: int
    paged_out: bool
    reserved: int = 0
    why: str = ""

    @property
    def text(self) -> str:
        """Why nothing below the entry is known, as a sentence."""
        if self.why:
            return self.why
        if self.reserved:
            return f"the {self.level} is {self.entry:#x}: {fault_text(self.reserved)}"
        return self._leads("in the page file" if self.paged_out else "not in the dump")

    @property
    def outside_text(self) -> str:
        """The same where the machine has no RAM at the table's page."""
        return self._leads("where the machine has no RAM")

    def _leads(self, where: str) -> str:
        return f"the table that the {self.level} {self.entry:#x} leads to is {where}"


@dataclass(frozen=True, slots=True)
class Table:
    """A page table that was looked for and met: its page frame, and the entry that leads to it.

    Attributes:
        virtual: the first address that the table covers.
        level: of the table's own entries.
        entry: the entry that leads to it; None for the top table.
    """

    frame: int
    virtual: int
    level: str
    entry: int | None
