"""What is known of live objects whatever the build: tests of a member at one offset, each with its witness in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from volplugins.kernel.calibration.bounded_reads import BoundedReads
from volplugins.kernel.calibration.samples import Sample, pointer, threads_on
from volplugins.memory.reader import MemoryReader
from volplugins.memory.structure import Layout

# nothing in user mode begins below
_LOWEST_USER = 0x10000
_MOST_ID = 1 << 24
_PAGE = 0x1000
_LARGEST_STACK = 1 << 20


@dataclass(frozen=True, slots=True)
class Objects:
    """Processes (System first) and threads of one kernel, with the layouts of members that are known of them."""

    memory: MemoryReader
    bits: int
    processes: tuple[Sample, ...]
    threads: tuple[Sample, ...] = ()

    @property
    def width(self) -> int:
        """Bytes of a pointer."""
        return self.bits // 8

    @property
    def cut(self) -> str:
        """Why memory gives nothing more, where its reads were bounded and are used up; else empty."""
        return self.memory.cut if isinstance(self.memory, BoundedReads) else ""


# whether a member may lie at this offset, and whether anything spoke for it (None: nothing to judge it by)
Test = Callable[[Objects, int], bool | None]


@dataclass(frozen=True, slots=True)
class Fact:
    """A test of a member's offset; ``witness``: what speaks for an offset that passes."""

    test: Test
    witness: str


def _mostly(flags: Sequence[bool]) -> bool:
    """Three in four: some objects are damaged, or have run to their end, and a member of another kind fails at most."""
    return bool(flags) and 4 * sum(flags) >= 3 * len(flags)


def _words(samples: Sequence[Sample], at: int, width: int) -> list[int]:
    return [value for each in samples if (value := each.word(at, width)) is not None]


def _kernel(objects: Objects, value: int) -> bool:
    return value >> (objects.bits - 1) == 1 and value % objects.width == 0


def _ids(objects: Objects, at: int) -> bool:
    found = _words(objects.processes, at, objects.width)
    return bool(found) and found[0] == 4 and _mostly([_is_id(value) for value in found]) and _differ(found)


def _is_id(value: int) -> bool:
    return 0 < value < _MOST_ID and value % 4 == 0


def _differ(values: Sequence[int]) -> bool:
    return 4 * len(set(values)) >= 3 * len(values)


def _parents(objects: Objects, at: int) -> bool | None:
    """System has none; every other is an id, and some are those of processes at hand."""
    found = _words(objects.processes, at, objects.width)
    if len(found) < 2:
        return None
    return found[0] == 0 and any(found) and _mostly([_is_id(value) for value in found[1:] if value])


def _pebs(objects: Objects, at: int) -> bool | None:
    """System has none; the others have a page in user space, or none (minimal processes)."""
    found = _words(objects.processes, at, objects.width)
    users = [value for value in found[1:] if value]
    if not users:
        return None if found and found[0] == 0 else False
    return found[0] == 0 and _mostly([_is_user(objects, value) and value % _PAGE == 0 for value in users])


def _is_user(objects: Objects, value: int) -> bool:
    return _LOWEST_USER <= value < 1 << (47 if objects.bits == 64 else 32)


def _names(objects: Objects, at: int) -> bool:
    names = [each.data[at : at + 15] for each in objects.processes]
    return bool(names) and names[0].rstrip(b"\0") == b"System" and _mostly([_is_name(name) for name in names])


def _is_name(name: bytes) -> bool:
    text = name.partition(b"\0")[0]
    return bool(text) and all(0x20 <= byte < 0x7F or byte >= 0xA0 for byte in text)


def _thread_lists(objects: Objects, at: int) -> bool | None:
    """Heads of lists of threads, or of empty lists; None where all of them are empty."""
    seen = False
    for each in objects.processes[:4]:
        if at + objects.width > len(each.data):
            continue
        if pointer(objects.memory, each.address + at, objects.width) == each.address + at:
            continue
        if threads_on(objects.memory, each.address + at, objects.bits) is None:
            return False
        seen = True
    return True if seen else None


def _trees(objects: Objects, at: int) -> bool | None:
    """Roots of trees of VADs: nodes without a parent, whose children name them (8.1 and later; older ones differ)."""
    found = [value for each in objects.processes if (value := each.word(at, objects.width))]
    return _mostly([_is_root(objects, value) for value in found]) if found else None


def _is_root(objects: Objects, node: int) -> bool:
    width = objects.width
    if not _kernel(objects, node):
        return False
    left, right, parent = (pointer(objects.memory, node + index * width, width) for index in range(3))
    first, last = (pointer(objects.memory, node + 3 * width + at, 4) for at in (0, 4))
    children = [each for each in (left, right) if each]
    named = all(_kernel(objects, each) and _parent(objects, each) == node for each in children)
    return parent & ~7 == 0 and first <= last and bool(last) and named


