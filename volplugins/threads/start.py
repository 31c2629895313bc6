"""Where the walk of a thread's kernel stack starts: a processor's saved context, or the frame of the last switch.

KSWITCH_FRAME is in no symbol table. x64: seven words, RBP, the return address (as SwapContext of every build from 7 on
saves them); x86: exception list, an APC flag, the return address. Behind it lies KiSwapContext's own frame; on x86 that
begins with EBP, EDI, ESI and EBX.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.kernel.thread import Thread
from volplugins.kernel.thread_words import INITIALIZED, RUNNING, TERMINATED
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.frame import Stop, Trust
from volplugins.stack.registers import RBP, Registers

_SWITCH_64, _SWITCH_32 = 0x40, 0xC
_RBP_AT, _RETURN_64, _RETURN_32 = 0x30, 0x38, 0x8
_ABSENT = {
    "not-in-dump": Stop.NOT_IN_DUMP, "truncated": Stop.NOT_IN_DUMP, "outside-memory": Stop.OUTSIDE_MEMORY,
}  # fmt: skip
_RUNS_ON = "it runs, and its registers are in no memory: what its stack held where it gave the processor up last"
_PAGED = frozenset({"pagefile", "compressed", "demand-zero", "prototype"})


@dataclass(frozen=True, slots=True)
class Start:
    """The first frame's registers and how they are known; ``text``: what has to be said of all frames."""

    registers: Registers
    trust: Trust
    is_return: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class NoStart:
    """Why a thread's kernel stack cannot be walked."""

    stop: Stop
    text: str


def start_of(memory: MemoryReader, thread: Thread, bits: int, running: Registers | None) -> Start | NoStart:
    """Where the thread's stack starts; by chance alone, a ``scan``, where it runs and its registers are in no memory.

    Args:
        memory: kernel memory.
        running: the registers of the processor that runs this thread; None where none does.
    """
    if running is not None:
        return Start(running, Trust.CONTEXT, False)
    impossible = _impossible(thread)
    if impossible is not None:
        return impossible
    assert thread.kernel_stack is not None
    try:
        found = _switched(memory, thread.kernel_stack, bits)
        return found if thread.state != RUNNING else _left_over(found.registers)
    except ReadError as error:
        return _unreadable(thread, error)


def _impossible(thread: Thread) -> NoStart | None:
    """Why the thread has no switch frame, by its own record alone."""
    if thread.state == TERMINATED:
        return NoStart(Stop.TERMINATED, "the thread has terminated")
    if thread.state == INITIALIZED:
        return NoStart(Stop.NEVER_RUN, "the thread has not run yet")
    if not thread.kernel_stack:
        return NoStart(Stop.NO_CONTEXT, "where its switch frame is is not known")
    if not thread.holds(thread.kernel_stack):
        stack = f"{thread.stack_limit:#x}-{thread.stack_base:#x}"
        return NoStart(Stop.OUT_OF_BOUNDS, f"KernelStack {thread.kernel_stack:#x} is not in its stack {stack}")
    return None


def _switched(memory: MemoryReader, at: int, bits: int) -> Start:
    if bits == 64:
        data = memory.read(at, _SWITCH_64)
        general: list[int | None] = [None] * 16
        general[RBP] = _word(data, _RBP_AT, 8)
        registers = Registers(64, _word(data, _RETURN_64, 8), at + _SWITCH_64, tuple(general), {})
        return Start(registers, Trust.SWITCH_FRAME, True)
    data = memory.read(at, _SWITCH_32 + 16)
    ebp, edi, esi, ebx = (_word(data, _SWITCH_32 + 4 * place, 4) for place in range(4))
    kept = (None, None, None, ebx, None, ebp, esi, edi)
    registers = Registers(32, _word(data, _RETURN_32, 4), at + _SWITCH_32, kept, {})
    return Start(registers, Trust.SWITCH_FRAME, True)


def _left_over(found: Registers) -> Start:
    """Of a thread that runs: KernelStack is where it gave the processor up last, and it has gone on since."""
    general = (None,) * len(found.general)
    return Start(Registers(found.bits, found.ip, found.sp, general, {}), Trust.SCAN, True, _RUNS_ON)


def _word(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")


def _unreadable(thread: Thread, error: ReadError) -> NoStart:
    text = f"the kernel stack at {error.address:#x} cannot be read ({error.reason})"
    if thread.stack_resident is False or error.reason in _PAGED:
        return NoStart(Stop.STACK_NOT_RESIDENT, text)
    return NoStart(_ABSENT.get(error.reason, Stop.NO_CONTEXT), text)
