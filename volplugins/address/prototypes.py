"""Pages that sections share: what the prototype entries of a mapped range say of its pages."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from volplugins.address.page_codes import UNTOLD, EntryReader, PageFacts, Words
from volplugins.kernel.vads import Vad
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError
from volplugins.paging.invalid_entry import InvalidLayout, decode_invalid

MOST_PROTOTYPES = 1 << 20  # of one range: 4 GiB mapped
_MOST_SINGLE = 1 << 14  # prototype entries of one process that are read one by one
_U = np.uint64
_Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Prototypes:
    """Prototype entries of a process's ranges, each range's array read once.

    Args:
        kernel: reads the kernel's memory.

    Attributes:
        notes: what was left out.
    """

    kernel: MemoryReader
    reader: EntryReader
    invalid: InvalidLayout
    _arrays: dict[int, Words | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    _singles: int = 0

    def array(self, vad: Vad) -> Words | None:
        """The entries of one range from its first page on, as many as follow one another; None where unreadable."""
        if vad.address not in self._arrays:
            self._arrays[vad.address] = self._read(vad)
        return self._arrays[vad.address]

    def _read(self, vad: Vad) -> Words | None:
        if vad.private or not vad.first_prototype:
            return None
        size = self.reader.mode.facts.entry_size
        count = (vad.end - vad.start) // PAGE_SIZE
        if vad.last_prototype and vad.last_prototype >= vad.first_prototype:
            count = min(count, (vad.last_prototype - vad.first_prototype) // size + 1)
        try:
            data = self.kernel.read(vad.first_prototype, min(count, MOST_PROTOTYPES) * size)
        except ReadError as error:
            readable = (error.address - vad.first_prototype) // size
            if not 0 < readable <= count:
                return None
            data = self.kernel.read(vad.first_prototype, readable * size)
        return np.frombuffer(data, f"<u{size}").astype(_U)

    def resolve(self, owner: Vad | None, pages: _Ints, entries: Words) -> PageFacts:
        """Facts of pages whose own entries are in prototype form; UNTOLD where the prototype is out of reach."""
        prototypes, told = self._prototypes_of(owner, pages, entries)
        facts = self.reader.facts(prototypes)
        facts.codes[~told | self.reader.in_prototype_form(prototypes) | (prototypes == 0)] = UNTOLD
        facts.resident[~told], facts.frames[~told], facts.paged[~told] = False, 0, False
        by_vad = self._left_to_vad(entries)
        facts.codes[by_vad] = ((entries[by_vad] >> _U(5)) & _U(31)).astype(np.uint8)
        return facts

    def _left_to_vad(self, entries: Words) -> npt.NDArray[np.bool_]:
        """Entries that leave the prototype entry to the VAD: the place in the page file is all ones."""
        low, width = self.invalid.page_file_high
        ones = (1 << width) - 1
        found: npt.NDArray[np.bool_] = ((entries >> _U(low)) & _U(ones)) == _U(ones)
        return found

    def _prototypes_of(self, owner: Vad | None, pages: _Ints, entries: Words) -> tuple[Words, npt.NDArray[np.bool_]]:
        """The prototype entry for each page, and whether it could be read."""
        values = np.zeros(len(pages), _U)
        told = np.zeros(len(pages), np.bool_)
        array = self.array(owner) if owner is not None else None
        if owner is not None and array is not None:
            places = pages - owner.start // PAGE_SIZE
            inside = places < len(array)
            values[inside], told[inside] = array[places[inside]], True
        for at in np.flatnonzero(~told).tolist():
            value = self._single(int(entries[at]))
            if value is not None:
                values[at], told[at] = value, True
        return values, told

    def _single(self, entry: int) -> int | None:
        """The prototype entry that an entry itself leads to, where it says so."""
        found = decode_invalid(entry, self.invalid, self.reader.mode)
        if found.prototype is None:
            return None
        if self._singles >= _MOST_SINGLE:
            self.notes = (f"more than {_MOST_SINGLE} pages lead to prototype entries one by one: the rest is not told",)
            return None
        self._singles += 1
        size = self.reader.mode.facts.entry_size
        try:
            return int.from_bytes(self.kernel.read(found.prototype, size), "little")
        except ReadError:
            return None


def left_out(vad: Vad) -> str:
    """A sentence for a range whose prototype entries are not all read; empty for every other."""
    count = (vad.end - vad.start) // PAGE_SIZE
    if vad.private or not vad.first_prototype or count <= MOST_PROTOTYPES:
        return ""
    return f"prototype entries behind the first {MOST_PROTOTYPES * PAGE_SIZE >> 30} GiB are not read"
