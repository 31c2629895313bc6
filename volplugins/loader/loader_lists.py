"""The three lists of a process's loaded modules (PEB_LDR_DATA), each walked both ways and checked against the others.

Offsets are the same in every build from Windows XP to 11 (public symbol tables of builds 2600 to 22000 agree). An image
may be missing from one list by design: the program itself is not in the list in initialisation order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from volplugins.loader.kernel_modules import Names
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout, Structure, read_present, read_structure

LISTS = ("InLoadOrder", "InMemoryOrder", "InInitializationOrder")
MOST_ENTRIES = 4096
_MOST_PROBLEMS = 64  # of one list that are said
_SOURCE = "built-in, builds 2600 to 22000"

LDR_DATA = {
    64: Layout("_PEB_LDR_DATA", 0x40, {
        "Length": (0x0, 4), "Initialized": (0x4, 1), "InLoadOrder": (0x10, 16), "InMemoryOrder": (0x20, 16),
        "InInitializationOrder": (0x30, 16),
    }, _SOURCE),
    32: Layout("_PEB_LDR_DATA", 0x24, {
        "Length": (0x0, 4), "Initialized": (0x4, 1), "InLoadOrder": (0xC, 8), "InMemoryOrder": (0x14, 8),
        "InInitializationOrder": (0x1C, 8),
    }, _SOURCE),
}  # fmt: skip
ENTRY = {
    64: Layout("_LDR_DATA_TABLE_ENTRY", 0x84, {
        "InLoadOrder": (0x0, 16), "InMemoryOrder": (0x10, 16), "InInitializationOrder": (0x20, 16),
        "DllBase": (0x30, 8), "EntryPoint": (0x38, 8), "SizeOfImage": (0x40, 4), "FullDllName": (0x48, 16),
        "BaseDllName": (0x58, 16), "TimeDateStamp": (0x80, 4),
    }, _SOURCE),
    32: Layout("_LDR_DATA_TABLE_ENTRY", 0x48, {
        "InLoadOrder": (0x0, 8), "InMemoryOrder": (0x8, 8), "InInitializationOrder": (0x10, 8),
        "DllBase": (0x18, 4), "EntryPoint": (0x1C, 4), "SizeOfImage": (0x20, 4), "FullDllName": (0x24, 8),
        "BaseDllName": (0x2C, 8), "TimeDateStamp": (0x44, 4),
    }, _SOURCE),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LoaderEntry:
    """One LDR_DATA_TABLE_ENTRY. ``size`` is in bytes, ``timestamp`` as the image's header has it, None: not there."""

    address: int
    base: int
    size: int
    timestamp: int | None
    path: str
    name: str
    note: str


@dataclass(frozen=True, slots=True)
class LoaderList:
    """One list.

    Attributes:
        name: one of LISTS.
        head: address of the list's head in PEB_LDR_DATA.
        first, last: the head's two links, as WinDbg prints them.
        entries: addresses of the entries that were reached, in list order.
        complete: whether the forward links lead back to the head.
        problems: what is wrong with it: loops, wrong back links, unreadable entries.
    """

    name: str
    head: int
    first: int
    last: int
    entries: tuple[int, ...]
    complete: bool
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoaderLists:
    """PEB_LDR_DATA with its lists, and every entry that one of them leads to, by address.

    ``owner`` says whose the lists are that they lead to, where those are another process's; empty where they are not.
    """

    ldr: Structure
    lists: tuple[LoaderList, ...]
    entries: dict[int, LoaderEntry]
    owner: str = ""

    def absent(self, name: str) -> tuple[LoaderEntry, ...]:
        """Entries that another list has and the list ``name`` has not, but for what is missing by design."""
        chosen = next(each for each in self.lists if each.name == name)
        first = self.lists[0].entries[:1] + self.lists[1].entries[:1]  # the program, unless one of them has lost it
        here = {*chosen.entries, *(first if name == "InInitializationOrder" else ())}
        return tuple(entry for address, entry in self.entries.items() if address not in here)


