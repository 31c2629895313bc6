"""From a kernel's symbol table (the dictionaries of an ISF file) to the core's layouts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from volplugins.kernel.layouts import STRUCTURES, KernelLayouts, from_offsets
from volplugins.memory.structure import Layout
from volplugins.paging.invalid_entry import InvalidLayout, from_bits

Types = Mapping[str, Mapping[str, Any]]
Path = tuple[str, ...]  # a structure, then members from the outside in


def _same(structure: str, *names: str) -> dict[str, Path | tuple[Path, ...]]:
    return {name: (structure, name) for name in names}


# our member name: where the symbol table has it; alternatives for builds that have it elsewhere, newest first
_MEMBERS: dict[str, dict[str, Path | tuple[Path, ...]]] = {
    "process": {
        **_same("_EPROCESS", "UniqueProcessId", "ActiveProcessLinks", "ImageFileName", "Peb", "CreateTime", "ExitTime"),
        **_same("_EPROCESS", "InheritedFromUniqueProcessId", "ThreadListHead", "ObjectTable", "Session", "Flags"),
        **_same("_EPROCESS", "CommitCharge", "PageDirectoryPte", "Flags3"),
        "DirectoryTableBase": ("_EPROCESS", "Pcb", "DirectoryTableBase"),
        "UserDirectoryTableBase": ("_EPROCESS", "Pcb", "UserDirectoryTableBase"),
        "ProfileListHead": ("_EPROCESS", "Pcb", "ProfileListHead"),
        "SecureHandle": (("_EPROCESS", "Pcb", "SecureState", "SecureHandle"), ("_EPROCESS", "Pcb", "SecurePid")),
        # the pointer to the root: a tree of its own, one inside of a table (7), or the member itself (XP)
        "VadRoot": (
            ("_EPROCESS", "VadRoot", "Root"),
            ("_EPROCESS", "VadRoot", "BalancedRoot", "RightChild"),
            ("_EPROCESS", "VadRoot"),
        ),
        "VadCount": (("_EPROCESS", "VadCount"), ("_EPROCESS", "VadRoot", "NumberGenericTableElements")),
        "Wow64Process": (("_EPROCESS", "WoW64Process"), ("_EPROCESS", "Wow64Process")),
    },
    "thread": {
        **{name: ("_ETHREAD", "Tcb", name) for name in ("InitialStack", "StackLimit", "KernelStack", "StackBase")},
        **{name: ("_ETHREAD", "Tcb", name) for name in ("TrapFrame", "State", "Teb", "WaitReason")},
        **{name: ("_ETHREAD", "Tcb", name) for name in ("KernelStackResident", "ContextSwitches")},
        "ApcProcess": ("_ETHREAD", "Tcb", "ApcState", "Process"),
        "Process": (("_ETHREAD", "Tcb", "Process"), ("_ETHREAD", "ThreadsProcess")),
        **_same("_ETHREAD", "Cid", "ThreadListEntry", "CreateTime", "ExitTime", "ExitStatus", "StartAddress"),
        **_same("_ETHREAD", "Win32StartAddress", "LpcReceivedMsgIdValid"),
    },
    "processor": {
        **_same("_KPRCB", "CurrentThread", "Number"),
        "ContextFrame": ("_KPRCB", "ProcessorState", "ContextFrame"),
    },
    "processor_stacks": _same("_KPRCB", "IsrStack", "DpcStack", "ExceptionStack"),
    "vad": {
        # a node of its own since 8, with children of other names since 8.1
        **{
            side: (
                ("_MMVAD_SHORT", "VadNode", side),
                ("_MMVAD_SHORT", "VadNode", f"{side}Child"),
                ("_MMVAD_SHORT", f"{side}Child"),
            )
            for side in ("Left", "Right")
        },
        **_same("_MMVAD_SHORT", "StartingVpn", "EndingVpn", "StartingVpnHigh", "EndingVpnHigh"),
        **_same("_MMVAD", "Subsection", "ControlArea", "FirstPrototypePte", "LastContiguousPte"),
        **{name: ("_MMVAD_SHORT", "u", "VadFlags", name) for name in ("VadType", "Protection", "PrivateMemory")},
        **{
            name: ("_MMVAD_SHORT", "u", "VadFlags", name)
            for name in ("ImageMap", "PhysicalMapping", "UserPhysicalPages", "WriteWatch", "LargePages")
        },
        "MemCommit": (
            ("_MMVAD_SHORT", "u1", "VadFlags1", "MemCommit"), ("_MMVAD_SHORT", "u", "VadFlags", "MemCommit"),
        ),
        "CommitCharge": (
            ("_MMVAD_SHORT", "u1", "VadFlags1", "CommitCharge"), ("_MMVAD_SHORT", "u", "VadFlags", "CommitCharge"),
        ),
    },
    "handle_table": {"HandleCount": (("_HANDLE_TABLE", "FreeLists", "HandleCount"), ("_HANDLE_TABLE", "HandleCount"))},
    "session": _same("_MM_SESSION_SPACE", "SessionId"),
    "subsection": _same("_SUBSECTION", "ControlArea"),
    "control_area": _same("_CONTROL_AREA", "FilePointer"),
    "file_object": _same("_FILE_OBJECT", "FileName"),
}  # fmt: skip


def kernel_layouts(types: Types, base_types: Types, symbols: Mapping[str, int], bits: int) -> KernelLayouts:
    """Layouts of the kernel's structures; one that the table lacks has no members.

    Args:
        types: ``user_types`` of the ISF file; ``base_types`` as there.
        symbols: relative virtual addresses by name; MiState is asked for.
        bits: 32 or 64.
    """
    reader = _Reader(types, base_types, bits)
    found = {field: reader.layout(structure, _MEMBERS[field]) for field, (structure, _) in STRUCTURES.items()}
    if found["thread"].has("CreateTime") and reader.find(("_ETHREAD", "NestedFaultCount")) is not None:
        found["thread"] = _with_shifted_create_time(found["thread"])
    return KernelLayouts(**found, invalid=_invalid(reader), invalid_mask=_invalid_mask(reader, symbols))


def _with_shifted_create_time(thread: Layout) -> Layout:
    """XP and Server 2003: the lowest three bits of the create time are NestedFaultCount and ApcNeeded."""
    members = dict(thread.members)
    at, size = members.pop("CreateTime")
    return replace(thread, members=members, bits={**thread.bits, "CreateTime": (at, size, 3, 8 * size - 3)})


class _Reader:
    """Looks up members of one symbol table."""

    def __init__(self, types: Types, base_types: Types, bits: int) -> None:
        self.types = types
        self._base = base_types
        self._bits = bits

    def layout(self, structure: str, members: Mapping[str, Path | tuple[Path, ...]]) -> Layout:
        places: dict[str, tuple[int, int]] = {}
        fields: dict[str, tuple[int, int, int, int]] = {}
        for ours, said in members.items():
            paths: tuple[Path, ...] = said if isinstance(said[0], tuple) else (said,)
            found = next((place for path in paths if (place := self.find(path)) is not None), None)
            # one of several places is a number or a pointer; a structure there is one whose members the table lacks
            if found is None or (len(paths) > 1 and found[1]["kind"] == "struct"):
                continue
            offset, kind = found
            if kind["kind"] == "bitfield":
                size = self.size(kind["type"])
                fields[ours] = (offset, size, kind["bit_position"], kind["bit_length"])
            else:
                places[ours] = (offset, self.size(kind))
        if not places and not fields:
            return Layout(structure, 0, {}, "symbols")
        return from_offsets(structure, places, fields, self._bits, "symbols")

    def find(self, path: Path) -> tuple[int, Mapping[str, Any]] | None:
        """Offset and type of a member, by a path that starts with its structure."""
        total, structure = 0, path[0]
        kind: Mapping[str, Any] = {}
        for member in path[1:]:
            entry = self.types.get(structure, {}).get("fields", {}).get(member)
            if entry is None:
                return None
            total += entry["offset"]
            kind = entry["type"]
            structure = (kind["subtype"] if kind["kind"] == "array" else kind).get("name", "")
        return total, kind

    def size(self, kind: Mapping[str, Any]) -> int:
        """Size in bytes of a type; that of a pointer where the table does not say."""
        if kind["kind"] == "array":
            return int(kind["count"]) * self.size(kind["subtype"])
        table = self._base if kind["kind"] == "base" else self.types
        return int(table.get(kind.get("name", ""), {}).get("size", self._bits // 8))

    def bits_of(self, structure: str, member: str) -> tuple[int, int] | None:
        """Lowest bit and width of a bit field."""
        found = self.find((structure, member))
        if found is None or found[1]["kind"] != "bitfield":
            return None
        return found[1]["bit_position"], found[1]["bit_length"]


def _invalid(reader: _Reader) -> InvalidLayout | None:
    """The layout of entries that are not valid, where the table has all three of its structures."""
    names = {
        "page_file_low": ("_MMPTE_SOFTWARE", "PageFileLow"),
        "page_file_high": ("_MMPTE_SOFTWARE", "PageFileHigh"),
        "in_store": ("_MMPTE_SOFTWARE", "InStore"),
        "transition_frame": ("_MMPTE_TRANSITION", "PageFrameNumber"),
        "prototype_address": ("_MMPTE_PROTOTYPE", "ProtoAddress"),
        "prototype_low": ("_MMPTE_PROTOTYPE", "ProtoAddressLow"),
        "prototype_high": ("_MMPTE_PROTOTYPE", "ProtoAddressHigh"),
        "swizzle": ("_MMPTE_SOFTWARE", "SwizzleBit"),
    }
    return from_bits({ours: reader.bits_of(*where) for ours, where in names.items()}, "symbols")


def _invalid_mask(reader: _Reader, symbols: Mapping[str, int]) -> int | None:
    """Where the kernel keeps InvalidPteMask, relative to its image."""
    state = symbols.get("MiState")
    place = reader.find(("_MI_SYSTEM_INFORMATION", "Hardware", "InvalidPteMask"))
    return state + place[0] if state is not None and place is not None else None
