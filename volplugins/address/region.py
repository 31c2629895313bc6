"""One row of an address space: a run of pages of one state, protection and use, or a free gap."""

from __future__ import annotations

from dataclasses import dataclass

FREE, COMMIT, RESERVE, UNKNOWN = "MEM_FREE", "MEM_COMMIT", "MEM_RESERVE", "unknown"
PRIVATE, MAPPED, IMAGE = "MEM_PRIVATE", "MEM_MAPPED", "MEM_IMAGE"
STATES, TYPES = (COMMIT, RESERVE, FREE, UNKNOWN), (IMAGE, MAPPED, PRIVATE)
# what a region is used for, in the words of docs/output.md
USAGES = (
    "Free", "Image", "Stack", "TEB", "PEB", "Heap", "MappedFile", "PageFileSection", "SharedData", "Other", "Unknown",
    "Stack32", "TEB32", "PEB32",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Region:
    """Addresses from ``start`` to ``end`` (exclusive).

    Attributes:
        type: MEM_PRIVATE, MEM_MAPPED, MEM_IMAGE; empty for a free gap.
        state: MEM_COMMIT, MEM_RESERVE, MEM_FREE, or ``unknown`` where the page table is absent.
        protect: the VAD's protection number; None for a free gap and where the layout lacks it.
        actual: protection numbers by the page tables, in the order in which they come; empty where no entry is there.
        usage: a word of INTERFACE.
        resident, in_dump: bytes in memory and in the dump.
        detail: name of the file, of the heap, of the thread.
        notes: what is odd or missing.
        spans: where pages are in memory: first address and the one behind, ascending.
    """

    start: int
    end: int
    type: str
    state: str
    protect: int | None
    actual: tuple[int, ...]
    usage: str
    resident: int
    in_dump: int
    detail: str
    notes: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.start

    @property
    def commit(self) -> int:
        """Bytes committed."""
        return self.size if self.state == COMMIT else 0
