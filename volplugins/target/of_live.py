"""The maker for live machines on the debugger's wire: the kernel says where it is, its processors where they stand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from volplugins.dumpfile.completeness import Completeness
from volplugins.dumpfile.context import AMD64, I386
from volplugins.dumpfile.note import Note
from volplugins.dumpfile.page_index import PAGE_SIZE
from volplugins.dumpfile.physical_memory import PhysicalMemory
from volplugins.dumpfile.run_index import RunIndex
from volplugins.dumpfile.source import ByteSource
from volplugins.image.exports import read_exports
from volplugins.kd.errors import LiveError
from volplugins.kd.machine import Machine
from volplugins.kd.memory_lines import LineReader, MemoryLines
from volplugins.kd.version import NAMES
from volplugins.kernel.debugger_data import decode_debugger_data
from volplugins.kernel.kernel_space import KernelAnchors
from volplugins.kernel.layouts import built_in
from volplugins.paging.mode import PagingMode
from volplugins.target.debugger_block import DebuggerBlock
from volplugins.target.kernel_heads import (
    AddressesOf,
    Heads,
    block_fact,
    find_heads,
    heads_by_symbols,
    heads_not_found,
    kernel_directory,
)
from volplugins.target.kernel_record import KernelReader, bugcheck_of, crash_context, times_of
from volplugins.target.kernel_search import FoundKernel
from volplugins.target.live_kernel import live_block, live_kernel, live_space
from volplugins.target.live_processors import live_processors, special_registers
from volplugins.target.live_runs import Ram, ram_of
from volplugins.target.target import Fact, LiveProcessor, Target, TargetKind

_HIGHEST = 1 << 52  # physical addresses of x64
_FOUR_GIB = 1 << 32
_BEHIND_LINKS = 0x10  # of the debugger data block: its tag, size and the kernel's base


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found of the machine."""

    machine: Machine
    kernel: FoundKernel
    reader: KernelReader
    block: DebuggerBlock | None
    heads: Heads
    directory: tuple[int, str]
    processors: tuple[LiveProcessor, ...]
    ram: Ram


def target_of_live(
    machine: Machine, format_name: str, addresses_of: AddressesOf | None = None, memory: ByteSource | None = None
) -> Target:
    """The target that a stopped machine is.

    Args:
        format_name: how the line is called.
        addresses_of: addresses of the kernel's variables by its symbols, where the caller has some.
        memory: the guest's RAM as its host has it, read in place of the wire.

    Raises:
        LiveError: it is of a kind that is not known here, does not say where its kernel is, or the line is lost.
    """
    if machine.version.machine not in (I386, AMD64):
        name = NAMES.get(machine.version.machine, hex(machine.version.machine))
        raise LiveError(f"the machine answers, and is {name}: x86 and x64 are known here")
    lines = MemoryLines(machine.physical, _HIGHEST)
    found = _find(machine, lines, addresses_of)
    lines.size, lines.ends = _end(found.ram), tuple((base + count) * PAGE_SIZE for base, count in found.ram.runs)
    if memory is None:
        return _target(found, format_name, _over_wire(lines, found.ram), ())
    return _target(found, format_name, *_beside(found, lines, memory))


def _find(machine: Machine, lines: MemoryLines, addresses_of: AddressesOf | None) -> _Found:
    stopped = special_registers(machine, machine.change.processor)
    space = live_space(machine, LineReader(lines), stopped)
    kernel = live_kernel(machine, space)
    bits = kernel.image.bits
    block = live_block(machine, space)
    data = decode_debugger_data(block.data, block.address, bits) if block is not None else None
    reader = KernelReader(space, bits, kernel.image.base, None, data)
    if data is None or bugcheck_of(reader).code:  # exports are long, and needed then alone
        reader = replace(reader, exports=read_exports(space, kernel.image))
    heads = _heads(machine, reader, heads_by_symbols(kernel, data, addresses_of))
    directory = kernel_directory(kernel, reader, heads.processes, machine.version.build)
    processors = live_processors(machine, space, lambda number: special_registers(machine, number))
    return _Found(machine, kernel, reader, block, heads, directory, processors, ram_of(reader, data))


def _heads(machine: Machine, reader: KernelReader, symbols: dict[str, int]) -> Heads:
    """As of any kernel; its own word for the list of modules where nothing else has one."""
    heads = find_heads(reader, built_in(reader.bits, machine.version.build), symbols)
    if heads.modules or not machine.version.loaded_modules:
        return heads
    return replace(heads, modules=machine.version.loaded_modules, modules_how="the version packet")


def _end(ram: Ram) -> int:
    base, count = ram.runs[-1]
    return (base + count) * PAGE_SIZE


def _index(ram: Ram, offset_of: int, size: int) -> RunIndex:
    """Runs by physical address; those above 4 GiB lie ``offset_of`` bytes lower in what they are read from."""
    bases = np.array([base for base, _ in ram.runs], dtype=np.int64)
    counts = np.array([count for _, count in ram.runs], dtype=np.int64)
    offsets = bases * PAGE_SIZE
    return RunIndex(bases, counts, np.where(offsets >= _FOUR_GIB, offsets - offset_of, offsets), size)


