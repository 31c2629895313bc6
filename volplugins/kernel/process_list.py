"""The list of active processes, followed from both ends where it is broken."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.kernel.process import MAX_PROCESSES, Process, read_process
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout


@dataclass(frozen=True, slots=True)
class ProcessList:
    """The processes in list order, and what was wrong with the list."""

    processes: tuple[Process, ...]
    notes: tuple[str, ...]


def list_processes(memory: MemoryReader, head: int, layout: Layout) -> ProcessList:
    """Walk PsActiveProcessHead forwards, and backwards from its end where that breaks off."""
    if not layout.has("ActiveProcessLinks"):
        return ProcessList((), (f"the list cannot be followed: {layout.source}",))
    notes: list[str] = []
    found: dict[int, Process] = {}
    whole = _walk(memory, head, layout, 0, found, notes)
    forward = list(found)
    if not whole:
        _walk(memory, head, layout, 1, found, notes)
    backward = [links for links in found if links not in set(forward)]
    return ProcessList(tuple(found[links] for links in (*forward, *reversed(backward))), tuple(notes))


def _walk(
    memory: MemoryReader, head: int, layout: Layout, link: int, found: dict[int, Process], notes: list[str]
) -> bool:
    """Follow Flink (0) or Blink (1), adding to ``found`` by list entry; return whether it came back to the head."""
    at, size = layout.members["ActiveProcessLinks"]
    width = size // 2
    seen: set[int] = set()
    try:
        links = int.from_bytes(memory.read(head + link * width, width), "little")
        while links != head:
            if links in seen or len(seen) >= MAX_PROCESSES:
                notes.append(f"process list: loop at {links:#x}")
                return False
            if links in found:
                return False
            seen.add(links)
            try:
                process = read_process(memory, links - at, layout)
            except ReadError as error:
                notes.append(
                    f"process list breaks: it leads to {links:#x}, where no process can be read ({error.reason})"
                )
                return False
            following = int.from_bytes(memory.read(links + link * width, width), "little")
            found[links] = process
            links = following
    except ReadError as error:
        notes.append(f"process list breaks at {error.address:#x}: {error.reason}")
        return False
    return True
