"""Owner tables of ERESOURCEs: each is read once, and all together only so far, whatever resources lead to them.

A table's first entry has its size, further ones an owner and a count, which is 0 where the entry is free.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from volplugins.memory.reader import ReadError
from volplugins.waits.system import WaitSystem

OWNER_FLAGS = 7  # of an owner's address
MOST_OF_TABLE = 4096
MOST_ENTRIES = 1 << 18
_PAGE = 0x1000
_LEFT_OUT = "its owner table is not looked at: resources' tables have too many entries together"


@dataclass(frozen=True, slots=True)
class TableOwners:
    """The owners of one table, with their flags, each once; what is wrong with it, in words."""

    owners: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class OwnerTables:
    """The tables that resources lead to.

    Every entry that is read counts, and every owner of a table to which several lead (none of a sound machine's) for
    each of them.

    Attributes:
        left_out: how many resources' tables were not looked at.
    """

    system: WaitSystem
    left_out: int = 0
    _known: dict[int, TableOwners] = field(default_factory=dict)
    _threads: dict[int, bool] = field(default_factory=dict)
    _taken: int = 0

    def owners(self, table: int) -> TableOwners:
        """Those of the table at ``table``."""
        if self._taken >= MOST_ENTRIES:
            self.left_out += 1
            return TableOwners((), (_LEFT_OUT,))
        found = self._known.get(table)
        if found is None:
            found = self._known[table] = self._read(table)
        self._taken += 1 + len(found.owners)
        return found

    def is_thread(self, address: int) -> bool:
        """WaitSystem.is_thread, asked once."""
        known = self._threads.get(address)
        if known is None:
            known = self.system.is_thread(address)
            if len(self._threads) < MOST_ENTRIES:
                self._threads[address] = known
        return known

    def note(self) -> str:
        """That tables were left out, in words; empty where none was."""
        many = f"owner tables of resources have more than {MOST_ENTRIES:,} entries together"
        return f"{many}: those of {self.left_out:,} resources are not looked at" if self.left_out else ""

    def _read(self, table: int) -> TableOwners:
        layout = self.system.layouts.owner_entry
        first = self.system.attempt(table, layout)
        size = first.get("TableSize") if first is not None else None
        if not size or not layout.size:
            return TableOwners((), (f"its owner table {table:#x} cannot be read",) if first is None else _NO_SIZE)
        notes = []
        if size > MOST_OF_TABLE:
            notes.append(f"its owner table says {size} entries: {MOST_OF_TABLE} are looked at")
        count = min(size, MOST_OF_TABLE)
        self._taken += count
        data = self._bytes(table, count * layout.size)
        if len(data) < count * layout.size:
            notes.append(f"entry {len(data) // layout.size} of its owner table cannot be read")
        return TableOwners(entries_in_use(self.system, data[layout.size :]), tuple(notes))

    def _bytes(self, address: int, size: int) -> bytes:
        """What can be read from the table's beginning on, in one read or else page by page."""
        memory = self.system.io.memory
        try:
            return memory.read(address, size)
        except ReadError:
            parts, at = list[bytes](), address
        while at < address + size:
            end = min(at - at % _PAGE + _PAGE, address + size)
            try:
                parts.append(memory.read(at, end - at))
            except ReadError:
                break
            at = end
        return b"".join(parts)


_NO_SIZE = ("its owner table has no size",)


def entries_in_use(system: WaitSystem, data: bytes) -> tuple[int, ...]:
    """Owners, with their flags, of the entries in ``data`` that have a count, each once."""
    size, width = system.layouts.owner_entry.size, system.width
    rows = np.frombuffer(data, np.uint8, len(data) // size * size).reshape(-1, size)
    owners = rows[:, :width].copy().view(f"<u{width}").reshape(-1)
    used = rows[:, width : width + 4].any(axis=1) & (owners > OWNER_FLAGS)
    return tuple(dict.fromkeys(owners[used].tolist()))
