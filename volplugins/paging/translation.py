"""One translation: the entries it went through, the state it ended in, and the physical address if any."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(str, Enum):
    """How a translation ended, in the words of docs/output.md."""

    VALID = "valid"
    LARGE = "large"
    TRANSITION = "transition"
    PROTOTYPE = "prototype"
    PAGEFILE = "pagefile"
    COMPRESSED = "compressed"
    DEMAND_ZERO = "demand-zero"
    NOT_MAPPED = "not-mapped"
    NOT_IN_DUMP = "not-in-dump"
    OUTSIDE_MEMORY = "outside-memory"
    RESERVED_BITS = "reserved-bits"
    NON_CANONICAL = "non-canonical"


@dataclass(frozen=True, slots=True)
class Step:
    """One table entry on the way: its level's name, its physical address, and its value (None: not in the dump)."""

    level: str
    entry_physical: int
    entry: int | None


@dataclass(frozen=True, slots=True)
class Translation:
    """The answer for one virtual address.

    Attributes:
        physical: the byte's physical address where its page is in memory (valid, large, transition, or reached
            through a prototype entry), else None.
        page_size: size in bytes of the page, or of the hole that the last entry covers.
        steps: the entries on the way, top level first.
        text: more about an entry that is not valid.
    """

    virtual: int
    state: State
    physical: int | None
    page_size: int
    steps: tuple[Step, ...]
    text: str = ""

    @property
    def level(self) -> str:
        """Name of the level at which the walk ended."""
        return self.steps[-1].level if self.steps else ""
