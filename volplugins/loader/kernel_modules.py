"""The kernel's loaded-module list, walked through KLDR_DATA_TABLE_ENTRY records.

Offsets hold for every build from Windows XP to 11 (volatility3 tables of builds 2600 to 22000 agree), but for
TimeDateStamp, which the image itself gives better.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from volplugins.loader.module import Module
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout, Structure, read_present

MAX_MODULES = 4096
_MOST_TEXT = 1 << 23  # characters of all names of one list; 4,096 usual modules have half a million
_LARGEST_IMAGE = 1 << 31
_MOST_NOTES = 16  # of entries that are no modules

LOADER_ENTRY = {
    64: Layout(
        "_KLDR_DATA_TABLE_ENTRY",
        0x80,
        {
            "Flink": (0x0, 8),
            "Blink": (0x8, 8),
            "DllBase": (0x30, 8),
            "EntryPoint": (0x38, 8),
            "SizeOfImage": (0x40, 4),
            "FullDllName": (0x48, 16),
            "BaseDllName": (0x58, 16),
            "CheckSum": (0x78, 4),
        },
        "built-in, all builds",
    ),
    32: Layout(
        "_KLDR_DATA_TABLE_ENTRY",
        0x44,
        {
            "Flink": (0x0, 4),
            "Blink": (0x4, 4),
            "DllBase": (0x18, 4),
            "EntryPoint": (0x1C, 4),
            "SizeOfImage": (0x20, 4),
            "FullDllName": (0x24, 8),
            "BaseDllName": (0x2C, 8),
            "CheckSum": (0x40, 4),
        },
        "built-in, all builds",
    ),
}


@dataclass(frozen=True, slots=True)
class ModuleList:
    """What a walk of the list gave: the modules in load order, and what was wrong with the list."""

    modules: tuple[Module, ...]
    notes: tuple[str, ...]


def read_unicode_string(memory: MemoryReader, descriptor: bytes) -> str:
    """Text of a UNICODE_STRING given its 8 (32-bit) or 16 (64-bit) bytes, whole; raises ReadError.

    Its Length is 16 bits wide: 32,767 characters at most.
    """
    length = int.from_bytes(descriptor[0:2], "little") & ~1
    at = len(descriptor) // 2
    buffer = int.from_bytes(descriptor[at:], "little")
    if not length:
        return ""
    return memory.read(buffer, length).decode("utf-16-le", "replace")


class Names:
    """The names of one list of modules, which together are no longer than any real list's.

    A hostile dump may give one long buffer to each of thousands of modules.
    """

    def __init__(self, memory: MemoryReader) -> None:
        self._memory = memory
        self._read = 0

    def text(self, descriptor: bytes) -> str:
        """Text of a UNICODE_STRING; raises ReadError, ``too-much-text`` where the names before it took all room."""
        length = int.from_bytes(descriptor[:2], "little") // 2
        if self._read + length > _MOST_TEXT:
            raise ReadError(int.from_bytes(descriptor[len(descriptor) // 2 :], "little"), "too-much-text")
        self._read += length
        return read_unicode_string(self._memory, descriptor)


def walk_loaded_modules(memory: MemoryReader, head: int, bits: int) -> ModuleList:
    """Walk the list at ``head`` (PsLoadedModuleList) forwards, and backwards from its end where it breaks.

    An entry that is no module costs itself alone, as long as it leads back to the one before it.
    """
    walk = _Walk(memory, head, LOADER_ENTRY[bits], Names(memory))
    complete = walk.collect("Flink", "Blink")
    forward = list(walk.modules)
    if not complete:
        walk.collect("Blink", "Flink")
    backward = [entry for entry in walk.modules if entry not in set(forward)]
    modules = tuple(walk.modules[entry] for entry in (*forward, *reversed(backward)))
    return ModuleList(modules, (*walk.notes, *walk.left_out()))


class _ListError(Exception):
    pass


@dataclass(slots=True)
class _Walk:
    """One list: its modules and what is no module, by the address of the entry."""

    memory: MemoryReader
    head: int
    layout: Layout
    names: Names
    modules: dict[int, Module] = field(default_factory=dict)
    bad: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def collect(self, link: str, back: str) -> bool:
        """Add the entries of one direction; return whether the walk came back to the head."""
        try:
            for structure, previous in self._entries(link):
                module = _module(self.names, structure)
                if module is not None:
                    self.modules[structure.address] = module
                    continue
                self._no_module(structure)
                if structure.get(back) != previous:  # who knows whose it is, and where it leads
                    raise _ListError(f"{structure.address:#x} does not lead back to {previous:#x}")
        except ReadError as error:
            self.notes.append(f"module list breaks at {error.address:#x}: {error.reason} (walking {link})")
            return False
        except _ListError as error:
            self.notes.append(f"module list: {error} (walking {link})")
            return False
        return True

    def _entries(self, link: str) -> Iterator[tuple[Structure, int]]:
        """What is there of each entry, and the entry before it."""
        pointer = self.layout.members["Flink"][1]
        entry = int.from_bytes(self.memory.read(self.head + self.layout.offset(link), pointer), "little")
        visited: set[int] = set()
        previous = self.head
        while entry != self.head:
            if entry in visited:
                raise _ListError(f"loop at {entry:#x}")
            if entry in self.modules:
                return
            if len(visited) == MAX_MODULES:
                raise _ListError(f"more than {MAX_MODULES} entries")
            visited.add(entry)
            structure = read_present(self.memory, entry, self.layout)
            if not structure.layout.has(link):
                raise _ListError(structure.absent)
            yield structure, previous
            previous, entry = entry, structure.unsigned(link)

    def _no_module(self, structure: Structure) -> None:
        if structure.address not in self.bad and len(self.bad) < _MOST_NOTES:
            why = structure.absent or "base or size makes no sense"
            self.notes.append(f"list entry {structure.address:#x} is no module ({why})")
        self.bad.add(structure.address)

    def left_out(self) -> tuple[str, ...]:
        """That there are more such entries than were named."""
        more = len(self.bad) - _MOST_NOTES
        return (f"{more:,} more list entries are no modules",) if more > 0 else ()


def _module(names: Names, structure: Structure) -> Module | None:
    base, size = structure.get("DllBase"), structure.get("SizeOfImage")
    if not base or base & 0xFFF or not size or size >= _LARGEST_IMAGE:
        return None
    name, name_note = _text(names, structure, "BaseDllName")
    path, path_note = _text(names, structure, "FullDllName")
    if not name.strip("\0"):  # a name that is empty, or nothing but NULs; the path may still name the module
        name_note = name_note or (f"BaseDllName is {len(name)} NULs" if name else "")
        name = path.strip("\0").replace("/", "\\").rsplit("\\", 1)[-1]
    note = "; ".join(part for part in (name_note, path_note, structure.absent) if part)
    checksum = structure.get("CheckSum") or None
    return Module(base, size, name, path, None, checksum, "loaded-list", structure.address, note)


def _text(names: Names, structure: Structure, member: str) -> tuple[str, str]:
    if not structure.layout.has(member):
        return "", f"{member} unreadable"
    try:
        return names.text(structure.raw(member)), ""
    except ReadError as error:
        return "", f"{member} unreadable ({error.reason})"
