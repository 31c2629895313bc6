"""Ranges of user addresses, as a VAD describes one, and the sections that some of them map."""

from __future__ import annotations

from dataclasses import dataclass, field

# MI_VAD_TYPE
NOTHING, DEVICE_MEMORY, IMAGE, AWE, WRITE_WATCH, LARGE_PAGES, ROTATE_PHYSICAL, LARGE_PAGE_SECTION = range(8)


@dataclass(frozen=True, slots=True)
class SectionPage:
    """One page of a section.

    Attributes:
        entry: its prototype entry; 0 where the section is only reserved.
        frame: the page frame where it is in memory, also in transition.
        valid: whether the prototype entry is valid.
        protection: index into MmProtectToValue.
    """

    entry: int
    frame: int | None
    valid: bool
    protection: int


@dataclass(slots=True, eq=False)
class Section:
    """A control area and what hangs off it.

    Attributes:
        prototypes: address of the first prototype entry; 0 where there are none (physical memory).
        file: name of the file on its volume; empty for one that the page file backs.
        base: where an image is loaded, the same in every process.
    """

    control_area: int
    subsection: int
    prototypes: int
    entry_size: int
    pages: list[SectionPage] = field(default_factory=list)
    file: str = ""
    base: int = 0

    @property
    def last_prototype(self) -> int:
        """Address of the last prototype entry, 0 where there are none."""
        return self.prototype(len(self.pages) - 1) if self.prototypes else 0

    def prototype(self, page: int) -> int:
        """Address of a page's prototype entry."""
        return self.prototypes + page * self.entry_size

    def committed(self, page: int) -> bool:
        """Whether a view's page is committed: always where there is a file, else by its prototype entry."""
        return bool(self.file) or not self.pages or bool(self.pages[page].entry)


@dataclass(frozen=True, slots=True)
class Range:
    """User addresses from ``start`` to ``end`` (exclusive) that one node describes.

    Attributes:
        protection: index into MmProtectToValue.
        kind: VadType.
        section: what is mapped; None for private memory, whose node is a short one.
        commit: CommitCharge, pages.
        committed: MemCommit: pages that were never touched are committed.
        usage: what it is for, in the words of windows.kd.address.
        shadow: whether it is a shadow stack (CET).
    """

    start: int
    end: int
    protection: int
    kind: int = NOTHING
    section: Section | None = None
    commit: int = 0
    committed: bool = False
    usage: str = "Unknown"
    shadow: bool = False

    @property
    def private(self) -> bool:
        """Whether no section is mapped here."""
        return self.section is None

    @property
    def file(self) -> str | None:
        """Name of the mapped file on its volume."""
        return self.section.file or None if self.section else None


def private_range(start: int, size: int, usage: str = "Unknown", protection: int = 4) -> Range:
    """Private memory that was committed when it was reserved."""
    return Range(start, start + size, protection, commit=size >> 12, committed=True, usage=usage)


def reserved_range(start: int, size: int, commit: int, usage: str = "Unknown") -> Range:
    """Private memory that was reserved first; ``commit`` of its pages have been committed since."""
    return Range(start, start + size, 4, commit=commit, usage=usage)
