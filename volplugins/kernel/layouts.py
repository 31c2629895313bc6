"""Layouts of the kernel's structures: from the symbol table where the host has one, else built in, else found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from volplugins.kernel.builds import processes, processors, threads, vads
from volplugins.kernel.builds.sizes import PAIRS, SIZES
from volplugins.kernel.debugger_data import DebuggerData
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout
from volplugins.paging.invalid_entry import InvalidLayout

_SYSTEM_NAME = b"System" + bytes(9)
_NAME_SEARCH = 0x400


@dataclass(frozen=True, slots=True)
class KernelLayouts:
    """The structures that this suite reads without symbols.

    ``invalid`` is the layout of page-table entries that are not valid, from the symbols; None where they are not at
    hand, and the built-in one of the paging mode holds. ``invalid_mask`` is the address of the kernel's
    InvalidPteMask relative to its image, where the symbols know it.
    """

    process: Layout
    thread: Layout
    processor: Layout
    processor_stacks: Layout
    vad: Layout
    handle_table: Layout
    session: Layout
    subsection: Layout
    control_area: Layout
    file_object: Layout
    invalid: InvalidLayout | None = None
    invalid_mask: int | None = None


# field of KernelLayouts: the structure, and the prefix of its columns and rows in the tables by build
STRUCTURES = {
    "process": ("_EPROCESS", "EPROCESS"),
    "thread": ("_ETHREAD", "ETHREAD"),
    "processor": ("_KPRCB", "PROCESSOR"),
    "processor_stacks": ("_KPRCB", "PROCESSOR_STACKS"),
    "vad": ("_MMVAD", "VAD"),
    "handle_table": ("_HANDLE_TABLE", "HANDLE"),
    "session": ("_MM_SESSION_SPACE", "SESSION"),
    "subsection": ("_SUBSECTION", "SUBSECTION"),
    "control_area": ("_CONTROL_AREA", "CONTROL_AREA"),
    "file_object": ("_FILE_OBJECT", "FILE_OBJECT"),
}
_TABLES = (processes, processors, threads, vads)


def built_in(bits: int, build: int) -> KernelLayouts:
    """The built-in layouts for ``build``: its own row, else that of the nearest build below (or the lowest)."""
    found: dict[str, Any] = {}
    for field, (structure, prefix) in STRUCTURES.items():
        table = next(each for each in _TABLES if hasattr(each, f"{prefix}_COLUMNS"))
        columns, rows = getattr(table, f"{prefix}_COLUMNS"), getattr(table, f"{prefix}_{bits}")
        found[field] = _layout(structure, columns, rows, bits, build)
    found["vad"] = _with_vad_bits(found["vad"], bits, build)
    resident = {64: threads.STACK_RESIDENT_64, 32: threads.STACK_RESIDENT_32}[bits]
    old = {64: threads.ETHREAD_BITS_64, 32: threads.ETHREAD_BITS_32}[bits]
    flags = {"KernelStackResident": resident[_row(resident, build)], **old[_row(old, build)]}
    size = max(found["thread"].size, *(at + size for at, size, _, _ in flags.values()))
    found["thread"] = replace(found["thread"], bits=flags, size=size)
    user_directory = processes.USER_DIRECTORY_64.get(build) if bits == 64 else None
    if user_directory is not None:
        process = found["process"]
        members = {**process.members, "UserDirectoryTableBase": (user_directory, 8)}
        found["process"] = Layout(process.name, _end(members), members, process.source)
    return KernelLayouts(**found)


def empty(bits: int) -> KernelLayouts:
    """Layouts that know nothing yet, for machines without tables: the debugger data block fills in what it states."""
    width = bits // 8
    source = "no table for this machine"
    found: dict[str, Any] = {field: Layout(structure, 0, {}, source) for field, (structure, _) in STRUCTURES.items()}
    found["processor"] = Layout("_KPRCB", 0x10, {"CurrentThread": (width, width)}, source)
    return KernelLayouts(**found)


def preferred(layouts: KernelLayouts, fallback: KernelLayouts) -> KernelLayouts:
    """``layouts``, each structure without members taken from ``fallback``; members are never mixed within one."""
    chosen: dict[str, Any] = {
        field: mine if (mine := getattr(layouts, field)).members else getattr(fallback, field) for field in STRUCTURES
    }
    return KernelLayouts(**chosen, invalid=layouts.invalid, invalid_mask=layouts.invalid_mask)


def with_debugger_data(layouts: KernelLayouts, data: DebuggerData, bits: int) -> KernelLayouts:
    """The layouts with the offsets that the kernel's own debugger data block states, which win."""
    width = bits // 8
    said = data.offsets
    thread = {
        "InitialStack": said.get("OffsetKThreadInitialStack"),
        "KernelStack": said.get("OffsetKThreadKernelStack"),
        "ApcProcess": said.get("OffsetKThreadApcProcess"),
        "State": said.get("OffsetKThreadState"),
        "Teb": said.get("OffsetKThreadTeb"),
    }
    process = {
        "Peb": said.get("OffsetEprocessPeb"),
        "InheritedFromUniqueProcessId": said.get("OffsetEprocessParentCID"),
        "DirectoryTableBase": said.get("OffsetEprocessDirectoryTableBase"),
    }
    processor = {
        "CurrentThread": said.get("OffsetPrcbCurrentThread"),
        "Number": said.get("OffsetPrcbNumber"),
        "ContextFrame": said.get("OffsetPrcbProcStateContext"),
    }
    return replace(
        layouts,
        process=_overlay(layouts.process, process, width),
        thread=_overlay(layouts.thread, thread, width),
        processor=_overlay(layouts.processor, processor, width),
    )


