"""The scene of a crash: everything that an analysis looks at, gathered once from a dump.

Nothing here needs symbols. The host passes what it has: symbol tables by module, layouts by kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from volplugins.bugcheck.scene.module_lists import module_lists
from volplugins.bugcheck.scene.processor_sources import ProcessorSources
from volplugins.bugcheck.scene.task_stacks import task_stacks
from volplugins.dumpfile.context import AMD64, I386
from volplugins.dumpfile.dump import Dump
from volplugins.kernel.calibration.processor_block import with_processor_block
from volplugins.kernel.claims import SharedStructures
from volplugins.kernel.debugger_data import DebuggerData, decode_debugger_data, read_debugger_data
from volplugins.kernel.kernel_space import KernelSpace, find_kernel_space
from volplugins.kernel.layout_choice import Kernel, by_symbols, choose_layouts, first_links
from volplugins.kernel.layouts import KernelLayouts, empty, preferred, with_debugger_data
from volplugins.kernel.page_entries import invalid_layout
from volplugins.kernel.pfn_layouts import pfn_layout
from volplugins.kernel.plausible import is_thread
from volplugins.kernel.process import Process, looks_like_a_name, read_process, walk_active_processes
from volplugins.kernel.process_list import list_processes
from volplugins.kernel.processor_stacks import ProcessorStack, processor_stacks
from volplugins.kernel.processors import CrashedProcessor, Processor, find_crashed, triage_processor
from volplugins.kernel.system_process import directory_test, find_process_layout
from volplugins.kernel.thread import Thread, try_read_thread, walk_threads
from volplugins.kernel.user_range import user_end
from volplugins.loader.module import Module, ModuleTable
from volplugins.loader.symbolizer import Symbolizer, SymbolTable
from volplugins.memory.reader import MemoryReader, ReadError, SegmentReader
from volplugins.stack.registers import USER_LIMIT
from volplugins.target.of_dump import as_target
from volplugins.target.target import Target
from volplugins.threads.module_code import ImageFile, ModuleCode

# the machines whose structures the built-in tables describe
_MACHINES = (I386, AMD64)

TableOf = Callable[[MemoryReader, Module], SymbolTable | None]
LayoutsOf = Callable[[MemoryReader, Module | None], KernelLayouts | None]


@dataclass(frozen=True, slots=True)
class CrashScene:
    """A target with its kernel's memory, modules, processors, and the thread and process that crashed.

    ``system_process`` is the first of the active list.
    ``memory`` reads kernel virtual addresses (an empty reader where nothing can be read); ``notes`` say what could
    not be had and why, ``module_notes`` what is wrong with the list of modules. ``shared`` remembers which process was
    met first as the owner of a structure.
    """

    target: Target
    memory: MemoryReader
    space: KernelSpace | None
    debugger_data: DebuggerData | None
    modules: ModuleTable
    unloaded: ModuleTable
    symbolizer: Symbolizer
    code: ModuleCode
    layouts: KernelLayouts
    processors: tuple[Processor, ...]
    processor_stacks: tuple[ProcessorStack, ...]
    crashed: CrashedProcessor | None
    thread: Thread | None
    process: Process | None
    system_process: Process | None
    notes: tuple[str, ...]
    module_notes: tuple[str, ...] = ()
    shared: SharedStructures = field(default_factory=SharedStructures)

    @property
    def bits(self) -> int:
        """Width of the machine's addresses."""
        return self.target.bits

    @property
    def user_end(self) -> int:
        """The first address that is not user mode's."""
        return self.space.space.user_end if self.space is not None else USER_LIMIT[self.bits]


@dataclass(slots=True)
class _Work:
    """What is known so far while a scene is put together."""

    target: Target
    memory: MemoryReader = field(default_factory=lambda: SegmentReader({}))
    notes: list[str] = field(default_factory=list)

    @property
    def bits(self) -> int:
        return self.target.bits


