"""The System process as the judge of a layout: it is the first of the active list, and what it holds is known.

Its id is 4 in every Windows since XP, its name System; it has no parent and no PEB; its directory is one that reads the
kernel, mostly the very one of the header. Kernel objects are aligned to 16 bytes on x64, to 8 on x86.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from volplugins.kernel.members import read_word
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout, Structure, read_present
from volplugins.paging.address_space import AddressSpace

_PROCESS_TYPE = 3  # KOBJECTS, in DISPATCHER_HEADER.Type
_SYSTEM_NAME, _SYSTEM_PID = b"System", 4
_NAME_SEARCH = 0x400
_FARTHEST = 0x900  # the distance from an EPROCESS to its ActiveProcessLinks is less in every build

IsDirectory = Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class Fault:
    """What of a layout the System process contradicts; ``wild``: the place itself is wrong, not only one member."""

    text: str
    wild: bool = True


def directory_test(kernel: AddressSpace, header_base: int, head: int) -> IsDirectory:
    """Whether a DirectoryTableBase is the header's, or reads the kernel's list head as the kernel's space does."""
    low = kernel.mode.facts.top_alignment - 1

    def is_directory(value: int) -> bool:
        if not value:
            return False
        if value & ~low & kernel.mode.facts.frame_mask == header_base & ~low & kernel.mode.facts.frame_mask:
            return True
        there = AddressSpace(kernel.physical, kernel.mode, value).translate(head).physical
        return there is not None and there == kernel.translate(head).physical

    return is_directory


def system_faults(
    memory: MemoryReader, links: int, layout: Layout, bits: int, is_directory: IsDirectory | None = None
) -> tuple[Fault, ...]:
    """What does not fit; empty where ``layout`` reads the System process.

    Args:
        links: address of its ActiveProcessLinks.
        is_directory: judges a DirectoryTableBase, where that can be done.
    """
    if not layout.has("ActiveProcessLinks"):
        return (Fault(f"{layout.source} does not know where ActiveProcessLinks is"),)
    eprocess = links - layout.offset("ActiveProcessLinks")
    try:
        structure = read_present(memory, eprocess, layout)
    except ReadError as error:
        return (Fault(f"an EPROCESS at {eprocess:#x} cannot be read ({error.reason})"),)
    has = structure.layout.has
    kind = read_word(memory, eprocess, 1)
    if kind is None or not (has("UniqueProcessId") or has("ImageFileName")):
        return (Fault(f"an EPROCESS at {eprocess:#x} cannot be told: {structure.absent}"),)
    return tuple(_faults(structure, layout, kind, bits, is_directory))


def _faults(
    structure: Structure, layout: Layout, kind: int, bits: int, is_directory: IsDirectory | None
) -> Iterator[Fault]:
    """``layout``: the whole one; of members on an absent page nothing is said."""
    eprocess, step = structure.address, bits // 4

    def absent(member: str) -> bool:
        return layout.has(member) and not structure.layout.has(member)

    if eprocess % step:
        yield Fault(f"EPROCESS {eprocess:#x} is not aligned to {step} bytes, as kernel objects are")
    if kind & 0x7F != _PROCESS_TYPE:
        yield Fault(f"no dispatcher object of type Process begins at {eprocess:#x}")
    if not absent("UniqueProcessId") and structure.get("UniqueProcessId") != _SYSTEM_PID:
        yield Fault(f"UniqueProcessId is {structure.get('UniqueProcessId')}, System's is {_SYSTEM_PID}")
    name = structure.raw("ImageFileName") if structure.layout.has("ImageFileName") else b""
    if not absent("ImageFileName") and name.rstrip(b"\0") != _SYSTEM_NAME:
        yield Fault("ImageFileName is not System")
    for member in ("InheritedFromUniqueProcessId", "Peb"):
        if structure.get(member):
            yield Fault(f"{member} is {structure.get(member):#x}, System has none", False)
    base = structure.get("DirectoryTableBase")
    if is_directory is not None and base is not None and not is_directory(base):
        yield Fault(f"DirectoryTableBase {base:#x} is neither the header's nor one that reads the kernel", False)


def find_process_layout(memory: MemoryReader, links: int, layout: Layout, bits: int) -> Layout | None:
    """Find the layout of an unknown build from the System process, given the address of its ActiveProcessLinks.

    UniqueProcessId lies just before ActiveProcessLinks in every build seen, and the name is the fifteen-byte text
    ``System``; the start of the EPROCESS is where a dispatcher header of type Process (3) with an empty list of waiters
    stands. None where that does not come together.

    Args:
        layout: gives the members whose places are known all the same: DirectoryTableBase, and what KDBG states.
    """
    width = bits // 8
    try:
        if int.from_bytes(memory.read(links - width, width), "little") != _SYSTEM_PID:
            return None
        name_delta = memory.read(links, _NAME_SEARCH).find(_SYSTEM_NAME + bytes(9))
    except ReadError:
        return None
    links_at = _distance_to_start(memory, links, width)
    if name_delta < 0 or links_at is None or not layout.has("DirectoryTableBase"):
        return None
    members = {
        **layout.members,
        "UniqueProcessId": (links_at - width, width),
        "ActiveProcessLinks": (links_at, 2 * width),
        "ImageFileName": (links_at + name_delta, 15),
    }
    size = max(at + size for at, size in members.values())
    return Layout("_EPROCESS", size, members, "found in the System process")


def _distance_to_start(memory: MemoryReader, links: int, width: int) -> int | None:
    """How far the EPROCESS starts before its ActiveProcessLinks: nearest aligned step with a process header."""
    step = 2 * width
    start = links & ~(step - 1)
    for address in range(start, start - _FARTHEST, -step):
        try:
            header = memory.read(address, 0x8 + 2 * width)
        except ReadError:
            return None
        flink, blink = (int.from_bytes(header[i : i + width], "little") for i in (0x8, 0x8 + width))
        # DISPATCHER_HEADER: Type at 0, Size in words at 2, an empty WaitListHead at 8 points to itself
        if header[0] & 0x7F == _PROCESS_TYPE and flink == blink == address + 8:
            return links - address
    return None
