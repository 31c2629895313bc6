"""The blocks of a triage dump: pieces of the file that are known by their place, or by a virtual address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from volplugins.dumpfile.note import Note
from volplugins.dumpfile.source import ByteSource
from volplugins.dumpfile.triage_fields import TriageLayout

_LARGEST_BLOCK = 1 << 24
_LEAST_EQUAL = 0x40  # bytes that have to be the same before two blocks are taken for one
MAX_DATA_BLOCKS = 1 << 16
_MOST_TIMES = 4  # blocks may overlap in the file; all of them together claim no more than this many files


@dataclass(frozen=True, slots=True)
class Block:
    """One block: virtual address where that is known, file offset, size in bytes. Its bytes are read when asked for.

    ``size`` never reaches past the end of the file.
    """

    virtual: int | None
    offset: int
    size: int
    source: ByteSource = field(repr=False, compare=False)

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return self.source.read(self.offset, self.size)


class BlockCutter:
    """Cuts blocks out of the file by the triage header's offsets.

    Args:
        source: the dump file.
        number: the triage header's fields by name.
        notes: where it says what was odd.
    """

    def __init__(self, source: ByteSource, number: Mapping[str, int], notes: list[Note]) -> None:
        self._source = source
        self._number = number
        self._notes = notes
        named = {value for name, value in number.items() if name.endswith("Offset") and 0 < value <= source.size}
        self._starts = sorted(named | {min(number["SizeOfDump"], source.size), source.size})

    def until_next(self, name: str) -> Block | None:
        """The block that starts at the field ``name`` and goes on to the next one."""
        offset = self._number[name]
        end = next((start for start in self._starts if start > offset), offset + 1)
        return self._cut(name, offset, end - offset, None)

    def sized(self, name: str, size_name: str, virtual: int | None) -> Block | None:
        """The block at the field ``name`` whose size is the field ``size_name``."""
        return self._cut(name, self._number[name], self._number[size_name], virtual)

    def _cut(self, name: str, offset: int, size: int, virtual: int | None) -> Block | None:
        if not offset or not size:
            return None
        held = min(size, self._source.size - offset, _LARGEST_BLOCK)
        if held <= 0:
            self._notes.append(Note(name, f"points past the end of the file ({offset:#x})"))
            return None
        if held < size:
            self._notes.append(Note(name, f"the block of {size:#x} bytes is cut to {held:#x}"))
        return Block(virtual, offset, held, self._source)


def read_data_blocks(
    source: ByteSource, layout: TriageLayout, offset: int, claimed: int, notes: list[Note]
) -> tuple[Block, ...]:
    """The list of data blocks at ``offset``: virtual address, file offset, size. Impossible ones are left out.

    Those that reach outside of the file come last, and take only what room the others leave: their size may be wrong.
    """
    if not claimed:
        return ()
    room = max(source.size - offset, 0) // layout.data_block_size if offset else 0
    count = min(claimed, room, MAX_DATA_BLOCKS)
    if claimed > count:
        notes.append(Note("DataBlocksCount", f"{claimed} data blocks are claimed; {count} can be read"))
    kind = np.dtype([("virtual", f"<u{layout.pointer}"), ("offset", "<u4"), ("size", "<u4")])
    data = source.read(offset, count * layout.data_block_size)
    entries = np.frombuffer(data, kind, len(data) // layout.data_block_size)
    found, bad, left = [], 0, _MOST_TIMES * source.size
    end = 1 << 8 * layout.pointer
    for virtual, at, size in sorted(entries.tolist(), key=lambda entry: entry[1] + entry[2] > source.size):
        held = min(size, source.size - at, left, end - virtual)
        bad += held < size
        if at and held > 0:
            found.append(Block(virtual, at, held, source))
            left -= held
    if bad:
        notes.append(Note("DataBlocks", f"{bad} of {count} data blocks lie wholly or partly outside the file"))
    return tuple(found)


def placed(block: Block | None, blocks: Iterable[Block]) -> Block | None:
    """``block`` with the virtual address of the data block that starts with the same bytes, where there is just one.

    The KPRCB and the start of the EPROCESS are in real dumps twice: as a block without an address, and as a data block.
    """
    if block is None or block.size < _LEAST_EQUAL:
        return block
    data = block.data
    if data[:_LEAST_EQUAL].count(0) == _LEAST_EQUAL:
        return block
    equal = {
        other.virtual
        for other in blocks
        if other.size >= _LEAST_EQUAL
        and other.source.read(other.offset, _LEAST_EQUAL) == data[:_LEAST_EQUAL]
        and other.source.read(other.offset, min(other.size, block.size)) == data[: other.size]
    }
    return replace(block, virtual=equal.pop()) if len(equal) == 1 else block