# PEB_LDR_DATA at an address, by the width of pointers there; raises as read_loader_lists does
ListsReader = Callable[[int, int], LoaderLists]


def read_loader_lists(
    memory: MemoryReader, address: int, bits: int, taken: Callable[[int], str] | None = None
) -> LoaderLists:
    """PEB_LDR_DATA at ``address`` and its lists; raises ReadError where it cannot be read itself.

    Args:
        taken: says of an address whose it is, in words, where an entry there is another process's; else empty.
    """
    ldr = read_structure(memory, address, LDR_DATA[bits])
    entries: dict[int, LoaderEntry] = {}
    once = _Once(memory, taken)
    lists = tuple(_walk(once, ldr, name, bits, entries) for name in LISTS)
    return LoaderLists(ldr, lists, entries, once.owner)


class _Once:
    """Memory whose structures are kept: every entry is in three lists, and read once."""

    def __init__(self, memory: MemoryReader, taken: Callable[[int], str] | None) -> None:
        self._memory = memory
        self._taken = taken
        self.owner = ""
        self._kept: dict[tuple[int, int], bytes] = {}
        self.text = Names(memory).text

    def read(self, address: int, size: int) -> bytes:
        """As the memory itself."""
        key = (address, size)
        data = self._kept.get(key)
        if data is None:
            data = self._kept[key] = self._memory.read(address, size)
        return data

    def taken(self, address: int) -> str:
        """Whose an entry is, where it is another process's; the first such is kept."""
        whose = self._taken(address) if self._taken is not None else ""
        self.owner = self.owner or whose
        return whose


def _walk(memory: _Once, ldr: Structure, name: str, bits: int, entries: dict[int, LoaderEntry]) -> LoaderList:
    head = ldr.address + ldr.layout.offset(name)
    first, last = _links(ldr.raw(name))
    problems: list[str] = []
    way = _Direction(memory, head, name, ENTRY[bits], entries, problems)
    complete = way.follow(first)
    reached = list(way.reached)
    if not complete:
        back = _Direction(memory, head, name, ENTRY[bits], entries, problems, True, frozenset(reached))
        back.follow(last)
        reached += reversed(back.reached)
    elif last != (reached[-1] + ENTRY[bits].offset(name) if reached else head):
        problems.append(f"tail not reached: the head's Blink {last:#x} is not the last entry")
    found = tuple(address for address in reached if address in entries)
    more = len(problems) - _MOST_PROBLEMS
    said = [*problems[:_MOST_PROBLEMS], *([f"{more:,} more problems are left out"] if more > 0 else [])]
    return LoaderList(name, head, first, last, found, complete, tuple(said))


def _links(data: bytes) -> tuple[int, int]:
    half = len(data) // 2
    return int.from_bytes(data[:half], "little"), int.from_bytes(data[half:], "little")


