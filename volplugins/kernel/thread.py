"""Threads: what an ETHREAD says of its stack, its process and its identity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout, Structure, read_structure

MAX_THREADS = 65536  # of one process
# without StackLimit: the largest kernel stack Windows gives (GUI threads on x64 had 0x12000 at most)
_LARGEST_STACK = 0x12000


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread. ``stack_limit`` and ``stack_base`` are the lowest address of its kernel stack and the first above.

    ``process`` is the process it runs in (ApcState.Process: the attached one while attached), ``owner`` the one that it
    belongs to. ``state`` and ``wait_reason`` are the kernel's numbers (kernel/thread_words.py has the words);
    ``kernel_stack`` is where its switch frame is while it does not run; ``initial_stack`` where its stack began.
    """

    ethread: int
    pid: int | None
    tid: int | None
    process: int | None
    stack_limit: int
    stack_base: int
    teb: int | None
    trap_frame: int | None
    state: int | None = None
    wait_reason: int | None = None
    kernel_stack: int | None = None
    initial_stack: int | None = None
    stack_resident: bool | None = None
    owner: int | None = None

    def holds(self, address: int) -> bool:
        """Whether ``address`` lies in this thread's kernel stack."""
        return self.stack_limit <= address < self.stack_base


def read_thread(memory: MemoryReader, ethread: int, layout: Layout) -> Thread:
    """Read the thread at ``ethread``; raises ReadError."""
    return decode_thread(read_structure(memory, ethread, layout))


def decode_thread(structure: Structure) -> Thread:
    """Decode a thread from the bytes of its structure."""
    cid = structure.raw("Cid") if structure.layout.has("Cid") else b""
    half = len(cid) // 2
    base = structure.get("StackBase") or structure.get("InitialStack") or 0
    limit = structure.get("StackLimit") or 0
    if not base - (1 << 20) <= limit < base:
        limit = max(base - _LARGEST_STACK, 0)
    return Thread(
        structure.address,
        int.from_bytes(cid[:half], "little") if cid else None,
        int.from_bytes(cid[half:], "little") if cid else None,
        structure.get("ApcProcess"),
        limit,
        base,
        structure.get("Teb"),
        structure.get("TrapFrame"),
        structure.get("State"),
        structure.get("WaitReason"),
        structure.get("KernelStack"),
        structure.get("InitialStack"),
        bool(structure.get("KernelStackResident")) if structure.layout.has("KernelStackResident") else None,
        structure.get("Process"),
    )


def walk_threads(memory: MemoryReader, eprocess: int, process: Layout, thread: Layout) -> Iterator[Thread]:
    """The threads of one process, by its ThreadListHead; ends quietly where the list breaks, loops or grows absurd."""
    at, size = process.members["ThreadListHead"]
    entry_at, width = thread.offset("ThreadListEntry"), size // 2
    head = eprocess + at
    seen: set[int] = set()
    try:
        entry = int.from_bytes(memory.read(head, width), "little")
        while entry != head and entry not in seen and len(seen) < MAX_THREADS:
            seen.add(entry)
            yield read_thread(memory, entry - entry_at, thread)
            entry = int.from_bytes(memory.read(entry, width), "little")
    except ReadError:
        return


def try_read_thread(memory: MemoryReader, ethread: int, layout: Layout) -> Thread | None:
    """Read the thread at ``ethread``, or None where it cannot be read."""
    try:
        return read_thread(memory, ethread, layout)
    except ReadError:
        return None