def build_scene(
    looked_at: Target | Dump,
    table_of: TableOf | None = None,
    layouts_of: LayoutsOf | None = None,
    directories: Sequence[tuple[int, str]] = (),
    image_file: ImageFile | None = None,
) -> CrashScene:
    """Gather the scene.

    Args:
        looked_at: the target; a dump is one.
        table_of: gives the symbols of a module, or None; exports are the caller's to add.
        layouts_of: gives the kernel's layouts from its symbol table, or None.
        directories: further DirectoryTableBase values to try where the target's own reads nothing.
        image_file: gives a module's image from a file where memory lacks its pages.
    """
    target = as_target(looked_at)
    work = _Work(target)
    space = _open_memory(work, directories)
    data = _debugger_data(work)
    lists = module_lists(target, work.memory, data)
    modules = lists.loaded
    work.notes.extend(lists.notes if target.triage is None else ())  # a small dump's are the target's already
    layouts = _layouts(work, data, modules, layouts_of, space)
    memory = work.memory
    if space is not None:
        kernel = modules.kernel.base if modules.kernel else None
        mode = space.space.mode
        layouts = replace(layouts, pfn=pfn_layout(layouts.pfn, mode, target.build))
        space.space.user_end = user_end(memory, data, mode, kernel)
        space.space.use_invalid_layout(invalid_layout(layouts, mode, target.build, memory, kernel))
    symbolizer = Symbolizer(modules, lambda module: table_of(memory, module) if table_of else None)
    known = tuple((each.number, each.prcb) for each in target.processors if each.prcb)
    sources = ProcessorSources(memory, data, modules, symbolizer, target.bits, target.number_processors, known)
    processors, crashed, thread = _crashed_thread(work, sources, layouts)
    if processors and target.triage is None:
        layouts = with_processor_block(layouts, memory, processors[0].prcb, target.bits)
    process = _process(work, thread, layouts)
    stacks = (
        *processor_stacks(memory, processors, layouts.processor_stacks, work.bits),
        *task_stacks(memory, processors, layouts.descriptors, work.bits),
    )
    code = ModuleCode(memory, modules, image_file, _variables(target, data))
    return CrashScene(
        target, memory, space, data, modules, lists.unloaded, symbolizer, code, layouts,
        processors, stacks, crashed, thread, process, _system_process(work, layouts), tuple(work.notes),
        lists.notes,
    )  # fmt: skip


def _open_memory(work: _Work, directories: Sequence[tuple[int, str]]) -> KernelSpace | None:
    """Give ``work`` a reader of kernel memory; return the address space where there are page tables."""
    target = work.target
    if target.triage is not None:
        work.memory = target.triage.virtual_memory
        return None
    if target.memory is None:
        work.notes.append("the dump holds no memory")
        return None
    tried = [(target.directory_table_base, target.directory_source), *directories]
    space = find_kernel_space(target.memory, work.bits, target.pae, tried, target.anchors)
    if space is None:
        work.notes.append("no page directory reads the kernel: neither the header's nor any other that is known")
        return None
    work.memory = space.space
    return space


def _debugger_data(work: _Work) -> DebuggerData | None:
    block, address = work.target.debugger_data, work.target.anchors.debugger_data
    if block is not None:
        data = decode_debugger_data(block, address, work.bits)
    else:
        data = read_debugger_data(work.memory, address, work.bits) if address else None
    if data is None:
        work.notes.append(f"no debugger data block at KdDebuggerDataBlock {address:#x}")
    return data


def _variables(target: Target, data: DebuggerData | None) -> tuple[int, ...]:
    """Addresses of the kernel's variables that the target's anchors and the debugger data block give."""
    anchors = target.anchors
    named = (anchors.loaded_modules, anchors.active_processes, anchors.debugger_data)
    return (*named, *(data.variables if data is not None else ()))


def _layouts(
    work: _Work,
    data: DebuggerData | None,
    modules: ModuleTable,
    layouts_of: LayoutsOf | None,
    space: KernelSpace | None,
) -> KernelLayouts:
    """Layouts from symbols, else built in and checked against the System process, else found in it."""
    target = work.target
    said = layouts_of(work.memory, modules.kernel) if layouts_of else None
    head = target.anchors.active_processes if target.triage is None else 0
    kernel = Kernel(
        work.memory, work.bits, target.build, first_links(work.memory, head, work.bits), data,
        directory_test(space.space, target.directory_table_base, head) if space is not None and head else None,
    )  # fmt: skip
    if target.machine not in _MACHINES:
        layouts = empty(work.bits) if data is None else with_debugger_data(empty(work.bits), data, work.bits)
        layouts = _checked(work, kernel, layouts)
    elif said is not None and said.process.members:
        layouts = by_symbols(kernel, said.process)
    else:
        layouts, doubt = choose_layouts(kernel)
        if doubt:
            work.notes.append(f"layout of _EPROCESS is unsure: {doubt}")
    return preferred(said, layouts) if said is not None else layouts


