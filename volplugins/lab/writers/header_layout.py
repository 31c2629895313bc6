"""Where each field of a dump header is, told by one table per architecture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: What Windows leaves in every part of the header that it does not write.
FILLER = b"PAGE"


@dataclass(frozen=True, slots=True)
class HeaderLayout:
    """The dump header of one architecture.

    Attributes:
        size: bytes from the file's start to whatever follows the header.
        valid_dump: the second signature, ``DU64`` or ``DUMP``.
        word: bytes of a pointer.
        integers: offset and size in bytes of each integer, by Microsoft's name.
        texts: offset and size in bytes of each text.
        memory_block: offset and size in bytes of the physical memory descriptor.
        context: offset and size in bytes of the room for the CONTEXT record.
        exception: offset and size in bytes of the EXCEPTION_RECORD.
    """

    size: int
    valid_dump: bytes
    word: int
    integers: Mapping[str, tuple[int, int]]
    texts: Mapping[str, tuple[int, int]]
    memory_block: tuple[int, int]
    context: tuple[int, int]
    exception: tuple[int, int]

    @property
    def runs_offset(self) -> int:
        """Where the run table starts in the descriptor: after two words, of which 64-bit pads the first."""
        return self.memory_block[0] + 2 * self.word

    @property
    def runs_capacity(self) -> int:
        """How many runs the header has room for (42 on x64, 86 on x86)."""
        return (self.memory_block[1] - 2 * self.word) // (2 * self.word)