def _over_wire(lines: MemoryLines, ram: Ram) -> PhysicalMemory:
    memory = PhysicalMemory(lines, _index(ram, 0, lines.size), ram.runs)
    memory.plain, memory.grain = False, lines.grain
    return memory


def _beside(found: _Found, lines: MemoryLines, source: ByteSource) -> tuple[PhysicalMemory, tuple[Note, ...]]:
    """The RAM that the host gives, proved to be this machine's.

    A file of a PC's RAM has no hole below 4 GiB: what lies above comes directly behind what lies below.
    """
    end = _end(found.ram)
    hole = max(end - source.size, 0) if end > _FOUR_GIB else 0
    memory = PhysicalMemory(source, _index(found.ram, hole, source.size), found.ram.runs)
    memory.plain = False
    space, base = found.kernel.space, found.kernel.image.base
    for address in (base, *((found.block.address + _BEHIND_LINKS,) if found.block is not None else ())):
        physical = space.translate(address).physical
        if physical is None or source.read(physical - (hole if physical >= _FOUR_GIB else 0), 64) != lines.read(
            physical, 64
        ):
            raise LiveError(
                "what memory= names is not this machine's memory: the kernel is not in it where the wire has it"
            )
    return memory, (Note("memory", "read from the guest's memory itself; the wire gives registers only", "info"),)


def _target(found: _Found, format_name: str, memory: PhysicalMemory, notes: tuple[Note, ...]) -> Target:
    machine, reader, version = found.machine, found.reader, found.machine.version
    bugcheck = bugcheck_of(reader)
    blocks = tuple(each.prcb for each in found.processors if each.prcb)
    context, context_how = crash_context(reader, blocks, version.build) if bugcheck.code else (None, "")
    time, uptime = times_of(reader)
    mode, block = found.kernel.space.mode, found.block
    directory, directory_how = found.directory
    return Target(
        kind=TargetKind.LIVE,
        format=format_name,
        machine=version.machine,
        bits=version.bits,
        pae=mode is PagingMode.PAE if version.bits == 32 else None,
        build=version.build,
        memory=memory,
        triage=None,
        directory_table_base=directory,
        directory_source=directory_how,
        anchors=KernelAnchors(found.heads.modules, found.heads.processes, block.address if block is not None else 0),
        kernel_base=found.kernel.image.base,
        number_processors=machine.change.processors,
        debugger_data=block.data if block is not None else None,
        bugcheck=bugcheck,
        context=context,
        exception=None,
        system_time=time,
        system_uptime=uptime,
        completeness=_completeness(memory),
        notes=(*notes, *heads_not_found(found.heads, block), *_doubts(found)),
        mode=mode,
        facts=(*_facts(found, format_name, time, uptime), *_context_fact(context_how, context.ip if context else 0)),
        processors=found.processors,
    )


def _completeness(memory: PhysicalMemory) -> Completeness:
    size = memory.pages_described * PAGE_SIZE
    return Completeness(size, size, False, memory.pages_described, memory.pages_in_file)


def _facts(found: _Found, format_name: str, time: int | None, uptime: int | None) -> tuple[Fact, ...]:
    machine, heads, kernel = found.machine, found.heads, found.kernel
    change = machine.change
    stands = f"processor {change.processor} at {change.pc & ((1 << machine.version.bits) - 1):#x}"
    return (
        Fact("Kind", TargetKind.LIVE.value, "it answers on the kernel debugger's wire"),
        Fact("Format", format_name, "the location"),
        Fact("KernelBase", f"{kernel.image.base:#x}", kernel.image_how),
        Fact("Machine", "", "the version packet"),
        Fact("Build", str(machine.version.build), "the version packet"),
        Fact("DirectorySource", f"{kernel.space.directory_table_base:#x}", kernel.directory_how),
        Fact("PsLoadedModuleList", f"{heads.modules:#x}", heads.modules_how),
        Fact("PsActiveProcessHead", f"{heads.processes:#x}", heads.processes_how),
        block_fact(found.block),
        Fact("NumberProcessors", str(change.processors), "the state change"),
        Fact("Stopped", stands, f"the state change; exception {change.code:#x}"),
        Fact("PhysicalMemory", str(len(found.ram.runs)), found.ram.how),
        Fact("SystemTime", str(time or 0), "KUSER_SHARED_DATA"),
        Fact("SystemUpTime", str(uptime or 0), "KUSER_SHARED_DATA"),
    )


def _context_fact(how: str, ip: int) -> tuple[Fact, ...]:
    return (Fact("Context", f"{ip:#x}" if ip else "", how),) if how else ()


def _doubts(found: _Found) -> list[Note]:
    """What the machine did not give."""
    lacking = [each.number for each in found.processors if each.context is None]
    texts = [found.ram.how] if not found.ram.certain else []
    texts += [f"no registers of processor {number}" for number in lacking[:4]]
    return [Note("live", text, "info") for text in texts]
