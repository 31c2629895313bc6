"""Physical memory over the wire, in lines that are kept as long as the machine stands still.

A reply costs about 2 ms and 5 µs a byte (QEMU's port): 400 bytes more cost as much as another request. A line has 256
bytes: with 128 or 512 the commands of the bench take longer. Lines side by side come in one reply, and who reads on
where the last line ended gets more ahead each time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

from volplugins.memory.reader import ReadError

LINE = 256
_PAGE = 0x1000
_MOST_LINES = 1 << 20  # 256 MiB
_MOST_AHEAD = 14  # lines: one reply
Fetch = Callable[[int, int], bytes]


@dataclass(slots=True)
class MemoryLines:
    """Bytes by physical address, as a source that a dump's memory is read from.

    Args:
        fetch: reads from an address on, as much as can be read of so many bytes.
        size: the first address behind all memory.
        ends: the first address behind each piece of it, ascending, once they are known: nothing is read ahead over
            one, since a device's registers may lie there, and to read those is to change them.
    """

    fetch: Fetch
    size: int
    grain: int = LINE
    ends: tuple[int, ...] = ()
    _lines: dict[int, bytes] = field(default_factory=dict)
    _end: int = -1
    _ahead: int = 1

    def read(self, offset: int, size: int) -> bytes:
        """Bytes at ``offset``, up to the first that cannot be read."""
        size = min(size, self.size - offset)
        if offset < 0 or size <= 0:
            return b""
        first, last = offset // LINE, (offset + size - 1) // LINE
        parts: list[bytes] = []
        for number in range(first, last + 1):
            line = self._lines.get(number)
            if line is None:
                self._bring(number, last)
                line = self._lines[number]
            parts.append(line)
            if len(line) < LINE:
                break
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        start = offset - first * LINE
        return data[start : start + size]

    def view(self) -> memoryview | None:
        """None: a wire is not mapped."""
        return None

    def forget(self) -> None:
        """The machine has run on: nothing is as it was."""
        self._lines.clear()

    def _bring(self, first: int, last: int) -> None:
        """Have line ``first``, those missing behind it up to ``last``, and what is likely to be wanted next."""
        self._ahead = min(2 * self._ahead, _MOST_AHEAD) if first == self._end else 1
        end = first + 1
        while end <= last and end not in self._lines:
            end += 1
        wanted = max(end, first + self._ahead)
        behind = self._behind(first * LINE)
        while end < wanted and end not in self._lines and end * LINE < behind:
            end += 1
        self._end = end
        self._keep(first, end, self.fetch(first * LINE, (end - first) * LINE))

    def _behind(self, address: int) -> int:
        """The end of the piece of memory that an address is in."""
        at = bisect_right(self.ends, address)
        return self.ends[at] if at < len(self.ends) else self.size

    def _keep(self, first: int, end: int, data: bytes) -> None:
        while len(self._lines) + end - first > _MOST_LINES and self._lines:
            del self._lines[next(iter(self._lines))]
        for number in range(first, first + -(-len(data) // LINE)):
            at = (number - first) * LINE
            self._lines[number] = data[at : at + LINE]
        if len(data) < (end - first) * LINE:
            self._absent((first * LINE) + len(data))

    def _absent(self, address: int) -> None:
        """A byte that cannot be read: none can be behind it on its page."""
        behind = address + -address % LINE
        for start in range(behind, (address // _PAGE + 1) * _PAGE, LINE):
            self._lines.setdefault(start // LINE, b"")


@dataclass(frozen=True, slots=True)
class LineReader:
    """The same as memory that is read whole or not at all."""

    lines: MemoryLines
    grain: int = LINE

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes; raise ReadError at the first that cannot be read."""
        data = self.lines.read(address, size)
        if len(data) < size:
            raise ReadError(address + len(data))
        return data