def _row(rows: Iterable[int], build: int) -> int:
    """The row for ``build``: the last one up to it, else the first."""
    known = sorted(rows)
    return max((each for each in known if each <= build), default=known[0])


def _layout(
    name: str, columns: tuple[str, ...], rows: Mapping[int, tuple[int | None, ...]], bits: int, build: int
) -> Layout:
    width, row = bits // 8, _row(rows, build)
    members = {
        member: (at, _size(member, width, at)) for member, at in zip(columns, rows[row], strict=True) if at is not None
    }
    if name == "_MMVAD" and width == 8 and row >= vads.NARROW_VPN_BUILD:
        members |= {member: (members[member][0], 4) for member in ("StartingVpn", "EndingVpn")}
    exact = "" if row == build else f" (nearest to {build})"
    return Layout(name, _end(members), members, f"built-in {row}{exact}")


def _with_vad_bits(layout: Layout, bits: int, build: int) -> Layout:
    table = {64: vads.VAD_BITS_64, 32: vads.VAD_BITS_32}[bits]
    row = _row(table, build)
    start = layout.offset("VadFlags")
    size = 8 if bits == 64 and row < vads.NARROW_VPN_BUILD else 4
    fields = {name: (start + word, size, low, width) for name, (word, low, width) in table[row].items()}
    members = {name: place for name, place in layout.members.items() if name != "VadFlags"}
    return Layout(layout.name, layout.size, members, layout.source, fields)


def _size(member: str, width: int, offset: int = 0) -> int:
    """Bytes of a member; one at an odd offset is a counter that begins with the second byte of its word."""
    if member == "Number":
        return 1 if width == 4 or offset == 4 else 4
    if offset & 1 and member == "VadCount":
        return width - 1
    return 2 * width if member in PAIRS else SIZES.get(member, width)


def _end(members: Mapping[str, tuple[int, int]]) -> int:
    return max((at + size for at, size in members.values()), default=0)


def _overlay(layout: Layout, said: Mapping[str, int | None], width: int) -> Layout:
    members = dict(layout.members)
    for member, at in said.items():
        if at:
            members[member] = (at, _size(member, width, at))
    return Layout(layout.name, max(_end(members), layout.size), members, f"{layout.source}, KDBG", layout.bits)


def from_offsets(
    name: str,
    places: Mapping[str, tuple[int, int]],
    fields: Mapping[str, tuple[int, int, int, int]],
    bits: int,
    source: str,
) -> Layout:
    """The layout whose members are at ``places`` (offset, size in bytes) and whose bit fields are ``fields``.

    A member that has one size in every build keeps that, whatever the symbols say of it (XP declares
    DirectoryTableBase as two words).
    """
    width = bits // 8
    fixed = SIZES.keys() | PAIRS | {"DirectoryTableBase", "Number"}
    members = {
        member: (at, _size(member, width, at) if member in fixed else size) for member, (at, size) in places.items()
    }
    ends = [at + size for at, size, _, _ in fields.values()]
    return Layout(name, max([_end(members), *ends]), members, source, dict(fields))


def fits_system_process(memory: MemoryReader, eprocess: int, layout: Layout) -> bool:
    """Whether ``layout`` reads the name System and the PID 4 (XP too) at ``eprocess``."""
    try:
        name_at, pid_at = layout.offset("ImageFileName"), layout.members["UniqueProcessId"]
        name = memory.read(eprocess + name_at, 7)
        pid = int.from_bytes(memory.read(eprocess + pid_at[0], pid_at[1]), "little")
    except (ReadError, KeyError):
        return False
    return name == b"System\0" and pid == 4


def find_process_layout(memory: MemoryReader, links: int, layout: Layout, bits: int) -> Layout | None:
    """Find the layout of an unknown build from the System process, given the address of its ActiveProcessLinks.

    UniqueProcessId lies just before ActiveProcessLinks in every build seen, and the name is the fifteen-byte text
    ``System``; the start of the EPROCESS is where a dispatcher header of type Process (3) with the
    DirectoryTableBase behind it stands. None where that does not come together.
    """
    width = bits // 8
    try:
        if int.from_bytes(memory.read(links - width, width), "little") != 4:
            return None
        name_delta = memory.read(links, _NAME_SEARCH).find(_SYSTEM_NAME)
    except ReadError:
        return None
    links_at = _distance_to_start(memory, links, width)
    if name_delta < 0 or links_at is None or not layout.has("DirectoryTableBase"):
        return None
    members = {
        "UniqueProcessId": (links_at - width, width),
        "ActiveProcessLinks": (links_at, 2 * width),
        "ImageFileName": (links_at + name_delta, 15),
        "DirectoryTableBase": layout.members["DirectoryTableBase"],
    }
    return Layout("_EPROCESS", _end(members), members, "found in the System process")


def _distance_to_start(memory: MemoryReader, links: int, width: int) -> int | None:
    """How far the EPROCESS starts before its ActiveProcessLinks: nearest 16-byte step with a process header."""
    step, head_at = 2 * width, (0x8, 0x18)[width == 8]
    start = links & ~(step - 1)
    for address in range(start, start - 0x900, -step):
        try:
            header = memory.read(address, head_at + 2 * width)
        except ReadError:
            return None
        flink, blink = (int.from_bytes(header[i : i + width], "little") for i in (0x8, 0x8 + width))
        # DISPATCHER_HEADER: Type at 0, Size in words at 2, an empty WaitListHead at 8 points to itself
        if header[0] & 0x7F == 3 and flink == blink == address + 8:
            return links - address
    return None
