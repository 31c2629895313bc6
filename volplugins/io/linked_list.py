"""The kernel's circular lists, followed in bounded memory however long they are, and named where they are damaged."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from volplugins.io.shared_lists import SharedLists
from volplugins.memory.reader import MemoryReader, ReadError

_MOST_PROBLEMS = 4  # of one list
_NOWHERE = -1


@dataclass(slots=True)
class ListWalk:
    """One walk over the list at ``head`` (a LIST_ENTRY): forwards, and backwards from its end where that breaks off.

    Attributes:
        most: how many entries are given.
        problems: takes what is wrong, in words; count: how many entries were given.
        shared: what this list and others of its kind may cost together.
    """

    memory: MemoryReader
    head: int
    bits: int
    most: int
    problems: list[str] = field(default_factory=list)
    count: int = 0
    shared: SharedLists | None = None

    def entries(self) -> Iterator[int]:
        """Addresses of the entries. One may be given twice where the list is damaged; never raises ReadError."""
        links = self._links(self.head)
        if links is None or not all(links):
            return  # never initialised, or not in memory, which was said
        last = yield from self._follow(0, links[0], _NOWHERE)
        if last:
            yield from self._follow(1, links[1], last)

    def _follow(self, side: int, entry: int, end: int) -> Generator[int, None, int]:
        """By Flink (0) or Blink (1) up to ``end`` or the head; the last good entry where the list breaks, else 0.

        A loop that leaves the head out is found by Brent's method: one remembered entry, at distances that double.
        """
        previous = self.head
        marked, steps, limit = 0, 0, 1
        while entry not in (self.head, end):
            fault = self._fault(entry, marked)
            if fault:
                self._problem(fault)
                return 0
            links = self._links(entry)
            if links is None:
                return previous
            if not side and links[1] != previous:
                self._problem(f"{entry:#x} does not lead back to {previous:#x}")
            steps += 1
            if steps == limit:
                marked, steps, limit = entry, 0, 2 * limit
            self.count += 1
            if self.shared is not None:
                self.shared.take(entry, self.head)
            yield entry
            previous, entry = entry, links[side]
        return 0

    def _fault(self, entry: int, marked: int) -> str:
        """Why the list ends before ``entry``, in words; empty where it goes on."""
        if entry == marked:
            return f"it runs in a loop at {entry:#x}"
        if self.count >= self.most:
            return f"more than {self.most} entries"
        return self.shared.fault(entry, self.head) if self.shared is not None else ""

    def _links(self, entry: int) -> tuple[int, int] | None:
        width = self.bits // 8
        if entry >> (self.bits - 1) != 1:
            self._problem(f"it leads to {entry:#x}, which is no kernel address")
            return None
        try:
            data = self.memory.read(entry, 2 * width)
        except ReadError as error:
            self._problem(f"{entry:#x} cannot be read ({error.reason})")
            return None
        if entry % width:
            self._problem(f"it leads to {entry:#x}, where no entry can be")
            return None
        return int.from_bytes(data[:width], "little"), int.from_bytes(data[width:], "little")

    def _problem(self, text: str) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(text)
