"""What a census counts of a directory's user half, and the entries that it names."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Hole:
    """A table that is not there: the level of the entry that leads to it, the entry's address and contents.

    ``outside`` is set where the machine has no RAM at the table's page.
    """

    level: str
    entry_physical: int
    entry: int
    outside: bool = False


@dataclass(slots=True)
class Census:
    """Counts of a directory's user half.

    Attributes:
        tables_present, tables_missing, tables_paged_out: by the level of the entry that leads to the table.
        tables_outside: how many of the missing ones would lie where the machine has no RAM.
        pages: pages of memory mapped by valid entries, in units of 4 KiB, large ones included.
        pages_by: the same by size in bytes and protection: R or W, and E where the processor may execute.
        invalid: entries of the lowest level that are not valid and not zero, by state: ``transition``, ``prototype``,
            ``software`` (in a page file, or demand zero).
        reserved: valid entries with reserved bits set, by their level; what lies below them is not counted.
        first_missing, first_paged_out: the first such table in address order, or None.
        first_reserved: the first entry above the lowest level that has reserved bits set, or None.
        capped: whether the walk stopped at its limit.
    """

    tables_present: dict[str, int] = field(default_factory=dict)
    tables_missing: dict[str, int] = field(default_factory=dict)
    tables_paged_out: dict[str, int] = field(default_factory=dict)
    tables_outside: int = 0
    pages: int = 0
    pages_by: dict[tuple[int, str], int] = field(default_factory=dict)
    invalid: dict[str, int] = field(default_factory=dict)
    reserved: dict[str, int] = field(default_factory=dict)
    first_missing: Hole | None = None
    first_paged_out: Hole | None = None
    first_reserved: Hole | None = None
    capped: bool = False

    @property
    def present(self) -> int:
        """Tables that are in the dump, without the top one."""
        return sum(self.tables_present.values())

    @property
    def missing(self) -> int:
        """Tables that valid entries lead to and that are not there: not in the dump, or outside of memory."""
        return sum(self.tables_missing.values())
