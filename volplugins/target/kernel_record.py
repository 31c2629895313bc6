"""What the kernel itself records: build, times, how many processors there are, and the bugcheck if there was one.

KUSER_SHARED_DATA: offsets of ntddk.h (the same in every build since XP; NtBuildNumber since Windows 10).
KiBugcheckData: code and parameters as five machine words, to which the debugger data block leads.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.dumpfile.context import AMD64, I386, RegisterContext, decode_context
from volplugins.image.exports import ExportTable
from volplugins.kernel.debugger_data import DebuggerData
from volplugins.kernel.layouts import built_in
from volplugins.kernel.plausible import is_processor_block
from volplugins.kernel.processors import MAX_PROCESSORS
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.target.target import NO_BUGCHECK, Bugcheck

_SHARED_DATA = {64: 0xFFFFF78000000000, 32: 0xFFDF0000}
_INTERRUPT_TIME, _SYSTEM_TIME, _BUILD = 0x08, 0x14, 0x260
_CONTEXT_SIZE = {64: 0x4D0, 32: 0x2CC}
_LARGEST_CODE = (1 << 32) - 1
# how far into KeBugCheckEx the saved instruction pointer of the processor that crashed lies at most, bytes
_BUGCHECK_CODE = 0x400
_OLDEST, _NEWEST = 2195, 1 << 16


@dataclass(frozen=True, slots=True)
class KernelReader:
    """A kernel to be asked: its memory, image, exports and debugger data block, as far as they are there."""

    memory: MemoryReader
    bits: int
    base: int
    exports: ExportTable | None
    data: DebuggerData | None

    def export(self, name: str) -> int | None:
        """Address of an export."""
        rva = self.exports.lookup(name) if self.exports is not None else None
        return self.base + rva if rva is not None else None

    def word(self, address: int, size: int = 0) -> int | None:
        """A little-endian number of ``size`` bytes (by default a pointer's); None where it cannot be read."""
        try:
            return int.from_bytes(self.memory.read(address, size or self.bits // 8), "little")
        except ReadError:
            return None

    def shared(self, at: int, size: int) -> int | None:
        """A member of KUSER_SHARED_DATA."""
        return self.word(_SHARED_DATA[self.bits] + at, size)


def build_of(kernel: KernelReader) -> tuple[int, str]:
    """The build number, 0 where nothing says it; and what says it."""
    exported = kernel.export("NtBuildNumber")
    number = kernel.word(exported, 4) if exported is not None else None
    if number is not None and _OLDEST <= number & 0xFFFF < _NEWEST:
        return number & 0xFFFF, "the kernel's export NtBuildNumber"
    lab = kernel.data.addresses.get("NtBuildLab") if kernel.data is not None else None
    if lab:
        try:
            digits = kernel.memory.read(lab, 5).split(b".")[0]
        except ReadError:
            digits = b""
        if digits.isdigit() and int(digits) >= _OLDEST:
            return int(digits), "NtBuildLab, to which KDBG leads"
    number = kernel.shared(_BUILD, 4)
    if number is not None and 10240 <= number & 0xFFFF < _NEWEST:
        return number & 0xFFFF, "KUSER_SHARED_DATA.NtBuildNumber"
    return 0, "neither NtBuildNumber nor NtBuildLab nor KUSER_SHARED_DATA could be read"


def times_of(kernel: KernelReader) -> tuple[int | None, int | None]:
    """SystemTime (FILETIME) and the time since boot (100 ns)."""
    return kernel.shared(_SYSTEM_TIME, 8), kernel.shared(_INTERRUPT_TIME, 8)


def processor_blocks(kernel: KernelReader) -> tuple[int, ...]:
    """Addresses of the KPRCBs, as KiProcessorBlock lists them; an array's first empty entry ends it."""
    start = kernel.data.addresses.get("KiProcessorBlock") if kernel.data is not None else None
    found: list[int] = []
    for number in range(MAX_PROCESSORS if start else 0):
        prcb = kernel.word((start or 0) + number * (kernel.bits // 8))
        try:
            if not prcb or not is_processor_block(kernel.memory, prcb, kernel.bits):
                break
        except ReadError:
            break
        found.append(prcb)
    return tuple(found)


def bugcheck_of(kernel: KernelReader) -> Bugcheck:
    """What KiBugcheckData holds; ``NO_BUGCHECK`` where it is empty or not there."""
    where = kernel.data.addresses.get("KiBugcheckData") if kernel.data is not None else None
    words = [kernel.word(where + at * (kernel.bits // 8)) for at in range(5)] if where else []
    if not words or None in words or not words[0] or words[0] > _LARGEST_CODE:
        return NO_BUGCHECK
    code, *parameters = (word or 0 for word in words)
    return Bugcheck(code, (parameters[0], parameters[1], parameters[2], parameters[3]), f"KiBugcheckData {where:#x}")


def crash_context(kernel: KernelReader, blocks: tuple[int, ...], build: int) -> tuple[RegisterContext | None, str]:
    """Registers of the processor that crashed, from its KPRCB's ProcessorState; and how that processor was told."""
    layout = built_in(kernel.bits, build).processor
    stated = kernel.data.offsets.get("OffsetPrcbProcStateContext") if kernel.data is not None else None
    at = stated or (layout.offset("ContextFrame") if layout.has("ContextFrame") else None)
    if at is None:
        return None, "where a KPRCB keeps its context is not known for this build"
    saved = [(number, context) for number, prcb in enumerate(blocks) if (context := _context(kernel, prcb + at))]
    stop = kernel.export("KeBugCheckEx")
    for number, context in saved:
        if stop is not None and 0 <= context.ip - stop < _BUGCHECK_CODE:
            return context, f"the KPRCB of processor {number}, which stands in KeBugCheckEx"
    if len(saved) == 1:
        return saved[0][1], f"the KPRCB of processor {saved[0][0]}, the only one with a context"
    return None, f"{len(saved)} processors have a context, none of them in KeBugCheckEx"


def _context(kernel: KernelReader, address: int) -> RegisterContext | None:
    try:
        data = kernel.memory.read(address, _CONTEXT_SIZE[kernel.bits])
    except ReadError:
        return None
    context = decode_context(data, AMD64 if kernel.bits == 64 else I386)
    return context if context is not None and context.ip and context.sp else None