def _parent(objects: Objects, node: int) -> int:
    """A node's parent; the lowest bits are its balance."""
    return pointer(objects.memory, node + 2 * objects.width, objects.width) & ~7


def _handles(objects: Objects, at: int) -> bool | None:
    """Pointers to handle tables: near their start they name the process that they are of."""
    found = [(each, value) for each in objects.processes[1:] if (value := each.word(at, objects.width))]
    return _mostly([_names_back(objects, value, each.address) for each, value in found]) if found else None


def _names_back(objects: Objects, table: int, eprocess: int) -> bool:
    reach = range(0, 0x20, objects.width)
    return _kernel(objects, table) and any(
        pointer(objects.memory, table + at, objects.width) == eprocess for at in reach
    )


def _owners(objects: Objects, at: int) -> bool | None:
    """Pointers to processes at hand."""
    found = _words(objects.threads, at, objects.width)
    known = {each.address for each in objects.processes}
    return _mostly([value in known for value in found]) if found else None


def _stack_ends(objects: Objects, at: int) -> bool | None:
    found = _words(objects.threads, at, objects.width)
    return _mostly([_kernel(objects, value) and value % _PAGE == 0 for value in found]) if found else None


def _in_stack(objects: Objects, at: int) -> bool | None:
    found = _words(objects.threads, at, objects.width)
    return _mostly([_kernel(objects, value) for value in found]) if found else None


def _states(objects: Objects, at: int) -> bool | None:
    """KTHREAD_STATE ends at 9."""
    found = _words(objects.threads, at, 1)
    return _mostly([value <= 9 for value in found]) if found else None


def _tebs(objects: Objects, at: int) -> bool | None:
    found = _words(objects.threads, at, objects.width)
    return (
        _mostly([not value or (_is_user(objects, value) and value % _PAGE == 0) for value in found]) if found else None
    )


PROCESS_FACTS: Mapping[str, Fact] = {
    "UniqueProcessId": Fact(_ids, "System's is 4, the others' are other multiples of 4"),
    "ImageFileName": Fact(_names, "System's is System, the others' are texts"),
    "InheritedFromUniqueProcessId": Fact(_parents, "System has no parent, the others' are ids"),
    "Peb": Fact(_pebs, "System has none, the others' are pages of user space"),
    "ThreadListHead": Fact(_thread_lists, "lists of threads begin there"),
    "VadRoot": Fact(_trees, "roots of trees of ranges, which their children name"),
    "ObjectTable": Fact(_handles, "the handle tables there name their processes"),
}
THREAD_FACTS: Mapping[str, Fact] = {
    "Process": Fact(_owners, "processes of the active list"),
    "ApcProcess": Fact(_owners, "processes of the active list"),
    "StackBase": Fact(_stack_ends, "pages of kernel memory"),
    "StackLimit": Fact(_stack_ends, "pages of kernel memory"),
    "InitialStack": Fact(_in_stack, "kernel addresses"),
    "KernelStack": Fact(_in_stack, "kernel addresses"),
    "State": Fact(_states, "states of threads"),
    "Teb": Fact(_tebs, "none, or pages of user space"),
}


def process_ids_in_threads(objects: Objects, at: int, process: Layout) -> bool | None:
    """Whether a Cid may be at ``at``: its first half is the id of the process that the thread belongs to."""
    ids = {each.word(process.offset("UniqueProcessId"), objects.width) for each in objects.processes}
    pairs = [(each.word(at, objects.width), each.word(at + objects.width, objects.width)) for each in objects.threads]
    if not pairs:
        return None
    right = _mostly([bool(tid) and _is_id(tid or 0) and pid in ids for pid, tid in pairs])
    return right and _differ([tid or 0 for _, tid in pairs])


def stacks_fit(objects: Objects, layout: Layout) -> bool | None:
    """Whether the members of the stack agree: the limit below the base, what lies in the stack between them."""
    if not objects.threads or not layout.has("StackBase") or not layout.has("StackLimit"):
        return None
    flags = []
    for each in objects.threads:
        base, limit = (each.word(layout.offset(name), objects.width) or 0 for name in ("StackBase", "StackLimit"))
        initial = each.word(layout.offset("InitialStack"), objects.width) if layout.has("InitialStack") else None
        flags.append(limit < base <= limit + _LARGEST_STACK and (not initial or limit < initial <= base))
    return _mostly(flags)
