"""TSSs of an x86 processor: its own, and those of the task gates for double faults, NMIs and machine checks.

Members: public symbol tables (_KTSS). Registers of the tasks: ReactOS sets up the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from volplugins.lab.machine import segment_records as made
from volplugins.lab.machine.descriptor_tables import DescriptorTables, put_segment
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.vectors import DOUBLE_FAULT_TASK, MACHINE_CHECK_TASK, NMI_TASK

TASK_SIZE = 0x68  # what the processor itself reads of a TSS
_SPACING = 0x100
_TASKS, _TASK_FRAMES = 0xE0000, 0x150  # from where the kernel's own pages begin, and the first page frame
_TSS_PAGES, _PER_PROCESSOR = 3, 16
HANDLERS: Mapping[int, str] = {
    DOUBLE_FAULT_TASK: "nt!KiTrap08", NMI_TASK: "nt!KiTrap02", MACHINE_CHECK_TASK: "hal!HalpMcaExceptionHandlerWrapper",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TaskPlaces:
    """Where one processor's TSSs and the stacks of its task gates lie; all zero on x64.

    Attributes:
        task: of its own TSS; others: of the other TSSs by selector.
        stacks: highest address of each stack, by selector.
    """

    task: int
    others: Mapping[int, int]
    stacks: Mapping[int, int]


def place_tasks(machine: Machine, number: int) -> TaskPlaces:
    """Map an x86 processor's TSSs, and a stack for each task gate between unmapped pages."""
    if machine.width == 8:
        return TaskPlaces(0, {}, {})
    start = machine.profile.system_bases[machine.base_index] + _TASKS + number * 0x20000
    frame = _TASK_FRAMES + number * _PER_PROCESSOR

    def block(at: int, pages: int) -> int:
        nonlocal frame
        frame = machine.memory.reserve(frame, pages) + pages
        machine.kernel.map(at, pages * 0x1000, "data", list(range(frame - pages, frame)))
        return at

    task, further = block(start, _TSS_PAGES), block(start + 0x4000, 1)
    stacks = {selector: block(start + 0x6000 + index * 0x5000, 3) + 0x3000 for index, selector in enumerate(HANDLERS)}
    others = {selector: further + index * _SPACING for index, selector in enumerate(HANDLERS)}
    return TaskPlaces(task, others, stacks)


def write_tasks(machine: Machine, tables: DescriptorTables, places: TaskPlaces) -> None:
    """Write the TSSs as they are while none of the task gates has been taken; CR3 is System's directory."""
    size = machine.structures.size("_KTSS")
    own = machine.record("_KTSS").fill(Ss0=0x10, CR3=machine.kernel.directory, IoMapBase=size)
    machine.write(tables.tss, own.data)
    for selector, address in places.others.items():
        target, top = machine.symbol(HANDLERS[selector]), places.stacks[selector]
        task = machine.record("_KTSS").fill(
            Esp0=top, Ss0=0x10, CR3=machine.kernel.directory, Eip=target, Esp=top, Cs=8, Ss=0x10, Ds=0x23, Es=0x23,
            Fs=0x30, IoMapBase=TASK_SIZE,
        )  # fmt: skip
        machine.write(address, task.data[:TASK_SIZE])
        put_segment(machine, tables, selector, address, TASK_SIZE - 1, made.TASK)
        tables.tasks[selector] = address
