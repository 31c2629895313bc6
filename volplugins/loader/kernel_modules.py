"""The kernel's loaded-module list, walked through KLDR_DATA_TABLE_ENTRY records.

Offsets hold for every build from Windows XP to 11 (volatility3 tables of builds 2600 to 22000 agree), but for
TimeDateStamp, which the image itself gives better.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.loader.module import Module
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout, Structure, read_structure

MAX_MODULES = 4096
_MOST_TEXT = 1 << 23  # characters of all names of one list; 4,096 usual modules have half a million
_LARGEST_IMAGE = 1 << 31

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
    """Walk the list at ``head`` (PsLoadedModuleList) forwards, and backwards from its end where it breaks."""
    notes: list[str] = []
    seen: dict[int, Module] = {}
    names = Names(memory)
    complete = _collect(memory, head, bits, "Flink", seen, notes, names)
    forward = list(seen)
    if not complete:
        _collect(memory, head, bits, "Blink", seen, notes, names)
    backward = [entry for entry in seen if entry not in set(forward)]
    return ModuleList(tuple(seen[entry] for entry in (*forward, *reversed(backward))), tuple(notes))


def _collect(
    memory: MemoryReader,
    head: int,
    bits: int,
    link: str,
    seen: dict[int, Module],
    notes: list[str],
    names: Names,
) -> bool:
    """Add the entries of one direction to ``seen``; return whether the walk came back to ``head``."""
    try:
        for structure in _entries(memory, head, LOADER_ENTRY[bits], link, seen):
            module = _module(names, structure)
            if module is None:
                notes.append(f"list entry {structure.address:#x} is no module (base or size makes no sense)")
                return False
            seen[structure.address] = module
    except ReadError as error:
        notes.append(f"module list breaks at {error.address:#x}: {error.reason} (walking {link})")
        return False
    except _ListError as error:
        notes.append(f"module list: {error} (walking {link})")
        return False
    return True


class _ListError(Exception):
    pass


def _entries(
    memory: MemoryReader, head: int, layout: Layout, link: str, seen: dict[int, Module]
) -> Iterator[Structure]:
    pointer = layout.members["Flink"][1]
    offset = layout.offset(link)
    entry = int.from_bytes(memory.read(head + offset, pointer), "little")
    count, visited = 0, set()
    while entry != head:
        if entry in visited:
            raise _ListError(f"loop at {entry:#x}")
        if entry in seen:
            return
        if count == MAX_MODULES:
            raise _ListError(f"more than {MAX_MODULES} entries")
        visited.add(entry)
        structure = read_structure(memory, entry, layout)
        yield structure
        entry = structure.unsigned(link)
        count += 1


def _module(names: Names, structure: Structure) -> Module | None:
    base, size = structure.unsigned("DllBase"), structure.unsigned("SizeOfImage")
    if not base or base & 0xFFF or not 0 < size < _LARGEST_IMAGE:
        return None
    name, name_note = _text(names, structure, "BaseDllName")
    path, path_note = _text(names, structure, "FullDllName")
    if not name.strip("\0"):  # a name that is empty, or nothing but NULs; the path may still name the module
        name_note = name_note or (f"BaseDllName is {len(name)} NULs" if name else "")
        name = path.strip("\0").replace("/", "\\").rsplit("\\", 1)[-1]
    note = "; ".join(part for part in (name_note, path_note) if part)
    checksum = structure.unsigned("CheckSum") or None
    return Module(base, size, name, path, None, checksum, "loaded-list", structure.address, note)


def _text(names: Names, structure: Structure, member: str) -> tuple[str, str]:
    try:
        return names.text(structure.raw(member)), ""
    except ReadError as error:
        return "", f"{member} unreadable ({error.reason})"
