"""Triage (small) dumps: blocks of structures and data by virtual address, and the driver list."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.dumpfile.context import RegisterContext, decode_context
from volplugins.dumpfile.errors import TruncatedDump
from volplugins.dumpfile.exception_record import ExceptionRecord, decode_exception_record32, decode_exception_record64
from volplugins.dumpfile.header import DumpHeader
from volplugins.dumpfile.header_fields import HEADER32, HEADER64, HeaderField, read_field
from volplugins.dumpfile.note import Note
from volplugins.dumpfile.source import ByteSource
from volplugins.dumpfile.triage_blocks import Block, BlockCutter, placed, read_data_blocks
from volplugins.dumpfile.triage_drivers import (
    TriageDriver,
    UnloadedDriver,
    read_drivers,
    read_pool_string,
    read_unloaded,
)
from volplugins.dumpfile.triage_fields import TRIAGE32, TRIAGE64, TriageLayout
from volplugins.dumpfile.triage_memory import Segment, TriageMemory

_VALID = b"TRGD"  # the mark at ValidOffset in both real dumps


@dataclass(frozen=True, slots=True)
class TriageDump:
    """All that a triage dump holds besides its header.

    Attributes:
        fields: every field of the triage header under its name, in file order.
        context, exception: the records that it points to, usually those of the dump header.
        drivers, unloaded: loaded drivers, and those unloaded before the crash.
        broken_driver: name of the driver that Windows itself blamed, or empty.
        prcb, process, thread: KPRCB, EPROCESS and ETHREAD at the crash; ``virtual`` is set where a data block tells it.
        call_stack: the crashing thread's stack; ``virtual`` is TopOfStack, the lowest address.
        debugger_data: the KDBG block, at the header's KdDebuggerDataBlock.
        mm: memory manager counters (DUMP_MM_STORAGE), undecoded.
        data_page: one page of data, where one was written.
        data_blocks: memory by virtual address.
        size_of_dump: bytes up to the secondary data.
        virtual_memory: reads all blocks whose virtual address is known.
    """

    fields: tuple[HeaderField, ...]
    context: RegisterContext | None
    exception: ExceptionRecord | None
    drivers: tuple[TriageDriver, ...]
    unloaded: tuple[UnloadedDriver, ...]
    broken_driver: str
    prcb: Block | None
    process: Block | None
    thread: Block | None
    call_stack: Block | None
    debugger_data: Block | None
    mm: Block | None
    data_page: Block | None
    data_blocks: tuple[Block, ...]
    size_of_dump: int
    virtual_memory: TriageMemory


def read_triage(source: ByteSource, header: DumpHeader, notes: list[Note]) -> TriageDump:
    """Read the blocks; what cannot be read is left out with a note.

    Raises:
        TruncatedDump: the file ends inside the triage header.
    """
    layout = TRIAGE64 if header.bits == 64 else TRIAGE32
    data = source.read(0, layout.base + layout.size)
    if len(data) < layout.base + layout.size:
        raise TruncatedDump("the file ends inside the triage header", offset=len(data))
    fields = tuple(read_field(data, field) for field in layout.fields)
    number = {field.name: field.value if isinstance(field.value, int) else 0 for field in fields}
    _check_end(source, number, notes)
    cutter = BlockCutter(source, number, notes)
    listed = read_data_blocks(source, layout, number["DataBlocksOffset"], number["DataBlocksCount"], notes)
    call_stack = cutter.sized("CallStackOffset", "SizeOfCallStack", number["TopOfStack"] or None)
    debugger_data = cutter.sized("DebuggerDataOffset", "DebuggerDataSize", header.kd_debugger_data_block or None)
    data_page = cutter.sized("DataPageOffset", "DataPageSize", number["DataPageAddress"] or None)
    prcb = placed(cutter.until_next("PrcbOffset"), listed)
    process = placed(cutter.until_next("ProcessOffset"), listed)
    return TriageDump(
        fields,
        *_records(source, header, number),
        read_drivers(source, layout, number["DriverListOffset"], number["DriverCount"], notes),
        read_unloaded(source, layout, number["UnloadedDriversOffset"], notes),
        read_pool_string(source, number["BrokenDriverOffset"]),
        prcb,
        process,
        cutter.until_next("ThreadOffset"),
        call_stack,
        debugger_data,
        cutter.until_next("MmOffset"),
        data_page,
        listed,
        number["SizeOfDump"],
        TriageMemory(source, _segments((call_stack, debugger_data, data_page, *listed, prcb, process), layout)),
    )


def _segments(blocks: tuple[Block | None, ...], layout: TriageLayout) -> list[Segment]:
    """The blocks that have an address, and fit behind it."""
    limit = 1 << 8 * layout.pointer
    return [
        (block.virtual, block.offset, min(block.size, limit - block.virtual))
        for block in blocks
        if block is not None and block.virtual is not None
    ]


def _records(
    source: ByteSource, header: DumpHeader, number: dict[str, int]
) -> tuple[RegisterContext | None, ExceptionRecord | None]:
    """The context and exception records that the triage header points to."""
    layout = HEADER64 if header.bits == 64 else HEADER32
    context = source.read(number["ContextOffset"], layout.context_size) if number["ContextOffset"] else b""
    record = source.read(number["ExceptionOffset"], layout.exception_size) if number["ExceptionOffset"] else b""
    decode = decode_exception_record64 if header.bits == 64 else decode_exception_record32
    return decode_context(context, header.machine, True), decode(record)


def _check_end(source: ByteSource, number: dict[str, int], notes: list[Note]) -> None:
    """The writer ends the triage part with a mark; without it the dump was not written to its end."""
    offset = number["ValidOffset"]
    if source.read(offset, 4) != _VALID:
        notes.append(
            Note("ValidOffset", f"the end mark TRGD is not at {offset:#x}: the dump was not written to its end")
        )
