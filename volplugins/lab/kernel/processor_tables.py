"""What a processor's tables hold because of the thread that it runs: stack of ring 0, TEB, LDT."""

from __future__ import annotations

from volplugins.lab.kernel.processes import Thread
from volplugins.lab.machine import segment_records as made
from volplugins.lab.machine.descriptor_tables import TEB, put_segment
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.processors import Processor

_V86 = 0x10  # x86: room for the segments of virtual-8086 mode above a trap frame
TEB_64, LOCAL_TABLE = 0x50, 0x48


def write_current_thread(machine: Machine, processor: Processor, thread: Thread) -> None:
    """Let the TSS have its stack, the GDT its TEB and on x86 the LDT of its process."""
    tables, wide = processor.tables, machine.width == 8
    top = thread.base - machine.profile.initial_gap
    if wide:
        machine.write(tables.tss + 4, machine.pointer(top))
        if thread.teb32:
            put_segment(machine, tables, TEB_64, thread.teb32, 0x3C00, made.DATA_3, made.WIDE)
        return
    machine.write(tables.tss + 4, machine.pointer(top - _V86))
    machine.write(tables.tss + 0x1C, machine.pointer(thread.process.directory_table_base))
    put_segment(machine, tables, TEB, thread.teb, 0xFFF, made.DATA_3, made.WIDE)
    if thread.process.local_table:
        base, limit = thread.process.local_table
        put_segment(machine, tables, LOCAL_TABLE, base, limit, made.LOCAL_TABLE)
        machine.write(tables.tss + 0x60, LOCAL_TABLE.to_bytes(2, "little"))
