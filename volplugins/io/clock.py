"""The kernel's clock: how long ago it counted what structures keep in its ticks or in interrupt time.

KUSER_SHARED_DATA (ntddk.h): TickCountMultiplier is 2^24 times the milliseconds of a tick; TickCountQuad counts them, in
the oldest builds the word at the beginning does; InterruptTime counts 100 ns since boot.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader, ReadError

_SHARED_DATA = {64: 0xFFFFF78000000000, 32: 0xFFDF0000}
_TICKS_LOW, _MULTIPLIER, _INTERRUPT_TIME, _TICKS = 0x0, 0x4, 0x8, 0x320
_MULTIPLIER_SHIFT = 24
_WORD = 1 << 32
_LONGEST_TICK = 1000 << _MULTIPLIER_SHIFT  # a second: no machine's clock is slower


@dataclass(frozen=True, slots=True)
class KernelClock:
    """Now, as the kernel counted it.

    Attributes:
        ticks: clock interrupts since boot.
        seconds: of one tick.
        interrupt_time: 100 ns since boot.
    """

    ticks: int
    seconds: float
    interrupt_time: int

    def since_tick(self, tick: int) -> float | None:
        """Seconds since a tick of which the low 32 bits were kept; None for one that is not in the past."""
        passed = (self.ticks - tick) % _WORD
        return passed * self.seconds if passed <= self.ticks else None

    def since_mark(self, mark: int) -> float | None:
        """Seconds since a mark in interrupt time, or in ticks where it is none of that.

        A mark no larger than the count of ticks would, in interrupt time, be of the first seconds after boot.
        """
        if 0 < mark <= self.ticks:
            return (self.ticks - mark) * self.seconds
        return (self.interrupt_time - mark) / 1e7 if 0 < mark <= self.interrupt_time else None


def read_clock(memory: MemoryReader, bits: int) -> KernelClock | None:
    """The clock; None where its page is not there or holds no clock."""
    base = _SHARED_DATA[bits]

    def number(at: int, size: int) -> int:
        return int.from_bytes(memory.read(base + at, size), "little")

    try:
        multiplier, interrupt_time = number(_MULTIPLIER, 4), number(_INTERRUPT_TIME, 8)
        ticks = number(_TICKS, 8) or number(_TICKS_LOW, 4)
    except ReadError:
        return None
    if not ticks or not 0 < multiplier < _LONGEST_TICK:
        return None
    return KernelClock(ticks, multiplier / (1 << _MULTIPLIER_SHIFT) / 1000, interrupt_time)
