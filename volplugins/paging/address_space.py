"""A virtual address space over physical memory, read through its own page tables.

Entry bits: Intel SDM 3A chapter 4 for entries with the valid bit; for the others see invalid_entry.
"""

from __future__ import annotations

from collections.abc import Callable

from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError
from volplugins.paging.invalid_entry import InvalidLayout, built_in_layout, decode_invalid
from volplugins.paging.mode import Level, PagingMode, is_canonical
from volplugins.paging.reserved import fault_text, reserved_bits
from volplugins.paging.translation import State, Step, Translation

VALID, LARGE = 1 << 0, 1 << 7
_NEWEST_BUILD = 1 << 20
_CACHED_TABLES = 4096  # 16 MiB of table pages at most
_CACHED_PAGES = 65536


class AddressSpace:
    """Reads virtual memory of one DirectoryTableBase.

    Args:
        physical: physical memory.
        mode: the paging mode.
        directory_table_base: as the header or a process holds it; low bits (PCID, flags) are dropped.
        invalid: layout of entries that are not valid; that of the newest builds where it is not given.
        prototypes: reads kernel memory, where prototype entries lie; they are followed only where it is given.
        prototype_of: address of the prototype entry for a virtual address by the VAD that describes it, or None.

    Attributes:
        user_end: the first address whose tables are the kernel's: where the upper half begins, but for 32-bit Windows
            that gives programs up to 3 GiB. Whoever knows better sets it.
    """

    def __init__(
        self,
        physical: MemoryReader,
        mode: PagingMode,
        directory_table_base: int,
        invalid: InvalidLayout | None = None,
        prototypes: MemoryReader | None = None,
        prototype_of: Callable[[int], int | None] | None = None,
    ) -> None:
        self.physical = physical
        self.invalid = invalid or built_in_layout(mode, _NEWEST_BUILD)
        self.user_end = mode.facts.half
        self._prototypes = prototypes
        self._prototype_of = prototype_of
        self.mode = mode
        self.directory_table_base = directory_table_base
        self._facts = mode.facts
        self._top = directory_table_base & ~(self._facts.top_alignment - 1) & self._facts.frame_mask
        if mode is PagingMode.PAE:
            self._top = directory_table_base & 0xFFFF_FFE0
        self._grain: int = getattr(physical, "grain", PAGE_SIZE)  # over a wire, a table is not read whole for one entry
        self._tables: dict[int, bytes | None] = {}
        self._frames: dict[int, int | State] = {}

    def use_invalid_layout(self, invalid: InvalidLayout) -> None:
        """Decode entries that are not valid by another layout from now on (the symbols' own, found later)."""
        self.invalid = invalid
        self._frames.clear()

    def through(
        self, directory_table_base: int, prototype_of: Callable[[int], int | None] | None = None
    ) -> AddressSpace:
        """The same memory through another directory of this kernel; prototype entries are read through this one."""
        space = AddressSpace(self.physical, self.mode, directory_table_base, self.invalid, self, prototype_of)
        space.user_end = self.user_end
        return space

    def translate(self, virtual: int) -> Translation:
        """Walk the tables for ``virtual``, those in transition too; never raises."""
        if not is_canonical(virtual, self.mode):
            return Translation(virtual, State.NON_CANONICAL, None, 0, ())
        table, steps = self._top, []
        for level in self._facts.levels:
            where = table + level.index(virtual) * self._facts.entry_size
            entry = self._entry(where)
            steps.append(Step(level.name, where, entry))
            done = self._ends_at(virtual, level, entry, tuple(steps))
            if done is not None:
                return done
            assert entry is not None  # an absent entry ends the walk
            table = self._table(entry)
        raise AssertionError("the last level always ends a walk")

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes; raise ReadError with the state's word at the first unreadable byte."""
        start = address & (PAGE_SIZE - 1)
        known = self._frames.get(address - start)
        if isinstance(known, int) and 0 < size <= PAGE_SIZE - start:  # nearly every structure
            try:
                return self.physical.read(known + start, size)
            except ReadError as error:
                raise ReadError(address, error.reason) from None
        parts: list[bytes] = []
        while size > 0:
            start = address & (PAGE_SIZE - 1)
            take = min(size, PAGE_SIZE - start)
            frame = self._frame(address - start)
            if isinstance(frame, State):
                raise ReadError(address, frame.value)
            try:
                parts.append(self.physical.read(frame + start, take))
            except ReadError as error:
                raise ReadError(address, error.reason) from None
            address += take
            size -= take
        return b"".join(parts)

    def page_in_memory(self, page: int) -> int | None:
        """Physical address of the page at virtual ``page``, whose first byte that is; None where it has none."""
        frame = self._frame(page)
        return None if isinstance(frame, State) else frame

    def _frame(self, page: int) -> int | State:
        """Physical address of the page at virtual ``page``, or the state that says why there is none."""
        frame = self._frames.get(page)
        if frame is None:
            result = self.translate(page)
            frame = result.state if result.physical is None else result.physical
            if len(self._frames) >= _CACHED_PAGES:
                self._frames.clear()
            self._frames[page] = frame
        return frame

    def _entry(self, where: int) -> int | None:
        piece, start = where & ~(self._grain - 1), where & (self._grain - 1)
        if piece not in self._tables:
            if len(self._tables) >= _CACHED_TABLES:
                self._tables.clear()
            try:
                self._tables[piece] = self.physical.read(piece, self._grain)
            except ReadError:
                self._tables[piece] = None
        table = self._tables[piece]
        return None if table is None else int.from_bytes(table[start : start + self._facts.entry_size], "little")

    def _absence(self, where: int) -> State:
        """Why the table that holds the entry at ``where`` cannot be read."""
        try:
            self.physical.read(where & ~(PAGE_SIZE - 1), PAGE_SIZE)
        except ReadError as error:
            return State.OUTSIDE_MEMORY if error.reason == State.OUTSIDE_MEMORY.value else State.NOT_IN_DUMP
        return State.NOT_IN_DUMP

    def _ends_at(self, virtual: int, level: Level, entry: int | None, steps: tuple[Step, ...]) -> Translation | None:
        """The translation if the walk ends at this entry, else None."""
        covers = 1 << level.shift
        if entry is None:
            return Translation(virtual, self._absence(steps[-1].entry_physical), None, covers, steps)
        if not entry & VALID:
            followed = level.shift > 12 and decode_invalid(entry, self.invalid, self.mode).frame is not None
            return None if followed else self._invalid(virtual, covers, entry, steps)
        if reserved := reserved_bits(entry, self.mode, level):
            return Translation(virtual, State.RESERVED_BITS, None, covers, steps, fault_text(reserved))
        if level.shift == 12:
            return self._mapped(virtual, State.VALID, covers, entry, steps)
        if level.may_be_large and entry & LARGE:
            return self._mapped(virtual, State.LARGE, covers, entry, steps)
        return None

    def _table(self, entry: int) -> int:
        """Address of the table that an entry leads to; one in transition is still in memory."""
        if not entry & VALID:
            return (decode_invalid(entry, self.invalid, self.mode).frame or 0) << 12
        return entry & self._facts.frame_mask

    def _mapped(self, virtual: int, state: State, covers: int, entry: int, steps: tuple[Step, ...]) -> Translation:
        frame = entry & self._facts.frame_mask & ~(covers - 1)
        if state is State.LARGE and self.mode is PagingMode.X86:
            frame |= ((entry >> 13) & 0xFF) << 32  # PSE-36: bits 13-20 are address bits 32-39
        return Translation(virtual, state, frame | (virtual & (covers - 1)), covers, steps)

    def _invalid(self, virtual: int, covers: int, entry: int, steps: tuple[Step, ...]) -> Translation:
        """Name an entry whose valid bit is clear; a page that is in memory all the same is followed."""
        found = decode_invalid(entry, self.invalid, self.mode)
        if found.frame is not None and covers == PAGE_SIZE:
            physical = found.frame << 12 | virtual & (PAGE_SIZE - 1)
            return Translation(virtual, found.state, physical, covers, steps, found.text)
        if found.state is State.PROTOTYPE and covers == PAGE_SIZE and self._prototypes is not None:
            prototype, text = found.prototype, found.text
            if prototype is None and self._prototype_of is not None:
                prototype = self._prototype_of(virtual)
                text = f"{text}, at {prototype:#x} by the VAD" if prototype is not None else text
            if prototype is not None:
                return self._follow(virtual, prototype, steps, text)
        return Translation(virtual, found.state, None, covers, steps, found.text)

    def _follow(self, virtual: int, prototype: int, steps: tuple[Step, ...], text: str) -> Translation:
        """The page that a prototype entry leads to; one step only, since prototypes lead to no others."""
        assert self._prototypes is not None
        size = self._facts.entry_size
        try:
            entry = int.from_bytes(self._prototypes.read(prototype, size), "little")
        except ReadError as error:
            unread = f"{text}, which cannot be read ({error.reason})"
            return Translation(virtual, State.PROTOTYPE, None, PAGE_SIZE, steps, unread)
        steps = (*steps, Step("prototype", prototype, entry))
        if entry & VALID:
            frame = entry & self._facts.frame_mask
            return Translation(virtual, State.PROTOTYPE, frame | virtual & (PAGE_SIZE - 1), PAGE_SIZE, steps, text)
        found = decode_invalid(entry, self.invalid, self.mode)
        physical = found.frame << 12 | virtual & (PAGE_SIZE - 1) if found.frame is not None else None
        state = State.PROTOTYPE if physical is not None else found.state
        if found.prototype is not None or found.state is State.PROTOTYPE:
            return Translation(virtual, State.PROTOTYPE, None, PAGE_SIZE, steps, f"{text}: its page lies in a file")
        return Translation(virtual, state, physical, PAGE_SIZE, steps, f"{text}: {found.text}")
