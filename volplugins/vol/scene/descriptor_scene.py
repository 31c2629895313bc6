"""What descriptor tables are read by in a scene: each processor's registers, and the width of its addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from volplugins.descriptors.local_table import read_local_table
from volplugins.descriptors.lookup import look_up
from volplugins.descriptors.processor_tables import (
    GivenRegisters,
    ProcessorTables,
    pcr_of,
    read_processor_tables,
)
from volplugins.descriptors.selector import Selector
from volplugins.descriptors.shadow_tables import shadow_notes
from volplugins.descriptors.table import TableRegister
from volplugins.dumpfile.context import AMD64, I386
from volplugins.imagefile.processor_state import ProcessorState
from volplugins.kernel.directories.shadow import frame_of
from volplugins.kernel.process import Process
from volplugins.kernel.processors import Processor
from volplugins.paging.mode import PagingMode
from volplugins.stack.segmented_walk import Segment
from volplugins.vol.scene.directory_verdicts import process_space
from volplugins.vol.scene.process_selection import gather
from volplugins.vol.scene.shared_work import once_of_scene

if TYPE_CHECKING:
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_VIRTUAL_BITS = {PagingMode.X64: 48, PagingMode.X64_LA57: 57}


def virtual_bits(scene: CrashScene) -> int:
    """Bits of a linear address: 32 outside of long mode, else 48, or 57 where the page tables have five levels."""
    if scene.bits == 32:
        return 32
    return _VIRTUAL_BITS.get(scene.space.space.mode, 48) if scene.space is not None else 48


def has_segments(scene: CrashScene) -> bool:
    """Whether the machine is one of x86 or x64."""
    return scene.target.machine in (I386, AMD64)


def processor_tables(scene: CrashScene) -> tuple[ProcessorTables, ...]:
    """The tables of every processor whose block was found, by number."""

    def make() -> tuple[ProcessorTables, ...]:
        bits, width = scene.bits, virtual_bits(scene)
        layouts = scene.layouts.descriptors
        return tuple(
            read_processor_tables(scene.memory, each, layouts, bits, width, _given(scene, each))
            for each in scene.processors
        )

    return once_of_scene(scene, ("descriptor tables",), make)


def _given(scene: CrashScene, processor: Processor) -> GivenRegisters | None:
    """What an image's container saved of a processor.

    It is the state whose GS, on x86 FS, has the processor's KPCR as base; a processor in user mode may have it in no
    register that was saved: then the state of the same number, where there are as many as processors.
    """
    states, blocks = scene.target.states, {pcr_of(each, scene.bits) for each in scene.processors}
    own = [state for state in states if pcr_of(processor, scene.bits) in _bases(scene, state)]
    if not own and len(states) == len(scene.processors):
        own = [each for each in states if each.number == processor.index and not blocks & _bases(scene, each)]
    tables = own[0].tables if own else None
    return (
        GivenRegisters(tables.gdt, tables.idt, tables.task, tables.ldt, own[0].source) if tables is not None else None
    )


def _bases(scene: CrashScene, state: ProcessorState) -> set[int | None]:
    """Bases of segment registers that may be the KPCR."""
    return {state.fs_base} if scene.bits == 32 else {state.gs_base, state.kernel_gs_base}


def shadow_text(scene: CrashScene, table: TableRegister) -> str:
    """What KVA shadow's directory says of a table: that of the crashing process, else of any that has one."""
    if scene.space is None:
        return ""
    known = (scene.process, *gather(scene, False).processes)
    process = next((each for each in known if each is not None and _frame(scene, each)), None)
    if process is None:
        return "no process has a user directory"
    kernel, user = scene.space.space, process_space(scene, process, process.user_directory)
    pages = (lambda at: kernel.translate(at).physical), (lambda at: user.translate(at).physical)
    return "; ".join(shadow_notes(table, *pages, f"{process.name} (PID {process.pid})"))


def _frame(scene: CrashScene, process: Process) -> int:
    assert scene.space is not None
    return frame_of(scene.space.space.mode, process.user_directory)


def segments_of(scene: CrashScene, process: Process) -> Callable[[int], Segment | None]:
    """Segments by selector for code of a process: its LDT's, and of the GDT those of the first processor."""
    layouts, width = scene.layouts.descriptors, virtual_bits(scene)
    local = read_local_table(scene.memory, process.eprocess, layouts, scene.target.build, width)
    ldt = None if isinstance(local, str) else local
    gdt = next((each.gdt for each in processor_tables(scene) if each.gdt is not None), None)

    def segment(value: int) -> Segment | None:
        found = look_up(scene.memory, Selector(value), gdt, ldt, width).descriptor
        if found is None or not found.is_segment or not found.present:
            return None
        return Segment(found.base, *found.offsets, found.width)

    return segment
