"""Processes: one read each, decoded from a layout; the active list walked from its head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout, read_structure

MAX_PROCESSES = 65536


@dataclass(frozen=True, slots=True)
class Process:
    """What one EPROCESS says. Members that the layout lacks are None.

    ``create_time`` and ``exit_time`` are FILETIMEs, the latter zero while it runs; ``user_directory`` is
    UserDirectoryTableBase (KVA shadow).
    ``name`` is ImageFileName: at most fifteen bytes, cut by Windows itself.
    """

    eprocess: int
    pid: int | None
    parent_pid: int | None
    name: str
    directory_table_base: int | None
    peb: int | None
    layout_source: str
    exit_time: int | None = None
    user_directory: int | None = None
    create_time: int | None = None

    @property
    def life(self) -> str:
        """``exited`` or ``running``, as ExitTime says; ``running`` where the layout has none."""
        return "exited" if self.exit_time else "running"


def read_process(memory: MemoryReader, eprocess: int, layout: Layout) -> Process:
    """Read the process at ``eprocess``; raises ReadError."""
    structure = read_structure(memory, eprocess, layout)
    name = structure.raw("ImageFileName").split(b"\0", 1)[0] if layout.has("ImageFileName") else b""
    return Process(
        eprocess,
        structure.get("UniqueProcessId"),
        structure.get("InheritedFromUniqueProcessId"),
        name.decode("latin-1"),
        structure.get("DirectoryTableBase"),
        structure.get("Peb"),
        layout.source,
        structure.get("ExitTime"),
        structure.get("UserDirectoryTableBase"),
        structure.get("CreateTime"),
    )


def looks_like_a_name(name: str) -> bool:
    """Whether ImageFileName holds what Windows puts there: some printable characters."""
    return bool(name) and all(" " <= c <= "~" or c >= "\xa0" for c in name)


def walk_active_processes(memory: MemoryReader, head: int, layout: Layout) -> Iterator[Process]:
    """The processes of the list at ``head`` (PsActiveProcessHead), forwards.

    Raises:
        ReadError: after the good ones, where the list cannot be followed further; its reason is ``loop`` or
            ``limit`` where the list itself is bad.
    """
    at, width = layout.members["ActiveProcessLinks"]
    width //= 2
    links = int.from_bytes(memory.read(head, width), "little")
    seen: set[int] = set()
    while links != head:
        if links in seen:
            raise ReadError(links, "loop")
        if len(seen) >= MAX_PROCESSES:
            raise ReadError(links, "limit")
        seen.add(links)
        yield read_process(memory, links - at, layout)
        links = int.from_bytes(memory.read(links, width), "little")
