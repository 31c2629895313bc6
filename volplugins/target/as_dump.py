"""What a crash dump of a target has to say: the header's fields by name, and memory in which the kernel hides nothing.

Fields: those of the target's own header where it is a dump; else what the kernel was found to be. KUSER_SHARED_DATA:
ntddk.h, the same in every build.
"""

from __future__ import annotations

from dataclasses import replace

from volplugins.dumpfile.context import RegisterContext
from volplugins.dumpfile.errors import UnsupportedDumpType
from volplugins.dumpfile.note import Note
from volplugins.dumpwriter.header_writer import HeaderFacts
from volplugins.kernel.debugger_data import OWNER_TAG, decode_debugger_data
from volplugins.kernel.kernel_space import KernelAnchors, find_kernel_space
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError
from volplugins.paging.address_space import AddressSpace
from volplugins.target.debugger_block import find_block
from volplugins.target.kernel_image import kernel_below
from volplugins.target.kernel_record import KernelReader
from volplugins.target.search_log import SearchLog
from volplugins.target.target import NO_CRASH, Target

_MACHINES = {0x14C: 32, 0x8664: 64}
_FREE_BUILD = 15  # MajorVersion
_FIRST_WITH_ATTRIBUTES = 9200  # Windows 8
_PRODUCT_TYPE, _SUITE_MASK = 0x264, 0x2D0
_OWN_LAYOUT = ("PhysicalMemoryBlock.", "Exception.", "Signature", "ValidDump")


def refuse_what_is_no_memory(target: Target) -> None:
    """Raise UnsupportedDumpType, with the reason, for a target that cannot be written as a dump of memory."""
    if target.memory is None:
        reason = "a small dump holds chosen pieces of virtual memory and no physical memory to write"
        raise UnsupportedDumpType(reason, "DumpType")
    if target.machine not in _MACHINES:
        raise UnsupportedDumpType(f"machine {target.machine:#x} is neither x86 nor x64", "MachineImageType")


def header_facts(target: Target, symbols: dict[str, int] | None = None) -> HeaderFacts:
    """What the header is to say of the target.

    Args:
        symbols: addresses of the kernel's variables, for those that neither target nor memory gives.
    """
    fields = _of_header(target) if target.dump is not None else _of_kernel(target)
    for name, value in (symbols or {}).items():
        fields[name] = fields.get(name) or value
    return HeaderFacts(target.bits, fields, _context(target), target.exception)


def _context(target: Target) -> RegisterContext | None:
    """Of the crash; of a live machine without one that of a processor as it stands.

    It says to readers that the processors were stopped, so that their blocks hold what they ran (Target.stopped).
    """
    if target.context is not None or target.crashed:
        return target.context
    return next(iter(target.standing.values()), None)


def clear_debugger_data(target: Target) -> dict[int, bytes]:
    """The debugger data block in clear, where the target has it apart from memory: bytes by physical address."""
    found: dict[int, bytes] = {}
    space, data, start = _space(target), target.debugger_data, target.anchors.debugger_data
    if space is None or not data or not start:
        return found
    at = 0
    while at < len(data):
        step = min(PAGE_SIZE - (start + at) % PAGE_SIZE, len(data) - at)
        physical = space.translate(start + at).physical
        if physical is not None:
            found[physical] = data[at : at + step]
        at += step
    return found


def with_debugger_data(target: Target) -> Target:
    """A dump whose memory has the block encoded (it was not the kernel that wrote it), with the block in clear."""
    memory, anchors = target.memory, target.anchors
    if target.dump is None or memory is None or not anchors.loaded_modules:
        return target
    directory = (target.directory_table_base, target.directory_source)
    found = find_kernel_space(memory, target.bits, target.pae, [directory], anchors)
    if found is None or _has_tag(found.space, anchors.debugger_data):
        return target
    log = SearchLog()
    kernel = kernel_below(found.space, anchors.loaded_modules, log)
    block, cut = find_block(found.space, kernel, log) if kernel is not None else (None, "")
    if block is None:
        return replace(target, notes=(*target.notes, Note("kernel", cut))) if cut else target
    anchors = KernelAnchors(anchors.loaded_modules, anchors.active_processes, block.address)
    return replace(target, debugger_data=block.data, mode=found.space.mode, anchors=anchors)


def _has_tag(memory: MemoryReader, block: int) -> bool:
    try:
        return memory.read(block + 0x10, len(OWNER_TAG)) == OWNER_TAG
    except ReadError:
        return False


def _space(target: Target) -> AddressSpace | None:
    if target.memory is None or target.mode is None:
        return None
    return AddressSpace(target.memory, target.mode, target.directory_table_base)


def _of_header(target: Target) -> dict[str, int | str]:
    """All that a dump's header says, but for what a new file has otherwise; secondary data are not carried over."""
    assert target.dump is not None
    fields = target.dump.header.fields
    known = {each.name: each.value for each in fields if each.value is not None}
    kept = {name: value for name, value in known.items() if not name.startswith(_OWN_LAYOUT)}
    if target.anchors.debugger_data:
        kept["KdDebuggerDataBlock"] = target.anchors.debugger_data
    return kept | ({"SecondaryDataState": 0} if "SecondaryDataState" in kept else {})


def _of_kernel(target: Target) -> dict[str, int | str]:
    code, parameters = (target.bugcheck.code, target.bugcheck.parameters) if target.crashed else (NO_CRASH, (0,) * 4)
    anchors = target.anchors
    known: dict[str, int | None] = {
        "MinorVersion": target.build,
        "DirectoryTableBase": target.directory_table_base,
        "PsLoadedModuleList": anchors.loaded_modules,
        "PsActiveProcessHead": anchors.active_processes,
        "KdDebuggerDataBlock": anchors.debugger_data,
        "SystemTime": target.system_time,
        "SystemUpTime": target.system_uptime,
        **_read_from_memory(target),
    }
    fields: dict[str, int | str] = {name: value for name, value in known.items() if value}
    fields |= {
        "MajorVersion": _FREE_BUILD,
        "MachineImageType": target.machine,
        "NumberProcessors": target.number_processors or 1,
        "BugCheckCode": code,
        **{f"BugCheckParameter{number}": value for number, value in enumerate(parameters, 1)},
        "VersionUser": "",
        "Comment": f"written by volplugins from a memory image ({target.format})",
        "SecondaryDataState": 0,
        "WriterStatus": 0,
        "KdSecondaryVersion": 0,
    }
    if target.bits == 32 and target.pae is not None:
        fields["PaeEnabled"] = int(target.pae)
    if target.build >= _FIRST_WITH_ATTRIBUTES:
        fields["Attributes"] = 0
    return fields


def _read_from_memory(target: Target) -> dict[str, int | None]:
    """PfnDataBase by the debugger data block, and what KUSER_SHARED_DATA says of the product.

    PfnDataBase is the address of the variable MmPfnDatabase, not what it holds: so in two real small dumps (19041 on
    x64, and one of ARM64), and so volatility 2's raw2dmp writes it for every build.
    """
    space = _space(target)
    if space is None:
        return {}
    data = decode_debugger_data(target.debugger_data or b"", target.anchors.debugger_data, target.bits)
    reader = KernelReader(space, target.bits, target.kernel_base, None, data)
    suite = reader.shared(_SUITE_MASK, 4)
    return {
        "PfnDataBase": data.addresses.get("MmPfnDatabase") if data is not None else None,
        "ProductType": reader.shared(_PRODUCT_TYPE, 4),
        "SuiteMask": suite,
    }
