"""How far user addresses reach: MmHighestUserAddress, or what Windows gives where that cannot be read."""

from __future__ import annotations

from volplugins.kernel.debugger_data import DebuggerData
from volplugins.memory.reader import PAGE_SIZE, MemoryReader, ReadError
from volplugins.paging.mode import PagingMode

# the highest user address and one, smallest first: x86 with 2 and with 3 GiB; x64 before and since 8.1; five levels
_USUAL = {
    PagingMode.X86: (0x7FFF0000, 0xBFFF0000),
    PagingMode.PAE: (0x7FFF0000, 0xBFFF0000),
    PagingMode.X64: (0x7FFFFFF0000, 0x7FFFFFFF0000),
    PagingMode.X64_LA57: (0xFFFFFFFFFF0000,),
}
_WIDE_BUILD = 9600


def user_limit(
    memory: MemoryReader, data: DebuggerData | None, mode: PagingMode, build: int, highest_vad: int
) -> tuple[int, str]:
    """The highest user address and one, and a note where it had to be taken for granted.

    Args:
        highest_vad: the end of the highest range that the process has.
    """
    width = 4 if mode in (PagingMode.X86, PagingMode.PAE) else 8
    variable = data.addresses.get("MmHighestUserAddress") if data is not None else None
    try:
        said = int.from_bytes(memory.read(variable, width), "little") if variable else 0
    except ReadError:
        said = 0
    if said % PAGE_SIZE == PAGE_SIZE - 1 and _USUAL[mode][0] <= said + 1 <= _most(mode):
        return said + 1, ""
    usual = _USUAL[mode][1:] if width == 8 and build >= _WIDE_BUILD and mode is PagingMode.X64 else _USUAL[mode]
    limit = next((each for each in usual if highest_vad <= each), usual[-1])
    return limit, "MmHighestUserAddress cannot be read: the usual value for this Windows is taken"


def user_end(memory: MemoryReader, data: DebuggerData | None, mode: PagingMode, kernel: int | None) -> int:
    """The first address whose page tables are the kernel's: 2 GiB on x86, or what its boot options say, up to 3 GiB.

    Microsoft's documents have increaseuserva (/3GB and /USERVA before Windows Vista): any number of MiB from 2048 to
    3072. On x64 it is where the upper half begins, whatever of the lower half is in use.

    Args:
        kernel: where the kernel's image lies; a limit above it is none.
    """
    half, pages = mode.facts.half, mode.facts.levels[-2].shift
    if mode.facts.address_bits > 32:
        return half
    limit, _ = user_limit(memory, data, mode, 0, 0)
    end = -(-limit >> pages) << pages
    return end if kernel is None or end <= kernel else half


def _most(mode: PagingMode) -> int:
    """No user address can lie higher."""
    width = mode.facts.address_bits
    return (1 << (width - 1)) if width > 32 else _USUAL[mode][1]
