"""The maker for memory images: the kernel is searched for, and tells what a dump's header would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from volplugins.dumpfile.context import AMD64, I386
from volplugins.dumpfile.errors import NotADump
from volplugins.dumpfile.note import Note
from volplugins.image.exports import read_exports
from volplugins.imagefile.memory_image import MemoryImage
from volplugins.kernel.debugger_data import DebuggerData, decode_debugger_data
from volplugins.kernel.kernel_space import KernelAnchors
from volplugins.kernel.layout_choice import first_links
from volplugins.kernel.layouts import KernelLayouts, built_in
from volplugins.kernel.process import read_process
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.paging.address_space import AddressSpace
from volplugins.paging.mode import PagingMode
from volplugins.target.debugger_block import DebuggerBlock, find_block
from volplugins.target.kernel_record import (
    KernelReader,
    bugcheck_of,
    build_of,
    crash_context,
    processor_blocks,
    times_of,
)
from volplugins.target.kernel_search import FoundKernel, Hint, find_kernel
from volplugins.target.search_log import SearchLog
from volplugins.target.target import Fact, Target, TargetKind

_MOST_NOTES = 3  # of what is odd about the file, in the line that says that there is no kernel
AddressesOf = Callable[[MemoryReader, FoundKernel], dict[str, int]]


class NoKernel(NotADump):
    """No Windows kernel was found in the image; ``tried`` says what was tried."""

    def __init__(self, log: SearchLog, image: MemoryImage | None = None) -> None:
        self.tried = tuple(log.tried)
        notes = [note.text for note in image.notes[:_MOST_NOTES]] if image is not None else []
        read_as = f" ({'; '.join([f'read as {image.format}', *notes])})" if image is not None else ""
        text = f"not a Windows kernel crash dump, and no Windows kernel was found in this file{read_as}"
        super().__init__(f"{text}; tried: {'; '.join(log.tried)}")


@dataclass(frozen=True, slots=True)
class _Heads:
    """List heads and how they were found."""

    modules: int
    modules_how: str
    processes: int
    processes_how: str


def target_of_image(
    image: MemoryImage,
    known: tuple[Hint, ...] = (),
    log: SearchLog | None = None,
    addresses_of: AddressesOf | None = None,
) -> Target:
    """The target that an image is.

    Args:
        known: where an earlier search found the kernel.
        addresses_of: addresses of the kernel's variables by its symbols, where the caller has some.

    Raises:
        NoKernel: there is no Windows kernel, or it could not be found in the time.
    """
    log = log or SearchLog()
    found = find_kernel(image.memory, image.processors, log, known)
    if found is None:
        raise NoKernel(log, image)
    kernel, space = found.image, found.space
    bits = kernel.bits
    block = find_block(space, kernel)
    data = decode_debugger_data(block.data, block.address, bits) if block is not None else None
    reader = KernelReader(space, bits, kernel.base, read_exports(space, kernel), data)
    build, build_how = build_of(reader)
    heads = _heads(reader, built_in(bits, build), _by_symbols(found, data, addresses_of))
    directory, directory_how = _directory(found, reader, heads.processes, build)
    blocks = processor_blocks(reader)
    bugcheck = bugcheck_of(reader)
    context, context_how = crash_context(reader, blocks, build) if bugcheck.code else (None, "")
    time, uptime = times_of(reader)
    facts = (
        Fact("Kind", TargetKind.MEMORY_IMAGE.value, "it has no crash dump's header"),
        Fact("Format", image.format, "its first bytes" if image.format not in ("raw", "VMware vmem") else "its name"),
        Fact("KernelBase", f"{kernel.base:#x}", found.image_how),
        Fact("Machine", "", "the kernel's image"),
        Fact("Build", str(build), build_how),
        Fact("DirectorySource", f"{found.space.directory_table_base:#x}", found.directory_how),
        Fact("PsLoadedModuleList", f"{heads.modules:#x}", heads.modules_how),
        Fact("PsActiveProcessHead", f"{heads.processes:#x}", heads.processes_how),
        _block_fact(block),
        Fact("NumberProcessors", str(len(blocks)), _processors_how(data)),
        Fact("SystemTime", str(time or 0), "KUSER_SHARED_DATA"),
        Fact("SystemUpTime", str(uptime or 0), "KUSER_SHARED_DATA"),
        *((Fact("Context", f"{context.ip:#x}" if context else "", context_how),) if context_how else ()),
        *(Fact("Tried", str(number), text) for number, text in enumerate(log.tried, 1)),
    )
    return Target(
        kind=TargetKind.MEMORY_IMAGE,
        format=image.format,
        machine=AMD64 if bits == 64 else I386,
        bits=bits,
        pae=space.mode is PagingMode.PAE if bits == 32 else None,
        build=build,
        memory=image.memory,
        triage=None,
        directory_table_base=directory,
        directory_source=directory_how,
        anchors=KernelAnchors(heads.modules, heads.processes, block.address if block is not None else 0),
        kernel_base=kernel.base,
        number_processors=len(blocks),
        debugger_data=block.data if block is not None else None,
        bugcheck=bugcheck,
        context=context,
        exception=None,
        system_time=time,
        system_uptime=uptime,
        completeness=image.completeness,
        notes=(*image.notes, *_doubts(heads, block)),
        mode=space.mode,
        facts=facts,
        states=image.processors,
    )


_HEADS = ("PsLoadedModuleList", "PsActiveProcessHead")


def _by_symbols(found: FoundKernel, data: DebuggerData | None, addresses_of: AddressesOf | None) -> dict[str, int]:
    """Addresses by the kernel's symbols, which are asked for where KDBG does not give them."""
    if addresses_of is None or (data is not None and all(name in data.addresses for name in _HEADS)):
        return {}
    return addresses_of(found.space, found)


def _heads(reader: KernelReader, layouts: KernelLayouts, symbols: dict[str, int]) -> _Heads:
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
    return _Heads(modules, modules_how if modules else nothing, processes, processes_how if processes else nothing)


def _head_by_system(reader: KernelReader, layouts: KernelLayouts) -> int:
    """PsActiveProcessHead as the back link of System, the first of the list; 0 where that does not lead back."""
    pointer = reader.export("PsInitialSystemProcess")
    system = reader.word(pointer) if pointer is not None else None
    if not system or not layouts.process.has("ActiveProcessLinks"):
        return 0
    links = system + layouts.process.offset("ActiveProcessLinks")
    head = reader.word(links + reader.bits // 8)
    return head if head and reader.word(head) == links else 0


def _directory(found: FoundKernel, reader: KernelReader, head: int, build: int) -> tuple[int, str]:
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


def _block_fact(block: DebuggerBlock | None) -> Fact:
    if block is None:
        return Fact("KdDebuggerDataBlock", "0x0", "not found in the kernel's data, in clear or encoded")
    return Fact("KdDebuggerDataBlock", f"{block.address:#x}", block.how)


def _processors_how(data: DebuggerData | None) -> str:
    return "KiProcessorBlock, to which KDBG leads" if data is not None else "not known: no KDBG leads to them"


def _doubts(heads: _Heads, block: DebuggerBlock | None) -> list[Note]:
    """What could not be found of the kernel."""
    lacking = [
        *(["PsLoadedModuleList"] if not heads.modules else []),
        *(["PsActiveProcessHead"] if not heads.processes else []),
        *(["KdDebuggerDataBlock"] if block is None else []),
    ]
    return [Note("kernel", f"{name} was not found") for name in lacking]
