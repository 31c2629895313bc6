"""Memory in which an object may be cut: a small dump holds stretches of it, and often not the whole of a structure."""

from __future__ import annotations

from volplugins.memory.reader import MemoryReader, ReadError

_WORD = 8
_LARGEST = 0x1000  # bytes of one read that gaps are filled in; what is read for its text is not


class PatchyMemory:
    """Reads of another reader with zeros where words are absent, as long as the first word is there.

    Args:
        memory: what is read.
        smallest: bytes; shorter reads are not filled, so that no pointer and no name is made up.
    """

    def __init__(self, memory: MemoryReader, smallest: int) -> None:
        self._memory, self._smallest = memory, smallest
        self.filled: set[int] = set()
        """Addresses of the reads that were filled."""

    def read(self, address: int, size: int) -> bytes:
        """The bytes, with gaps filled; raises ReadError where not even the first word is there."""
        try:
            return self._memory.read(address, size)
        except ReadError as error:
            first = min(_WORD, size)
            if error.address - address < first or not self._smallest <= size <= _LARGEST:
                raise
        self.filled.add(address)
        return b"".join(self._word(address + at, min(_WORD, size - at)) for at in range(0, size, _WORD))

    def _word(self, address: int, size: int) -> bytes:
        try:
            return self._memory.read(address, size)
        except ReadError:
            return bytes(size)
