"""Threads: what an ETHREAD says of its stack, its process and its identity."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from volplugins.kernel.claims import Claims, Owner
from volplugins.kernel.thread_words import TERMINATED
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout, Structure, read_present

MAX_THREADS = 65536  # of one process
# without StackLimit: the largest kernel stack Windows gives (GUI threads on x64 had 0x12000 at most)
_LARGEST_STACK = 0x12000
_MOST_NOTES = 4  # of entries of one list that are no thread's
THREAD_OBJECT = 6  # KOBJECTS, in DISPATCHER_HEADER.Type


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread. ``stack_limit`` and ``stack_base`` are the lowest address of its kernel stack and the first above.

    ``process`` is the process it runs in (ApcState.Process: the attached one while attached), ``owner`` the one that it
    belongs to. ``state`` and ``wait_reason`` are the kernel's numbers (kernel/thread_words.py has the words);
    ``kernel_stack`` is where its switch frame is while it does not run; ``initial_stack`` where its stack began.
    Times are FILETIMEs; ``exit_time`` and ``exit_status`` are None unless the thread has terminated (a list's head lies
    there before); ``win32_start`` is None where another member has its place (XP). ``absent`` says what of it could not
    be read, in words: members that lie there are None.
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
    context_switches: int | None = None
    create_time: int | None = None
    exit_time: int | None = None
    exit_status: int | None = None
    start: int | None = None
    win32_start: int | None = None
    absent: str = ""

    @property
    def terminated(self) -> bool:
        """Whether it has run to its end."""
        return self.state == TERMINATED

    def holds(self, address: int) -> bool:
        """Whether ``address`` lies in this thread's kernel stack."""
        return self.stack_limit <= address < self.stack_base


def read_thread(memory: MemoryReader, ethread: int, layout: Layout) -> Thread:
    """Read what is there of the thread at ``ethread``; raises ReadError where that is nothing."""
    return decode_thread(read_present(memory, ethread, layout))


def decode_thread(structure: Structure) -> Thread:
    """Decode a thread from the bytes of its structure."""
    cid = structure.raw("Cid") if structure.layout.has("Cid") else b""
    half = len(cid) // 2
    base = structure.get("StackBase") or structure.get("InitialStack") or 0
    limit = structure.get("StackLimit") or 0
    if not base - (1 << 20) <= limit < base:
        limit = max(base - _LARGEST_STACK, 0)
    state = structure.get("State")
    return Thread(
        structure.address,
        int.from_bytes(cid[:half], "little") if cid else None,
        int.from_bytes(cid[half:], "little") if cid else None,
        structure.get("ApcProcess"),
        limit,
        base,
        structure.get("Teb"),
        structure.get("TrapFrame"),
        state,
        structure.get("WaitReason"),
        structure.get("KernelStack"),
        structure.get("InitialStack"),
        bool(structure.get("KernelStackResident")) if structure.layout.has("KernelStackResident") else None,
        structure.get("Process"),
        structure.get("ContextSwitches"),
        structure.get("CreateTime"),
        structure.get("ExitTime") if state == TERMINATED else None,
        structure.get("ExitStatus") if state == TERMINATED else None,
        structure.get("StartAddress"),
        None if structure.get("LpcReceivedMsgIdValid") else structure.get("Win32StartAddress"),
        structure.absent,
    )


@dataclass(frozen=True, slots=True)
class ListOwner:
    """Whose list is walked: a thread that another process's list holds is not given again, unless its own record
    names this process.
    """

    claims: Claims
    owner: Owner

    def other(self, entry: int, thread: Thread) -> Owner | None:
        """The process whose thread this is, where it is another's."""
        other = self.claims.claim(entry, self.owner)
        return other if thread.owner != self.owner.eprocess else None


def walk_threads(
    memory: MemoryReader,
    eprocess: int,
    process: Layout,
    thread: Layout,
    problems: list[str] | None = None,
    whose: ListOwner | None = None,
) -> Iterator[Thread]:
    """The threads of one process by its ThreadListHead: forwards, then backwards from its end where that breaks off.

    Args:
        problems: takes why the list could not be followed to its end.
    """
    head = eprocess + process.offset("ThreadListHead")
    seen: set[int] = set()
    problems = problems if problems is not None else []
    whole = yield from _follow(memory, head, 0, thread, seen, problems, whose)
    if not whole:
        yield from _follow(memory, head, 1, thread, seen, problems, whose)


def _follow(
    memory: MemoryReader,
    head: int,
    link: int,
    thread: Layout,
    seen: set[int],
    problems: list[str],
    whose: ListOwner | None,
) -> Generator[Thread, None, bool]:
    """The threads by Flink (0) or Blink (1), adding their entries to ``seen``; whether the head was reached again.

    An entry that is no thread's costs itself alone, as long as it leads back to the one before it.
    """
    at, size = thread.members["ThreadListEntry"]
    width = size // 2
    own: set[int] = set()
    why, previous, bad = "", head, 0
    try:
        entry = int.from_bytes(memory.read(head + link * width, width), "little")
        while entry != head:
            if entry in own or len(seen) >= MAX_THREADS:
                why = f"thread list: {'loop' if entry in own else 'limit'} at {entry:#x}"
                break
            if entry in seen:  # the part that was seen on the way forwards
                return False
            structure = _entry_at(memory, entry - at, thread, 8 * width)
            good = structure is not None and _is_thread(memory, structure)
            links = structure.raw("ThreadListEntry") if structure is not None else bytes(size)
            following, before = (int.from_bytes(links[side * width :][:width], "little") for side in (link, 1 - link))
            if structure is None or (not good and before != previous):
                why = f"thread list breaks: it leads to {entry:#x}, which is no thread's"
                seen.add(entry)
                break
            own.add(entry)
            seen.add(entry)
            if good:
                found = decode_thread(structure)
                other = whose.other(entry, found) if whose is not None else None
                if other is not None:
                    why = f"thread list: {entry:#x} is in that of {other.label}, whose threads follow there"
                    break
                yield found
            else:
                bad += 1
                if bad <= _MOST_NOTES:
                    problems.append(f"thread list: {entry:#x} is no thread's, and is passed over")
            previous, entry = entry, following
    except ReadError as error:
        why = f"thread list breaks at {error.address:#x}: {error.reason}"
    if bad > _MOST_NOTES:
        problems.append(f"thread list: {bad - _MOST_NOTES:,} more entries are no thread's")
    problems.extend([why] if why else [])
    return not why


def _entry_at(memory: MemoryReader, address: int, thread: Layout, bits: int) -> Structure | None:
    """What is there of an entry's thread, its links at least; None outside the kernel's half; raises ReadError."""
    if address >> (bits - 1) != 1:
        return None
    structure = read_present(memory, address, thread)
    if not structure.layout.has("ThreadListEntry"):
        at, size = thread.members["ThreadListEntry"]
        memory.read(address + at, size)
        return None
    return structure


def _is_thread(memory: MemoryReader, structure: Structure) -> bool:
    """Whether it is a dispatcher object of type Thread; where its first page is absent, nobody can tell."""
    try:
        kind = memory.read(structure.address, 1)[0] if structure.absent else structure.data[0]
    except ReadError:
        return True
    return kind & 0x7F == THREAD_OBJECT


def try_read_thread(memory: MemoryReader, ethread: int, layout: Layout) -> Thread | None:
    """Read the thread at ``ethread``, or None where it cannot be read."""
    try:
        return read_thread(memory, ethread, layout)
    except ReadError:
        return None
