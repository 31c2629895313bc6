"""The debugger data block (KDDEBUGGER_DATA64): the kernel's own list of where its structures are.

Offsets: the structure as published in the debugger SDK's wdbgexts.h and in volatility3's kdbg table. It has the
same layout on 32- and 64-bit kernels; 32-bit addresses are stored sign-extended. Members were only ever added
at the end, so that a short block of an old build is a prefix of a long one.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader, ReadError

OWNER_TAG = b"KDBG"
_HEADER = 0x18
_LARGEST = 0x1000

# member: (offset, size in bytes)
_ADDRESSES = {
    "KernBase": 0x18,
    "BreakpointWithStatus": 0x20,
    "KiCallUserMode": 0x38,
    "PsLoadedModuleList": 0x48,
    "PsActiveProcessHead": 0x50,
    "PspCidTable": 0x58,
    "ExpSystemResourcesList": 0x60,
    "KeTimeIncrement": 0x78,
    "KeBugCheckCallbackListHead": 0x80,
    "KiBugcheckData": 0x88,
    "IopErrorLogListHead": 0x90,
    "ObpRootDirectoryObject": 0x98,
    "ObpTypeObjectType": 0xA0,
    "MmPfnDatabase": 0xC0,
    "MmHighestPhysicalPage": 0xF0,
    "MmNumberOfPhysicalPages": 0xF8,
    "MmMaximumNonPagedPoolInBytes": 0x100,
    "MmSizeOfPagedPoolInBytes": 0x140,
    "MmTotalCommitLimit": 0x148,
    "MmTotalCommittedPages": 0x150,
    "MmAvailablePages": 0x1A8,
    "PoolTrackTable": 0x1B8,
    "NonPagedPoolDescriptor": 0x1C0,
    "MmHighestUserAddress": 0x1C8,
    "MmSystemRangeStart": 0x1D0,
    "MmUserProbeAddress": 0x1D8,
    "KdPrintWritePointer": 0x1F0,
    "KdPrintRolloverCount": 0x1F8,
    "NtBuildLab": 0x208,
    "KiProcessorBlock": 0x218,
    "MmUnloadedDrivers": 0x220,
    "MmLastUnloadedDriver": 0x228,
    "MmSpecialPoolTag": 0x238,
    "KernelVerifier": 0x240,
    "MmVerifierData": 0x248,
    "CmNtCSDVersion": 0x268,
    "MmPhysicalMemoryBlock": 0x270,
}
# the table of addresses: all but KernBase, the breakpoint routine, the two callback routines and the text of NtBuildLab
# (which may lie in code) are those of the kernel's variables
_TABLE = range(0x48, 0x298, 8)
_NO_VARIABLES = frozenset({0x208})
_OFFSETS = {
    "OffsetKThreadTeb": 0x29A,
    "OffsetKThreadKernelStack": 0x29C,
    "OffsetKThreadInitialStack": 0x29E,
    "OffsetKThreadApcProcess": 0x2A0,
    "OffsetKThreadState": 0x2A2,
    "SizeEProcess": 0x2A8,
    "OffsetEprocessPeb": 0x2AA,
    "OffsetEprocessParentCID": 0x2AC,
    "OffsetEprocessDirectoryTableBase": 0x2AE,
    "SizePrcb": 0x2B0,
    "OffsetPrcbCurrentThread": 0x2B4,
    "OffsetPrcbProcStateContext": 0x2BC,
    "OffsetPrcbNumber": 0x2BE,
    "SizeEThread": 0x2C0,
    "OffsetPrcbContext": 0x338,
}


@dataclass(frozen=True, slots=True)
class DebuggerData:
    """The members of the block that this suite uses.

    Attributes:
        address: virtual address of the block.
        size: Header.Size as the kernel states it, bytes.
        addresses: kernel addresses and pointers by Microsoft's member name; absent ones are left out.
        offsets: offsets and sizes in bytes by member name; zero ones (not filled in) are left out.
        variables: every address that the block gives of a variable of the kernel.
    """

    address: int
    size: int
    addresses: dict[str, int]
    offsets: dict[str, int]
    variables: tuple[int, ...] = ()


def decode_debugger_data(data: bytes, address: int, bits: int) -> DebuggerData | None:
    """Decode a block from its bytes; None where its owner tag is not KDBG (absent, damaged or still encoded)."""
    if len(data) < _HEADER or data[0x10:0x14] != OWNER_TAG:
        return None
    size = int.from_bytes(data[0x14:0x18], "little")
    data = data[: min(size, _LARGEST)] if size > _HEADER else data
    mask = (1 << bits) - 1
    addresses = {name: int.from_bytes(data[at : at + 8], "little") & mask for name, at in _ADDRESSES.items()}
    offsets = {name: int.from_bytes(data[at : at + 2], "little") for name, at in _OFFSETS.items()}
    return DebuggerData(
        address,
        size,
        {name: value for name, value in addresses.items() if value},
        {name: value for name, value in offsets.items() if 0 < value < 0xFFFF},
        _variables(data, mask),
    )


def _variables(data: bytes, mask: int) -> tuple[int, ...]:
    places = (at for at in _TABLE if at not in _NO_VARIABLES and at + 8 <= len(data))
    values = (int.from_bytes(data[at : at + 8], "little") & mask for at in places)
    return tuple(value for value in values if value)


def read_debugger_data(memory: MemoryReader, address: int, bits: int) -> DebuggerData | None:
    """Read and decode the block at ``address``; None where it cannot be read or is none."""
    try:
        size = int.from_bytes(memory.read(address + 0x14, 4), "little")
        return decode_debugger_data(memory.read(address, min(max(size, _HEADER), _LARGEST)), address, bits)
    except ReadError:
        return None