def _checked(work: _Work, kernel: Kernel, layouts: KernelLayouts) -> KernelLayouts:
    """The layouts of a machine that nobody has seen here, with what its System process shows."""
    if not kernel.links:
        return layouts
    found = find_process_layout(work.memory, kernel.links, layouts.process, work.bits)
    return replace(layouts, process=found) if found is not None else layouts


def _crashed_thread(
    work: _Work, sources: ProcessorSources, layouts: KernelLayouts
) -> tuple[tuple[Processor, ...], CrashedProcessor | None, Thread | None]:
    if work.target.triage is not None:
        return _triage_thread(work, layouts)
    context = work.target.context
    ip, sp = (context.ip, context.sp) if context else (0, 0)
    found = sources.find(layouts)
    work.notes.extend(found.notes)
    processors, crashed = found.processors, find_crashed(found.processors, ip, sp)
    if crashed is not None:
        crashed = replace(crashed, how=crashed.how + found.evidence)
        return processors, crashed, crashed.processor.current_thread
    thread = _thread_by_stack(work, sp, layouts) if sp else None
    if thread is None and work.target.crashed:
        work.notes.append("which thread crashed could not be told: no KPRCB and no thread's stack fits the context")
    return processors, None, thread


def _thread_by_stack(work: _Work, sp: int, layouts: KernelLayouts) -> Thread | None:
    """The thread whose kernel stack holds the header's stack pointer, among those of all listed processes."""
    head = work.target.anchors.active_processes
    wanted = layouts.process.has("ThreadListHead") and layouts.thread.has("ThreadListEntry")
    if not head or not wanted or not layouts.process.has("ActiveProcessLinks"):
        return None
    for process in list_processes(work.memory, head, layouts.process).processes:
        for thread in walk_threads(work.memory, process.eprocess, layouts.process, layouts.thread):
            if thread.holds(sp):
                return thread
    return None


def _triage_thread(
    work: _Work, layouts: KernelLayouts
) -> tuple[tuple[Processor, ...], CrashedProcessor | None, Thread | None]:
    """A triage dump holds the crashing processor's KPRCB and thread as blocks without their addresses."""
    triage = work.target.triage
    assert triage is not None
    if triage.thread is None:
        return (), None, None
    address, prcb = _triage_addresses(work, layouts)
    reader = SegmentReader({address: triage.thread.data})
    thread = try_read_thread(reader, address, layouts.thread)
    if thread is not None and address and not is_thread(reader, thread, work.bits):
        work.notes.append(f"the small dump's thread block is no thread's (ETHREAD {address:#x})")
        thread = None
    if prcb is None or triage.prcb is None:
        return (), None, thread
    reader, count = SegmentReader({prcb: triage.prcb.data}), work.target.number_processors
    crashed = triage_processor(reader, prcb, layouts, work.bits, thread, count)
    return (crashed.processor,), crashed, thread


def _triage_addresses(work: _Work, layouts: KernelLayouts) -> tuple[int, int | None]:
    """Address of the ETHREAD (from the KPRCB's CurrentThread; 0 where unknown) and of the KPRCB block."""
    triage = work.target.triage
    assert triage is not None
    if triage.prcb is None:
        return 0, None
    at, width = layouts.processor.members["CurrentThread"]
    return int.from_bytes(triage.prcb.data[at : at + width], "little"), triage.prcb.virtual or 0


def _process(work: _Work, thread: Thread | None, layouts: KernelLayouts) -> Process | None:
    if thread is None or not thread.process:
        return None
    triage = work.target.triage
    memory = work.memory
    if triage is not None:
        if triage.process is None:
            return None
        memory = SegmentReader({thread.process: triage.process.data})
    try:
        process = read_process(memory, thread.process, layouts.process)
    except ReadError as error:
        work.notes.append(f"process {thread.process:#x} cannot be read: {error.reason}")
        return None
    if not layouts.process.has("ImageFileName"):
        work.notes.append(f"name and id of the process: {layouts.process.source}")
    elif process.name and not looks_like_a_name(process.name):
        work.notes.append(f"process {process.eprocess:#x}: its name is no text; the layout may not fit")
    return process


def _system_process(work: _Work, layouts: KernelLayouts) -> Process | None:
    """The System process: the first of the active list in every Windows, if it is named so."""
    head = work.target.anchors.active_processes
    if work.target.triage is not None or not head:
        return None
    try:
        first = next(walk_active_processes(work.memory, head, layouts.process), None)
    except ReadError:
        return None
    return first if first is not None and first.name == "System" else None
