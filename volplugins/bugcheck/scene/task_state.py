"""Double faults, NMIs and machine checks on x86: the processor changes tasks, and the old segment has the registers.

Layout: the 32-bit task state segment (Intel SDM 3A, 8.2.1). Parameter 2 of bugcheck 0x7F, trap 8, is the address of the
segment that was left; where it is not, the processor's own tables lead there (descriptors/tasks.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.scene.moment import Moment
from volplugins.bugcheck.words.codes import base_code
from volplugins.descriptors.processor_tables import USUAL_TASK, ProcessorTables, read_processor_tables
from volplugins.descriptors.task_state import SIZE_32, TaskState, decode_task_32
from volplugins.descriptors.tasks import STACK, Task, read_task, running_task, task_before
from volplugins.kernel.processors import Processor
from volplugins.memory.reader import ReadError
from volplugins.stack.frame import Trust
from volplugins.stack.left_task import LeftTask
from volplugins.stack.registers import from_names
from volplugins.stack.scanner import Range
from volplugins.stack.segmented import VIRTUAL_8086, segmented_of

_TRAP, _MACHINE_CHECK, _DOUBLE_FAULT = 0x7F, 0x9C, 8
_TASKS_OF_TRAPS = (2, _DOUBLE_FAULT, 0x12)
_KERNEL_CS, _USER_CS = 0x8, 0x1B


def task_moment(scene: CrashScene, sp: int) -> Moment | None:
    """The registers of the task that the fault interrupted; None for another crash, or where nothing leads to code.

    Args:
        sp: stack pointer of the dump's context, which is the new task's.
    """
    code, kind = base_code(scene.target.bugcheck.code), scene.target.bugcheck.parameters[0]
    if scene.bits != 32 or not (code == _MACHINE_CHECK or (code == _TRAP and kind in _TASKS_OF_TRAPS)):
        return None
    named = scene.target.bugcheck.parameters[1] if (code, kind) == (_TRAP, _DOUBLE_FAULT) else 0
    for task in (*_named(scene, named), *(task for _, task in _left_by(scene, sp))):
        if is_kernel_code(scene, task.state):
            values, source = registers_of(task.state), f"task state segment {task.address:#x}"
            return Moment(values["eip"], values["esp"], values["ebp"], values, Trust.TASK_STATE, source,
                          task=task.selector)  # fmt: skip
    return None


def left_task(scene: CrashScene, sp: int) -> LeftTask | None:
    """The task that was left for the one whose stack holds ``sp``; None on all other stacks, and on x64."""
    for stack, task in _left_by(scene, sp):
        values = registers_of(task.state)
        segmented = segmented_of(values)
        user = task.state.segments["cs"] == _USER_CS or segmented is not None
        if user or is_kernel_code(scene, task.state):
            return LeftTask(from_names(32, values), user, stack, task.address, segmented)
    return None


def registers_of(state: TaskState) -> dict[str, int]:
    """A task's registers under the names that context records have, with its selectors."""
    values = {name: value for name, value in state.registers.items() if name not in ("cr3", "eflags")}
    return {**values, "efl": state.registers["eflags"], **state.segments}


def is_kernel_code(scene: CrashScene, state: TaskState) -> bool:
    """Whether a task's segment holds registers of code in the kernel, as the processor stored them."""
    registers = state.registers
    if state.segments["cs"] != _KERNEL_CS or registers["eflags"] & VIRTUAL_8086:
        return False
    return scene.code.holds(registers["eip"]) and bool(registers["esp"] >> 31)


def _named(scene: CrashScene, address: int) -> Iterator[Task]:
    """The segment that the bugcheck names, with the selector that leads there on a processor; 0 where none does."""
    if not address >> 31:
        return
    try:
        state = decode_task_32(scene.memory.read(address, SIZE_32))
    except ReadError:
        return
    usual = (read_task(scene.memory, tables.gdt, USUAL_TASK[32]) for _, tables in _tables(scene))
    selector = next((each.selector for each in usual if isinstance(each, Task) and each.address == address), 0)
    yield Task(selector, address, state)


def _left_by(scene: CrashScene, sp: int) -> Iterator[tuple[Range, Task]]:
    """Of processors that run a gate's task at ``sp``: its stack, and the task that was left for it."""
    for processor, tables in _tables(scene):
        crashed = scene.crashed is not None and scene.crashed.processor == processor
        task = running_task(scene.memory, tables, sp, crashed)
        before = task_before(scene.memory, tables, task) if task is not None else None
        if task is not None and before is not None:
            top = task.stack_top or sp
            yield (top - STACK, top) if top - STACK <= sp <= top else (sp, sp + STACK), before


def _tables(scene: CrashScene) -> Sequence[tuple[Processor, ProcessorTables]]:
    if scene.bits != 32 or not scene.layouts.descriptors.pcr.members:
        return ()
    layouts = scene.layouts.descriptors
    return [(each, read_processor_tables(scene.memory, each, layouts, 32, 32)) for each in scene.processors]
