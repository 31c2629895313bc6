"""The maker for memory images: the kernel is searched for, and tells what a dump's header would."""

from __future__ import annotations

from volplugins.dumpfile.context import AMD64, I386
from volplugins.dumpfile.errors import NotADump
from volplugins.image.exports import read_exports
from volplugins.imagefile.memory_image import MemoryImage
from volplugins.kernel.debugger_data import DebuggerData, decode_debugger_data
from volplugins.kernel.kernel_space import KernelAnchors
from volplugins.kernel.layouts import built_in
from volplugins.paging.mode import PagingMode
from volplugins.target.debugger_block import find_block
from volplugins.target.kernel_heads import (
    AddressesOf,
    block_fact,
    find_heads,
    heads_by_symbols,
    heads_not_found,
    kernel_directory,
)
from volplugins.target.kernel_record import (
    KernelReader,
    bugcheck_of,
    build_of,
    crash_context,
    processor_blocks,
    times_of,
)
from volplugins.target.kernel_search import Hint, find_kernel
from volplugins.target.search_log import SearchLog
from volplugins.target.target import Fact, Target, TargetKind

_MOST_NOTES = 3  # of what is odd about the file, in the line that says that there is no kernel


class NoKernel(NotADump):
    """No Windows kernel was found in the image; ``tried`` says what was tried."""

    def __init__(self, log: SearchLog, image: MemoryImage | None = None) -> None:
        self.tried = tuple(log.tried)
        notes = [note.text for note in image.notes[:_MOST_NOTES]] if image is not None else []
        read_as = f" ({'; '.join([f'read as {image.format}', *notes])})" if image is not None else ""
        text = f"not a Windows kernel crash dump, and no Windows kernel was found in this file{read_as}"
        super().__init__(f"{text}; tried: {'; '.join(log.tried)}")


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
    block, cut = find_block(space, kernel, log)
    data = decode_debugger_data(block.data, block.address, bits) if block is not None else None
    reader = KernelReader(space, bits, kernel.base, read_exports(space, kernel), data)
    build, build_how = build_of(reader)
    heads = find_heads(reader, built_in(bits, build), heads_by_symbols(found, data, addresses_of))
    directory, directory_how = kernel_directory(found, reader, heads.processes, build)
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
        block_fact(block, cut),
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
        notes=(*image.notes, *heads_not_found(heads, block, cut)),
        mode=space.mode,
        facts=facts,
        states=image.processors,
    )


def _processors_how(data: DebuggerData | None) -> str:
    return "KiProcessorBlock, to which KDBG leads" if data is not None else "not known: no KDBG leads to them"
