"""Whether a pointer leads to what it should: a processor's block, a thread. Damage and wrong sources lead elsewhere.

The KPCR lies in front of the KPRCB and points to itself and to it (Self and CurrentPrcb on x64, SelfPcr and Prcb on
x86; the same places from Windows XP to 11). What cannot be read disproves nothing.
"""

from __future__ import annotations

from volplugins.kernel.thread import THREAD_OBJECT, Thread
from volplugins.memory.reader import MemoryReader, ReadError

# distance of the KPCR below the KPRCB, of its pointers to itself and to the KPRCB within it
_PCR = {64: (0x180, 0x18, 0x20), 32: (0x120, 0x1C, 0x20)}


def is_processor_block(memory: MemoryReader, prcb: int, bits: int) -> bool:
    """Whether a KPRCB may be at ``prcb``: an aligned kernel address in front of which the KPCR names both."""
    below, self_at, prcb_at = _PCR[bits]
    if prcb >> (bits - 1) != 1 or prcb % 0x10:
        return False
    pcr, width = prcb - below, bits // 8
    try:
        words = [int.from_bytes(memory.read(pcr + at, width), "little") for at in (self_at, prcb_at)]
    except ReadError:
        return True
    return words == [pcr, prcb]


def is_thread(memory: MemoryReader, thread: Thread, bits: int) -> bool:
    """Whether what was read is a thread: a dispatcher object of that type, of a process, its stack in kernel memory."""
    try:
        kind = memory.read(thread.ethread, 1)[0] & 0x7F
    except ReadError:
        return False
    process = thread.process if thread.process is not None else thread.owner
    addresses = [value for value in (thread.ethread, thread.stack_base, process) if value is not None]
    in_kernel = all(value >> (bits - 1) == 1 for value in addresses)
    return kind == THREAD_OBJECT and in_kernel and thread.stack_base % (bits // 8) == 0
