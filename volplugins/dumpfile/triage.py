"""Triage (small) dumps: blocks of structures and data by virtual address, and the driver list."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from volplugins.dumpfile.context import RegisterContext, decode_context
from volplugins.dumpfile.errors import TruncatedDump
from volplugins.dumpfile.exception_record import ExceptionRecord, decode_exception_record32, decode_exception_record64
from volplugins.dumpfile.header import DumpHeader
from volplugins.dumpfile.header_fields import HEADER32, HEADER64, HeaderField, read_field
from volplugins.dumpfile.note import Note
from volplugins.dumpfile.source import ByteSource
from volplugins.dumpfile.triage_drivers import TriageDriver, UnloadedDriver, read_drivers, read_unloaded
from volplugins.dumpfile.triage_fields import TRIAGE32, TRIAGE64, TriageLayout
from volplugins.dumpfile.triage_memory import Segment, TriageMemory

_VALID = b"TRGD"  # observation: both real dumps end so
_LARGEST_BLOCK = 1 << 24
MAX_DATA_BLOCKS = 1 << 16


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the file: its virtual address where that is known, file offset and bytes."""

    virtual: int | None
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class TriageDump:
    """All that a triage dump holds besides its header."""

    fields: tuple[HeaderField, ...]
    context: RegisterContext | None
    exception: ExceptionRecord | None
    drivers: tuple[TriageDriver, ...]
    unloaded: tuple[UnloadedDriver, ...]
    prcb: Block | None
    process: Block | None
    thread: Block | None
    call_stack: Block | None
    debugger_data: Block | None
    data_blocks: int
    size_of_dump: int
    virtual_memory: TriageMemory


def read_triage(source: ByteSource, header: DumpHeader, notes: list[Note]) -> TriageDump:
    """Read the blocks; what cannot be read is left out with a note. Raises TruncatedDump without a triage header."""
    layout = TRIAGE64 if header.bits == 64 else TRIAGE32
    data = source.read(0, layout.base + layout.size)
    if len(data) < layout.base + layout.size:
        raise TruncatedDump("the file ends inside the triage header", offset=len(data))
    fields = tuple(read_field(data, field) for field in layout.fields)
    number = {field.name: field.value if isinstance(field.value, int) else 0 for field in fields}
    _check_end(source, number, notes)
    blocks = _Blocks(source, number, notes)
    prcb = blocks.until_next("PrcbOffset")
    process = blocks.until_next("ProcessOffset")
    thread = blocks.until_next("ThreadOffset")
    call_stack = blocks.sized("CallStackOffset", "SizeOfCallStack", number["TopOfStack"])
    debugger_data = blocks.sized("DebuggerDataOffset", "DebuggerDataSize", header.kd_debugger_data_block or None)
    data_page = blocks.sized("DataPageOffset", "DataPageSize", number["DataPageAddress"])
    pieces = [
        (block.virtual, block.offset, len(block.data))
        for block in (call_stack, debugger_data, data_page)
        if block is not None and block.virtual
    ]
    listed = _data_blocks(source, layout, number, notes)
    return TriageDump(
        fields,
        *_records(source, header, number),
        read_drivers(source, layout, number["DriverListOffset"], number["DriverCount"], notes),
        read_unloaded(source, layout, number["UnloadedDriversOffset"], notes),
        prcb,
        process,
        thread,
        call_stack,
        debugger_data,
        len(listed),
        number["SizeOfDump"],
        TriageMemory(source, [*pieces, *listed]),
    )


def _records(
    source: ByteSource, header: DumpHeader, number: dict[str, int]
) -> tuple[RegisterContext | None, ExceptionRecord | None]:
    """The context and exception records that the triage header points to (usually those of the dump header)."""
    layout = HEADER64 if header.bits == 64 else HEADER32
    context = source.read(number["ContextOffset"], layout.context_size) if number["ContextOffset"] else b""
    record = source.read(number["ExceptionOffset"], layout.exception_size) if number["ExceptionOffset"] else b""
    decode = decode_exception_record64 if header.bits == 64 else decode_exception_record32
    return decode_context(context, header.machine), decode(record)


def _check_end(source: ByteSource, number: dict[str, int], notes: list[Note]) -> None:
    """The writer ends the triage part with a mark; without it the dump was not written to its end."""
    offset = number["ValidOffset"]
    if source.read(offset, 4) != _VALID:
        notes.append(
            Note("ValidOffset", f"the end mark TRGD is not at {offset:#x}: the dump was not written to its end")
        )


class _Blocks:
    """Cuts blocks out of the file; their sizes follow from where the next block starts."""

    def __init__(self, source: ByteSource, number: dict[str, int], notes: list[Note]) -> None:
        self._source = source
        self._number = number
        self._notes = notes
        self._starts = sorted(
            {value for name, value in number.items() if name.endswith("Offset") and 0 < value <= source.size}
            | {source.size}
        )

    def until_next(self, name: str) -> Block | None:
        """The block that starts at the field ``name`` and goes on to the next one."""
        offset = self._number[name]
        end = next((start for start in self._starts if start > offset), 0)
        return self._cut(name, offset, end - offset, None)

    def sized(self, name: str, size_name: str, virtual: int | None) -> Block | None:
        """The block at the field ``name`` whose size is the field ``size_name``."""
        return self._cut(name, self._number[name], self._number[size_name], virtual)

    def _cut(self, name: str, offset: int, size: int, virtual: int | None) -> Block | None:
        if not offset or size == 0:
            return None
        if offset >= self._source.size or size < 0:
            self._notes.append(Note(name, f"points past the end of the file ({offset:#x})"))
            return None
        data = self._source.read(offset, min(size, _LARGEST_BLOCK))
        if len(data) < size:
            self._notes.append(Note(name, f"the block of {size:#x} bytes is cut to {len(data):#x}"))
        return Block(virtual, offset, data)


def _data_blocks(source: ByteSource, layout: TriageLayout, number: dict[str, int], notes: list[Note]) -> list[Segment]:
    """The list of data blocks: virtual address, file offset, size; bad ones are counted and left out."""
    offset, claimed = number["DataBlocksOffset"], number["DataBlocksCount"]
    room = max(source.size - offset, 0) // layout.data_block_size if offset else 0
    count = min(claimed, room, MAX_DATA_BLOCKS)
    if claimed > count and offset:
        notes.append(Note("DataBlocksCount", f"{claimed} data blocks are claimed; {count} can be read"))
    kind = [("virtual", f"<u{layout.pointer}"), ("offset", "<u4"), ("size", "<u4")]
    entries = np.frombuffer(source.read(offset, count * layout.data_block_size), dtype=np.dtype(kind))
    found, bad = [], 0
    for virtual, at, size in entries.tolist():
        held = min(size, max(source.size - at, 0))
        bad += held < size or virtual + size > 1 << (8 * layout.pointer)
        if held and virtual + held <= 1 << (8 * layout.pointer):
            found.append((virtual, at, held))
    if bad:
        notes.append(Note("DataBlocks", f"{bad} of {count} data blocks lie wholly or partly outside the file"))
    return found
