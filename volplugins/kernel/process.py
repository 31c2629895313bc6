"""Processes: one read each where all of it is there, decoded from a layout; the active list walked from its head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout, Structure, read_present

MAX_PROCESSES = 65536
# bits of EPROCESS.Flags and Flags3, every build that has them
OUTSWAPPED, MINIMAL = 1 << 7, 1 << 0


@dataclass(frozen=True, slots=True)
class Process:
    """What one EPROCESS says. Members that the layout lacks are None.

    ``create_time`` and ``exit_time`` are FILETIMEs, the latter zero while it runs; ``user_directory`` is
    UserDirectoryTableBase (KVA shadow); ``vad_root`` the address of the tree's root node; ``commit_charge`` in pages;
    ``session`` and ``object_table`` addresses of those structures; ``threadless`` that its list of threads is empty;
    ``source`` how it was found: ``list``, ``scan`` or ``thread``; ``absent`` what of it could not be read, in words:
    members that lie there are None too.
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
    vad_root: int | None = None
    vad_count: int | None = None
    object_table: int | None = None
    session: int | None = None
    commit_charge: int | None = None
    wow64: int | None = None
    flags: int | None = None
    page_directory_pte: int | None = None
    threadless: bool = False
    minimal: bool = False
    secure: bool = False
    source: str = "list"
    absent: str = ""

    @property
    def outswapped(self) -> bool:
        """Whether the kernel has written the process out (EPROCESS.Flags)."""
        return bool((self.flags or 0) & OUTSWAPPED)

    @property
    def life(self) -> str:
        """``exited``, ``outswapped``, ``secure``, ``minimal``, ``starting`` or ``running``, by the first that applies.

        ``running`` also where the layout lacks what the others are told by.
        """
        if self.exit_time:
            return "exited"
        if self.outswapped:
            return "outswapped"
        if self.secure or self.minimal:
            return "secure" if self.secure else "minimal"
        return "starting" if self.threadless and self.pid else "running"


def read_process(memory: MemoryReader, eprocess: int, layout: Layout) -> Process:
    """Read what is there of the process at ``eprocess``; raises ReadError where that is nothing.

    Members on a page that is absent are None, as those that the layout lacks.
    """
    structure = read_present(memory, eprocess, layout)
    has = structure.layout.has
    name = structure.raw("ImageFileName").split(b"\0", 1)[0] if has("ImageFileName") else b""
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
        structure.get("VadRoot"),
        structure.get("VadCount"),
        structure.get("ObjectTable"),
        structure.get("Session"),
        structure.get("CommitCharge"),
        structure.get("Wow64Process"),
        structure.get("Flags"),
        structure.get("PageDirectoryPte"),
        _is_threadless(structure),
        bool((structure.get("Flags3") or 0) & MINIMAL),
        bool(structure.get("SecureHandle")),
        absent=structure.absent,
    )


def _is_threadless(structure: Structure) -> bool:
    """Whether the list of threads is empty: its head leads to itself."""
    if not structure.layout.has("ThreadListHead"):
        return False
    at, size = structure.layout.members["ThreadListHead"]
    return int.from_bytes(structure.raw("ThreadListHead")[: size // 2], "little") == structure.address + at


def looks_like_a_name(name: str) -> bool:
    """Whether ImageFileName holds what Windows puts there: some printable characters."""
    return bool(name) and all(" " <= c <= "~" or c >= "\xa0" for c in name)


def walk_active_processes(memory: MemoryReader, head: int, layout: Layout) -> Iterator[Process]:
    """The processes of the list at ``head`` (PsActiveProcessHead), forwards.

    Raises:
        ReadError: after the good ones, where the list cannot be followed further; its reason is ``loop`` or
            ``limit`` where the list itself is bad.
    """
    if not layout.has("ActiveProcessLinks"):  # of a machine that is not known here
        return
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