@dataclass(slots=True)
class _Direction:
    """One list followed by Flink, or by Blink up to one of ``stop``.

    An entry that is no module costs itself alone, as long as it leads back to the one before it.
    """

    memory: _Once
    head: int
    name: str
    layout: Layout
    entries: dict[int, LoaderEntry]
    problems: list[str]
    backward: bool = False
    stop: frozenset[int] = frozenset()
    reached: dict[int, None] = field(default_factory=dict)

    def follow(self, link: int) -> bool:
        """Go from ``link`` on; whether the head was reached again."""
        offset, previous = self.layout.offset(self.name), self.head
        while link != self.head:
            address = link - offset
            if address in self.stop:
                return False
            structure = self._structure(link, address)
            if structure is None:
                return False
            following, before = _links(structure.raw(self.name))
            if self.backward:
                following, before = before, following
            if not self._taken(structure, link, before == previous):
                return False
            if before != previous:
                other = "Flink" if self.backward else "Blink"
                self.problems.append(f"back link mismatch at {link:#x}: {other} is {before:#x}, not {previous:#x}")
            self.reached[address] = None
            previous, link = link, following
        return True

    @property
    def _way(self) -> str:
        return "Blink" if self.backward else "Flink"

    def _structure(self, link: int, address: int) -> Structure | None:
        """What is there of the entry; None where the list ends before it, which is said."""
        fault = ""
        if address in self.reached:
            fault = f"loop at {link:#x}"
        elif len(self.reached) == MOST_ENTRIES:
            fault = f"more than {MOST_ENTRIES} entries"
        else:
            try:
                structure = read_present(self.memory, address, self.layout)
                if structure.layout.has(self.name):
                    return structure
                fault = f"tail not reached: {self._way} {link:#x}: {structure.absent}"
            except ReadError as error:
                fault = f"tail not reached: {self._way} {link:#x} cannot be read ({error.reason})"
        self.problems.append(fault)
        return None

    def _taken(self, structure: Structure, link: int, leads_back: bool) -> bool:
        """Keep what the entry says, where it is a module; whether the list may be followed behind it."""
        if structure.address in self.entries:
            return True
        whose = self.memory.taken(structure.address)
        entry = _entry(self.memory, structure) if not whose else None
        if entry is not None:
            self.entries[structure.address] = entry
        elif whose or not leads_back:
            led_to = whose or "no module (its base or size makes no sense)"
            self.problems.append(f"tail not reached: {self._way} {link:#x} leads to {led_to}")
            return False
        else:
            why = structure.absent or "its base or size makes no sense"
            self.problems.append(f"bad entry at {link:#x}: it is no module ({why})")
        return True


def _entry(memory: _Once, structure: Structure) -> LoaderEntry | None:
    base, size = structure.get("DllBase"), structure.get("SizeOfImage")
    if not base or base & 0xFFF or not size or size >= 1 << 31:
        return None
    notes = [structure.absent] if structure.absent else []
    path = _text(memory, structure, "FullDllName", notes)
    name = _last_part(structure, path) or _text(memory, structure, "BaseDllName", notes)
    if not name.strip("\0"):  # empty, or nothing but NULs; the path may still name the module
        notes += [f"BaseDllName is {len(name)} NULs"] if name else []
        name = path.strip("\0").rsplit("\\", 1)[-1]
    stamp = structure.get("TimeDateStamp")
    return LoaderEntry(structure.address, base, size, stamp, path, name, "; ".join(notes))


def _text(memory: _Once, structure: Structure, member: str, notes: list[str]) -> str:
    if not structure.layout.has(member):
        return ""
    try:
        return memory.text(structure.raw(member))
    except ReadError as error:
        notes.append(f"{member} cannot be read ({error.reason})")
        return ""


def _last_part(structure: Structure, path: str) -> str:
    """The name where its text is the end of the path's, as the loader lays them out; empty where it is not."""
    if not path or not structure.layout.has("BaseDllName"):
        return ""
    full, base = structure.raw("FullDllName"), structure.raw("BaseDllName")
    half = len(full) // 2
    length, whole = (int.from_bytes(each[:2], "little") for each in (base, full))
    start, begin = (int.from_bytes(each[half:], "little") for each in (base, full))
    within = 0 < length <= whole == 2 * len(path) and start == begin + whole - length and not length & 1
    return path[-length // 2 :] if within else ""


def in_order(lists: LoaderLists) -> Iterator[tuple[LoaderEntry, tuple[str, ...]]]:
    """Every entry, those of the load order first, with the names of the lists that hold it."""
    held = [(each.name, frozenset(each.entries)) for each in lists.lists]
    order = dict.fromkeys(address for each in lists.lists for address in each.entries)
    for address in order:
        yield lists.entries[address], tuple(name for name, addresses in held if address in addresses)
