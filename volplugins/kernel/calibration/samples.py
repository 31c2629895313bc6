"""Live objects that a layout is judged by: processes of the active list, threads of their lists."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError

MOST_PROCESSES = 24
MOST_THREADS = 24
# KOBJECTS, in DISPATCHER_HEADER.Type: the same in every build
PROCESS_OBJECT, THREAD_OBJECT = 3, 6
# an EPROCESS or ETHREAD of any build is shorter, and the largest distance from its start to a list entry in it
_LONGEST = 0x1000


@dataclass(frozen=True, slots=True)
class Sample:
    """An object's address and as many bytes from there on as can be read, at most 4 KiB."""

    address: int
    data: bytes

    def word(self, at: int, width: int) -> int | None:
        """The number of ``width`` bytes at an offset; None beyond what was read."""
        return int.from_bytes(self.data[at : at + width], "little") if at + width <= len(self.data) else None


@dataclass(frozen=True, slots=True)
class ListSamples:
    """Objects on one list: the distance in bytes from an object's start to its list entry, and the objects."""

    distance: int
    objects: tuple[Sample, ...]


def read_sample(memory: MemoryReader, address: int) -> Sample:
    """The object at ``address``; without bytes where nothing can be read."""
    data = b""
    while len(data) < _LONGEST:
        step = min(PAGE_SIZE - (address + len(data)) % PAGE_SIZE, _LONGEST - len(data))
        try:
            data += memory.read(address + len(data), step)
        except ReadError:
            break
    return Sample(address, data)


def processes_from(memory: MemoryReader, links: int, at: int, bits: int) -> tuple[tuple[Sample, ...], str]:
    """The first processes of the active list, System first, and what is wrong with the list; empty where nothing is.

    Args:
        links: address of System's ActiveProcessLinks; ``at``: its offset in EPROCESS.
    """
    width, found, entry = bits // 8, list[Sample](), links
    for _ in range(MOST_PROCESSES):
        sample = read_sample(memory, entry - at)
        if not is_object(sample.data, PROCESS_OBJECT):
            # the head of the list is no process; that it leads on to System says that the list is whole
            return tuple(found), "" if pointer(memory, entry, width) == links else _broken(entry)
        found.append(sample)
        forward = pointer(memory, entry, width)
        if forward == links:
            return tuple(found), ""
        if pointer(memory, forward + width, width) != entry:
            return tuple(found), _broken(forward)
        entry = forward
    return tuple(found), ""


def _broken(entry: int) -> str:
    return f"the list of processes does not hold together at {entry:#x}"


def threads_on(memory: MemoryReader, head: int, bits: int) -> ListSamples | None:
    """The threads on the list whose head is at ``head``; None where it is no list of threads."""
    width, entries = bits // 8, _entries(memory, head, bits)
    if not entries:
        return None
    found = _distances(memory, entries, width)
    distance = next((each for each in found if _waiters(memory, entries[0] - each, width)), next(iter(found), None))
    return ListSamples(distance, tuple(read_sample(memory, each - distance) for each in entries)) if distance else None


def _entries(memory: MemoryReader, head: int, bits: int) -> list[int]:
    """The first entries of a list that holds together from its head on; none where it does not, or is empty."""
    width, found = bits // 8, list[int]()
    entry, before = pointer(memory, head, width), head
    while entry != head and len(found) < MOST_THREADS:
        if entry >> (bits - 1) != 1 or entry % width or pointer(memory, entry + width, width) != before:
            return []
        found.append(entry)
        entry, before = pointer(memory, entry, width), entry
    return found


def _distances(memory: MemoryReader, entries: list[int], width: int) -> list[int]:
    """How far the threads may start before their list entries: where all have a dispatcher header of a thread."""
    step = 2 * width
    last = entries[0] & -step
    before = _bytes_before(memory, last + 1)
    starts = (last - at for at in range(0, len(before), step) if before[-1 - at] & 0x7F == THREAD_OBJECT)
    distances = (entries[0] - start for start in starts)
    return [each for each in distances if all(_is_thread(memory, entry - each) for entry in entries[1:])]


def _bytes_before(memory: MemoryReader, end: int) -> bytes:
    """As much as can be read up to ``end``, at most 4 KiB."""
    data = b""
    while len(data) < _LONGEST:
        at = end - len(data)
        step = min((at - 1) % PAGE_SIZE + 1, _LONGEST - len(data))
        try:
            data = memory.read(at - step, step) + data
        except ReadError:
            break
    return data


def _is_thread(memory: MemoryReader, address: int) -> bool:
    return pointer(memory, address, 1) & 0x7F == THREAD_OBJECT


def _waiters(memory: MemoryReader, address: int, width: int) -> bool:
    """Whether the header's list of waiters is one: it leads to itself, or into the kernel."""
    flink, blink = (pointer(memory, address + at, width) for at in (8, 8 + width))
    return (flink == blink == address + 8) or (flink >> (8 * width - 1) == blink >> (8 * width - 1) == 1)


def is_object(data: bytes, kind: int) -> bool:
    """Whether the bytes begin with a dispatcher header of this type."""
    return bool(data) and data[0] & 0x7F == kind


def pointer(memory: MemoryReader, address: int, width: int) -> int:
    """A pointer; 0 where it cannot be read."""
    try:
        return int.from_bytes(memory.read(address, width), "little")
    except ReadError:
        return 0
