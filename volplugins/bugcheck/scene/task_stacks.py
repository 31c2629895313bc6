"""Stacks of the tasks of x86: those that double faults, NMIs and machine checks run on (descriptors/tasks.py)."""

from __future__ import annotations

from collections.abc import Sequence

from volplugins.descriptors.processor_tables import read_processor_tables
from volplugins.descriptors.tasks import STACK, gate_tasks
from volplugins.kernel.descriptor_layouts import GateLayouts
from volplugins.kernel.processor_stacks import ProcessorStack
from volplugins.kernel.processors import Processor
from volplugins.memory.reader import MemoryReader, ReadError


def task_stacks(
    memory: MemoryReader, processors: Sequence[Processor], layouts: GateLayouts, bits: int
) -> tuple[ProcessorStack, ...]:
    """The stacks of every processor's tasks, ``Task08`` and so on by vector; none on x64."""
    if bits != 32 or not layouts.pcr.members:
        return ()
    found: dict[int, ProcessorStack] = {}
    for processor in processors:
        tables = read_processor_tables(memory, processor, layouts, 32, 32)
        for vector, task in gate_tasks(memory, tables):
            top = task.stack_top
            if top and top not in found and _is_there(memory, top - 4):
                found[top] = ProcessorStack(f"Task{vector:02X}", processor.index, top - STACK, top)
    return tuple(found.values())


def _is_there(memory: MemoryReader, address: int) -> bool:
    try:
        memory.read(address, 4)
    except ReadError:
        return False
    return True
