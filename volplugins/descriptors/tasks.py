"""Tasks of x86: the segment that a selector names, the stacks of task gates, and the task that was left for another.

Windows gives double faults (vector 8), NMIs (2) and machine checks (0x12) a task of their own by a task gate: the
processor then stores the registers of the task that it leaves in that one's segment, and its selector in the new one's
link (Intel SDM 3A, 8.2.1 and 8.4). A link of zero means the usual task, selector 0x28.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from volplugins.descriptors.descriptor import TASK_GATE
from volplugins.descriptors.lookup import VALID, look_up
from volplugins.descriptors.processor_tables import USUAL_TASK, ProcessorTables
from volplugins.descriptors.selector import Selector
from volplugins.descriptors.table import TableRegister, read_gates
from volplugins.descriptors.task_state import SIZE_32, TaskState, decode_task_32
from volplugins.memory.reader import MemoryReader, ReadError

STACK = 0x3000  # bytes of the stack of such a task (KERNEL_STACK_SIZE of x86, wdm.h)
_VECTORS = (0x02, 0x08, 0x12)
_LAST_GATE = 8 * _VECTORS[-1] + 7
_MOST_LINKS = 16
_KERNEL_HALF = 31  # the highest bit


@dataclass(frozen=True, slots=True)
class Task:
    """A task of 32 bits: its selector, the address of its segment, and what is in it."""

    selector: int
    address: int
    state: TaskState

    @property
    def stack_top(self) -> int:
        """Where its stack in ring 0 ends; 0 where its segment names none in the kernel's half."""
        tops = (self.state.stacks[0], self.state.registers["esp"])
        return next((each for each in tops if each >> _KERNEL_HALF and each % 4 == 0), 0)


def read_task(memory: MemoryReader, gdt: TableRegister | None, selector: int) -> Task | str:
    """The task that a selector names; in words why there is none."""
    found = look_up(memory, Selector(selector), gdt, None, 32)
    if found.state != VALID or found.descriptor is None:
        return f"TSS selector {selector:#x} leads nowhere: {found.note or found.state}"
    if found.descriptor.type_word != "tss32":
        return f"selector {selector:#x} is no TSS of 32 bits but {found.descriptor.type_word}"
    address = found.descriptor.base
    try:
        return Task(selector, address, decode_task_32(memory.read(address, SIZE_32)))
    except ReadError as error:
        return f"the TSS at {address:#x} cannot be read: {error.reason}"


def gate_tasks(memory: MemoryReader, tables: ProcessorTables) -> Iterator[tuple[int, Task]]:
    """The tasks that a processor's gates for double faults, NMIs and machine checks lead to, by vector."""
    if tables.idt is None:
        return
    first = TableRegister(tables.idt.base, min(tables.idt.limit, _LAST_GATE))
    for entry in read_gates(memory, first, 32):
        gate = entry.descriptor.gate if entry.descriptor is not None else None
        if entry.index in _VECTORS and entry.descriptor is not None and entry.descriptor.kind == TASK_GATE and gate:
            task = read_task(memory, tables.gdt, gate.selector)
            if isinstance(task, Task):
                yield entry.index, task


def links(memory: MemoryReader, gdt: TableRegister | None, task: Task) -> tuple[tuple[int, ...], str]:
    """Selectors of the tasks before one, the last left first, and what is wrong with the links; never endless."""
    found: list[int] = []
    met, at = {task.selector}, task.state.link
    while at:
        if at in met:
            itself = at == task.selector and not found
            return tuple(found), "its previous task is itself" if itself else f"the links lead to {at:#x} again"
        if len(found) >= _MOST_LINKS:
            return tuple(found), f"more than {_MOST_LINKS} tasks are linked"
        met.add(at)
        found.append(at)
        following = read_task(memory, gdt, at)
        if isinstance(following, str):
            return tuple(found), following
        at = following.state.link
    return tuple(found), ""


def running_task(memory: MemoryReader, tables: ProcessorTables, sp: int, own: bool = True) -> Task | None:
    """The task of a gate that a processor runs, by its stack, which holds ``sp``, else by TR; None for the usual one.

    Args:
        own: whether ``sp`` is known to be of this processor, so that TR counts.
    """
    by_gate = [task for _, task in gate_tasks(memory, tables)]
    for task in by_gate:
        if 0 <= task.stack_top - sp < STACK:
            return task
    usual = USUAL_TASK[32]
    if not own or tables.task_selector & ~7 in (0, usual):
        return None
    return next((each for each in by_gate if each.selector == tables.task_selector & ~7), None)


def task_before(memory: MemoryReader, tables: ProcessorTables, task: Task) -> Task | None:
    """The task that was left for ``task``; None where the link leads to no other task."""
    selector = task.state.link or USUAL_TASK[32]
    before = read_task(memory, tables.gdt, selector) if selector != task.selector else ""
    return before if isinstance(before, Task) else None
