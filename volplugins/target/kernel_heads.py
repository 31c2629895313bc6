"""List heads of a kernel that was found, and its own page directory: by KDBG, by symbols, by what it exports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from volplugins.dumpfile.note import Note
from volplugins.kernel.debugger_data import DebuggerData
from volplugins.kernel.layout_choice import first_links
from volplugins.kernel.layouts import KernelLayouts, built_in
from volplugins.kernel.process import read_process
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.paging.address_space import AddressSpace
from volplugins.target.debugger_block import DebuggerBlock
from volplugins.target.kernel_record import KernelReader
from volplugins.target.kernel_search import FoundKernel
from volplugins.target.target import Fact

AddressesOf = Callable[[MemoryReader, FoundKernel], dict[str, int]]


@dataclass(frozen=True, slots=True)
class Heads:
    """List heads and how they were found."""

    modules: int
    modules_how: str
    processes: int
    processes_how: str


_HEADS = ("PsLoadedModuleList", "PsActiveProcessHead")


def heads_by_symbols(found: FoundKernel, data: DebuggerData | None, addresses_of: AddressesOf | None) -> dict[str, int]:
    """Addresses by the kernel's symbols, which are asked for where KDBG does not give them."""
    if addresses_of is None or (data is not None and all(name in data.addresses for name in _HEADS)):
        return {}
    return addresses_of(found.space, found)


def find_heads(reader: KernelReader, layouts: KernelLayouts, symbols: dict[str, int]) -> Heads:
    """By KDBG, else by symbols, else by what the kernel exports."""
    data = reader.data
    found: list[tuple[int, str]] = []
    for name in _HEADS:
        if data is not None and name in data.addresses:
            found.append((data.addresses[name], "KDBG"))
        elif name in symbols:
            found.append((symbols[name], "the kernel's symbols"))
        elif name == "PsActiveProcessHead":
            found.append((_head_by_system(reader, layouts), "the kernel's export PsInitialSystemProcess"))
        else:
            found.append((reader.export(name) or 0, f"the kernel's export {name}"))
    (modules, modules_how), (processes, processes_how) = found
    nothing = "not found"
    return Heads(modules, modules_how if modules else nothing, processes, processes_how if processes else nothing)


def _head_by_system(reader: KernelReader, layouts: KernelLayouts) -> int:
    """PsActiveProcessHead as the back link of System, the first of the list; 0 where that does not lead back."""
    pointer = reader.export("PsInitialSystemProcess")
    system = reader.word(pointer) if pointer is not None else None
    if not system or not layouts.process.has("ActiveProcessLinks"):
        return 0
    links = system + layouts.process.offset("ActiveProcessLinks")
    head = reader.word(links + reader.bits // 8)
    return head if head and reader.word(head) == links else 0


def kernel_directory(found: FoundKernel, reader: KernelReader, head: int, build: int) -> tuple[int, str]:
    """System's own directory where it can be read and reads the kernel, else the one found."""
    layout = built_in(reader.bits, build).process
    links = first_links(reader.memory, head, reader.bits)
    fallback = found.space.directory_table_base, found.directory_how
    if not links:
        return fallback
    try:
        process = read_process(reader.memory, links - layout.offset("ActiveProcessLinks"), layout)
        if process.name != "System" or not process.directory_table_base:
            return fallback
        space = AddressSpace(found.space.physical, found.space.mode, process.directory_table_base)
        space.read(found.image.base, 2)
    except ReadError:
        return fallback
    return process.directory_table_base, "the System process"


def block_fact(block: DebuggerBlock | None, cut: str = "") -> Fact:
    """Where the debugger data block is and how it was had; ``cut``: why its search ended early, if it did."""
    if block is None:
        why = f"not found in the kernel's data, in clear or encoded{f'; {cut}' if cut else ''}"
        return Fact("KdDebuggerDataBlock", "0x0", why)
    return Fact("KdDebuggerDataBlock", f"{block.address:#x}", block.how)


def heads_not_found(heads: Heads, block: DebuggerBlock | None, cut: str = "") -> list[Note]:
    """What could not be found of the kernel; ``cut``: why the search for the block ended early, if it did."""
    lacking = [
        *(["PsLoadedModuleList"] if not heads.modules else []),
        *(["PsActiveProcessHead"] if not heads.processes else []),
        *(["KdDebuggerDataBlock"] if block is None else []),
    ]
    notes = [Note("kernel", f"{name} was not found") for name in lacking]
    return [*notes, Note("kernel", cut)] if cut else notes
