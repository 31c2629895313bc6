"""How much is asked for at once: less where the line is bad, more again where it is not.

A reply of n bytes arrives whole with probability (1-p)**n: with one byte in a thousand lost, 3584 bytes come once in
36 times, 256 bytes three times in four.
"""

from __future__ import annotations

from dataclasses import dataclass

LARGEST, _FIRST, _SMALLEST = 3584, 2048, 128
_CLEAN = 24  # replies in a row that came at once, before more is asked for


@dataclass(slots=True)
class ChunkSize:
    """The size to ask for, in bytes."""

    size: int = _FIRST
    _clean: int = 0

    def came(self, repeated: int) -> None:
        """A reply came, after this many repetitions of anything."""
        if repeated:
            self._clean = 0
            self.size = max(self.size // 2, _SMALLEST) if repeated > 1 else self.size
            return
        self._clean += 1
        if self._clean >= _CLEAN and self.size < LARGEST:
            self._clean, self.size = 0, min(2 * self.size, LARGEST)

    def lost(self) -> None:
        """A reply was given up."""
        self._clean, self.size = 0, max(self.size // 4, _SMALLEST)

    @property
    def smallest(self) -> bool:
        """Whether no less can be asked for."""
        return self.size <= _SMALLEST
