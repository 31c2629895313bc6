"""The dump header of a snapshot, as the crash path of Windows fills it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.writers import header32, header64
from volplugins.lab.writers.header_layout import FILLER, HeaderLayout

_LAYOUTS = {32: header32.LAYOUT, 64: header64.LAYOUT}
_KNOWN = {name for layout in _LAYOUTS.values() for name in (*layout.integers, *layout.texts)}
_MACHINE_IMAGE_TYPE = {32: 0x14C, 64: 0x8664}
_FIRST_BUILD_WITH_ATTRIBUTES = 9200  # Windows 8; older ones leave the filler there

# A small dump marks the codes that have a marked twin, such as SYSTEM_THREAD_EXCEPTION_NOT_HANDLED_M.
_MARKED_CODES = {0x7E, 0x7F, 0x8E, 0xEA}
_MARK = 0x10000000
_TRIAGE_FIELDS = {"MiniDumpFields": 0xCFF}

TRIAGE = 4
LIVE_DUMP = 0x10  # DUMP_FILE_ATTRIBUTES.LiveDumpGeneratedDump


def layout_of(snapshot: Snapshot) -> HeaderLayout:
    """The header layout of the snapshot's architecture."""
    return _LAYOUTS[snapshot.bits]


def build_header(
    snapshot: Snapshot, dump_type: int, space: int, *, with_runs: bool = True, attributes: int = 0
) -> bytes:
    """The header as bytes, the filler wherever the snapshot says nothing.

    Args:
        snapshot: the machine.
        dump_type: the DumpType to write.
        space: RequiredDumpSpace, the size in bytes of the whole file.
        attributes: bits added to the header's Attributes.
        with_runs: whether the physical memory descriptor is written; small dumps have none.

    Raises:
        ValueError: a header field of the snapshot is unknown, or something has no room in the header.
    """
    layout = layout_of(snapshot)
    if unknown := set(snapshot.header) - _KNOWN:
        raise ValueError(f"no such header field: {', '.join(sorted(unknown))}")
    data = bytearray(FILLER * (layout.size // len(FILLER)))
    data[4:8] = layout.valid_dump
    fields = {**_defaults(snapshot, dump_type), **snapshot.header, "DumpType": dump_type, "RequiredDumpSpace": space}
    if dump_type == TRIAGE and fields.get("BugCheckCode") in _MARKED_CODES:
        fields["BugCheckCode"] |= _MARK
    if attributes:
        fields["Attributes"] = fields.get("Attributes", 0) | attributes
    for name, (offset, size) in layout.integers.items():
        if name in fields:
            value = int(fields[name]) & ((1 << 8 * size) - 1)
            data[offset : offset + size] = value.to_bytes(size, "little")
    for offset, content in _records(layout, snapshot, fields):
        data[offset : offset + len(content)] = content
    if with_runs:
        _put_runs(data, layout, snapshot.runs)
    return bytes(data)


def _defaults(snapshot: Snapshot, dump_type: int) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "MajorVersion": 15,
        "MachineImageType": _MACHINE_IMAGE_TYPE[snapshot.bits],
        "PaeEnabled": int(snapshot.pae),
        "NumberProcessors": 1,
        "ProductType": 1,
        "KdSecondaryVersion": 0,
        "WriterStatus": 0,
    }
    if dump_type == TRIAGE:  # a real one of build 19041 has the filler in Attributes and BootId
        return fields | _TRIAGE_FIELDS
    if snapshot.header.get("MinorVersion", 0) >= _FIRST_BUILD_WITH_ATTRIBUTES:
        fields |= {"Attributes": 0, "BootId": 1}
    return fields


def _records(layout: HeaderLayout, snapshot: Snapshot, fields: dict[str, Any]) -> Iterator[tuple[int, bytes]]:
    # Everything that is copied as bytes: texts with their NUL, the CONTEXT and the EXCEPTION_RECORD.
    rooms = {**layout.texts, "CONTEXT": layout.context, "EXCEPTION_RECORD": layout.exception}
    contents = {"CONTEXT": snapshot.context, "EXCEPTION_RECORD": snapshot.exception}
    for name in layout.texts:
        if name in fields:
            contents[name] = str(fields[name]).encode("ascii") + b"\0"
    for name, content in contents.items():
        offset, size = rooms[name]
        if len(content) > size:
            raise ValueError(f"{name} of {len(content)} bytes does not fit into {size}")
        yield offset, content


def _put_runs(data: bytearray, layout: HeaderLayout, runs: list[tuple[int, int]]) -> None:
    if len(runs) > layout.runs_capacity:
        raise ValueError(f"{len(runs)} runs, and the header has room for {layout.runs_capacity}")
    word = "<QQ" if layout.word == 8 else "<II"
    # On x64 four bytes of filler pad NumberOfRuns.
    struct.pack_into("<I", data, layout.memory_block[0], len(runs))
    struct.pack_into(word[:2], data, layout.memory_block[0] + layout.word, sum(count for _, count in runs))
    for index, run in enumerate(runs):
        struct.pack_into(word, data, layout.runs_offset + index * 2 * layout.word, *run)
