"""Layouts of the kernel's structures: from the symbol table where the host has one, else built in, else found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from volplugins.kernel import layout_tables as tables
from volplugins.kernel.debugger_data import DebuggerData
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout

_SYSTEM_NAME = b"System" + bytes(9)
_NAME_SEARCH = 0x400


@dataclass(frozen=True, slots=True)
class KernelLayouts:
    """The structures that this suite reads without symbols: ``_EPROCESS``, ``_ETHREAD`` and ``_KPRCB``."""

    process: Layout
    thread: Layout
    processor: Layout


def built_in(bits: int, build: int) -> KernelLayouts:
    """The built-in layouts for ``build``: its own row, else that of the nearest build below (or the lowest)."""
    by_name = {64: "_64", 32: "_32"}[bits]
    return KernelLayouts(
        *(
            _layout(structure, columns, getattr(tables, prefix + by_name), bits, build)
            for structure, columns, prefix in (
                ("_EPROCESS", tables.EPROCESS_COLUMNS, "EPROCESS"),
                ("_ETHREAD", tables.ETHREAD_COLUMNS, "ETHREAD"),
                ("_KPRCB", tables.PROCESSOR_COLUMNS, "PROCESSOR"),
            )
        )
    )


def empty(bits: int) -> KernelLayouts:
    """Layouts that know nothing yet, for machines without tables: the debugger data block fills in what it states."""
    width = bits // 8
    source = "no table for this machine"
    return KernelLayouts(
        Layout("_EPROCESS", 0, {}, source),
        Layout("_ETHREAD", 0, {}, source),
        Layout("_KPRCB", 0x10, {"CurrentThread": (width, width)}, source),
    )


def preferred(layouts: KernelLayouts, fallback: KernelLayouts) -> KernelLayouts:
    """``layouts``, each structure without members taken from ``fallback``; members are never mixed within one."""
    return KernelLayouts(
        layouts.process if layouts.process.members else fallback.process,
        layouts.thread if layouts.thread.members else fallback.thread,
        layouts.processor if layouts.processor.members else fallback.processor,
    )


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
    return KernelLayouts(
        _overlay(layouts.process, process, width),
        _overlay(layouts.thread, thread, width),
        _overlay(layouts.processor, processor, width),
    )


def _layout(name: str, columns: tuple[str, ...], rows: Mapping[int, tuple[int, ...]], bits: int, build: int) -> Layout:
    width = bits // 8
    row = max((known for known in rows if known <= build), default=min(rows))
    members = {member: (at, _size(member, width)) for member, at in zip(columns, rows[row], strict=True)}
    exact = "" if row == build else f" (nearest to {build})"
    return Layout(name, _end(members), members, f"built-in {row}{exact}")


def _size(member: str, width: int) -> int:
    if member == "Number":
        return 1 if width == 4 else 4
    return 2 * width if member in tables.PAIRS else tables.SIZES.get(member, width)


def _end(members: Mapping[str, tuple[int, int]]) -> int:
    return max((at + size for at, size in members.values()), default=0)


def _overlay(layout: Layout, said: Mapping[str, int | None], width: int) -> Layout:
    members = dict(layout.members)
    for member, at in said.items():
        if at:
            members[member] = (at, _size(member, width))
    return Layout(layout.name, _end(members), members, f"{layout.source}, KDBG")


def from_offsets(name: str, offsets: Mapping[str, int], bits: int, source: str) -> Layout:
    """The layout whose members are at ``offsets``; sizes are those that the members have in every build."""
    members = {member: (at, _size(member, bits // 8)) for member, at in offsets.items()}
    return Layout(name, _end(members), members, source)


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
    if name_delta < 0 or links_at is None:
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
