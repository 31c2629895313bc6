"""What a target says of its kernel where the image's debug record is not there: what a symbol table has to agree with.

Three addresses alone are not enough. Updates of one build often leave the data sections as they were while the code
moves: of 213 public kernels 79 share all three, and the sizes that the debugger data block states, with another.
"""

from __future__ import annotations

from volplugins.kernel.debugger_data import DebuggerData, decode_debugger_data, read_debugger_data
from volplugins.loader.module import Module
from volplugins.memory.reader import MemoryReader
from volplugins.target.target import Target
from volplugins.vol.symbols.kernel_choice import Evidence, Place

_X64 = 0x8664
_BREAKPOINT, _NONCONTINUABLE = 0x80000003, 1  # STATUS_BREAKPOINT, EXCEPTION_NONCONTINUABLE (winnt.h)
_BREAKS = ("RtlpBreakWithStatusInstruction", "DbgBreakPointWithStatus")
# Members of the debugger data block by the symbols whose addresses they are. Names: wdbgexts.h; checked with the block
# of a real small dump of build 19041 against its kernel's public symbols, and with ReactOS' block (ntoskrnl/kd64).
# What holds the address of something else on some build (KdPrintCircularBuffer, ExpPagedPoolDescriptor) is left out.
_SYMBOLS: dict[str, tuple[str, ...]] = {
    "BreakpointWithStatus": _BREAKS,
    "KiCallUserMode": ("KiCallUserMode",),
    "PspCidTable": ("PspCidTable",),
    "ExpSystemResourcesList": ("ExpSystemResourcesList",),
    "KeTimeIncrement": ("KeTimeIncrement",),
    "KeBugCheckCallbackListHead": ("KeBugCheckCallbackListHead",),
    "KiBugcheckData": ("KiBugCheckData",),
    "IopErrorLogListHead": ("IopErrorLogListHead",),
    "ObpRootDirectoryObject": ("ObpRootDirectoryObject",),
    "ObpTypeObjectType": ("ObpTypeObjectType",),
    "MmPfnDatabase": ("MmPfnDatabase",),
    "MmSizeOfPagedPoolInBytes": ("MmSizeOfPagedPoolInBytes",),
    "PoolTrackTable": ("PoolTrackTable",),
    "MmHighestUserAddress": ("MmHighestUserAddress",),
    "MmSystemRangeStart": ("MmSystemRangeStart",),
    "MmUserProbeAddress": ("MmUserProbeAddress",),
    "KdPrintWritePointer": ("KdPrintWritePointer",),
    "KdPrintRolloverCount": ("KdPrintRolloverCount",),
    "NtBuildLab": ("NtBuildLab", "NtBuildLabEx"),
    "KiProcessorBlock": ("KiProcessorBlock",),
    "MmUnloadedDrivers": ("MmUnloadedDrivers",),
    "MmLastUnloadedDriver": ("MmLastUnloadedDriver",),
    "MmSpecialPoolTag": ("MmSpecialPoolTag",),
    "KernelVerifier": ("KernelVerifier",),
    "MmVerifierData": ("MmVerifierData",),
    "CmNtCSDVersion": ("CmNtCSDVersion",),
    "MmPhysicalMemoryBlock": ("MmPhysicalMemoryBlock",),
}
_SIZES = {"_EPROCESS": "SizeEProcess", "_ETHREAD": "SizeEThread", "_KPRCB": "SizePrcb"}


def evidence_of(target: Target, memory: MemoryReader, kernel: Module) -> Evidence | None:
    """The evidence; None where one of the three addresses that a table is looked for by is not in the kernel's image.

    Args:
        memory: reads the debugger data block where the target does not have it apart.
    """
    anchors = target.anchors
    addresses = {
        "KdDebuggerDataBlock": anchors.debugger_data,
        "PsLoadedModuleList": anchors.loaded_modules,
        "PsActiveProcessHead": anchors.active_processes,
    }
    expected = {name: address - kernel.base for name, address in addresses.items()}
    if not all(0 < rva < kernel.size for rva in expected.values()):
        return None
    data = _debugger_data(target, memory)
    known = [*(_of_block(data) if data is not None else ()), *_of_header(target)]
    further = [(names, address - kernel.base) for names, address in known if 0 < address - kernel.base < kernel.size]
    return Evidence(expected, _stated_sizes(target), tuple(further))


def _debugger_data(target: Target, memory: MemoryReader) -> DebuggerData | None:
    at = target.anchors.debugger_data
    if target.debugger_data:
        return decode_debugger_data(target.debugger_data, at, target.bits)
    return read_debugger_data(memory, at, target.bits)


def _of_block(data: DebuggerData) -> list[Place]:
    return [(names, data.addresses[member]) for member, names in _SYMBOLS.items() if member in data.addresses]


def _of_header(target: Target) -> list[Place]:
    """What only a dump's header gives: where in the image it points, it points to MmPfnDatabase and to KeBugCheckEx.

    From build 9200 on PfnDataBase is the variable's address (a real small dump, and volatility 2's raw2dmp); what the
    variable holds is never in the image. The exception of the header is a breakpoint at the first instruction of
    KeBugCheckEx on x64, whatever the bugcheck (a real dump of 0x7E), or, where a debugger had stopped the machine and
    wrote the dump, the debugger's own breakpoint.
    """
    header = target.dump.header if target.dump is not None else None
    if header is None:
        return []
    places: list[Place] = [(("MmPfnDatabase",), header.pfn_data_base)]
    exception = header.exception
    bugcheck = header.machine == _X64 and header.bugcheck_code
    if bugcheck and exception is not None and (exception.code, exception.flags) == (_BREAKPOINT, _NONCONTINUABLE):
        places.append((("KeBugCheckEx", *_BREAKS), exception.address))
    return places


def _stated_sizes(target: Target) -> dict[str, int]:
    """Structure sizes that a debugger data block which the target has apart from memory states."""
    data = decode_debugger_data(target.debugger_data, 0, target.bits) if target.debugger_data else None
    if data is None:
        return {}
    return {name: data.offsets[member] for name, member in _SIZES.items() if member in data.offsets}
