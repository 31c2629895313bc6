"""The kernel's clock: how long ago it counted what structures keep in its ticks or in interrupt time.

KUSER_SHARED_DATA (ntddk.h): TickCountMultiplier is 2^24 times the milliseconds of a tick; TickCountQuad counts them, in
the oldest builds the word at the beginning does; InterruptTime counts 100 ns since boot. Once a machine wakes, both go
on by the time that it slept: InterruptTimeBias has all that was added (Microsoft's page on
KeQueryUnbiasedInterruptTime; public types of 6000 to 22631 have it at 0x3b0, those of 2600 and 3790 lack it). From
Windows 8 on a shutdown is such a sleep too, where fast startup is on.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader, ReadError

_SHARED_DATA = {64: 0xFFFFF78000000000, 32: 0xFFDF0000}
_TICKS_LOW, _MULTIPLIER, _INTERRUPT_TIME, _TICKS = 0x0, 0x4, 0x8, 0x320
_BIAS, _BIAS_SINCE = 0x3B0, 6000
_MULTIPLIER_SHIFT = 24
_WORD = 1 << 32
_HUNDRED_NS = 1e7  # of a second
_LONGEST_TICK = 1000 << _MULTIPLIER_SHIFT  # a second: no machine's clock is slower


@dataclass(frozen=True, slots=True)
class KernelClock:
    """Now, as the kernel counted it.

    Attributes:
        ticks: clock interrupts since boot.
        seconds: of one tick.
        interrupt_time: 100 ns since boot.
        slept: seconds of these during which the machine slept; 0 where builds do not tell.
        doubt: why that is not used; empty where it is.
    """

    ticks: int
    seconds: float
    interrupt_time: int
    slept: float = 0.0
    doubt: str = ""

    @property
    def awake_ticks(self) -> int:
        """Clock interrupts since boot that there were: those that a sleep added are none."""
        return max(self.ticks - round(self.slept / self.seconds), 1)

    @property
    def sleep(self) -> str:
        """That the machine slept, in words; empty where it did not for a second."""
        return f"the machine slept {self.slept:.0f} s since boot" if self.slept >= 1 else ""

    @property
    def said(self) -> str:
        """What has to be said of all times that this clock gives, in words; empty for nothing."""
        return f"{self.sleep}: ages and waits may contain that" if self.sleep else self.doubt

    def awake(self, seconds: float) -> float:
        """How much of the last so many seconds the machine was awake at least: when it slept is not kept."""
        return max(seconds - self.slept, 0.0)

    def may_be_sleep(self, seconds: float | None, least: float) -> str:
        """Words where the last ``seconds`` are ``least`` or more by a sleep alone, as far as is known; else empty."""
        return f"{self.sleep}, which that may contain" if self.sleep and self.awake(seconds or 0.0) < least else ""

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
        return (self.interrupt_time - mark) / _HUNDRED_NS if 0 < mark <= self.interrupt_time else None


def read_clock(memory: MemoryReader, bits: int, build: int) -> KernelClock | None:
    """The clock of a kernel of this build; None where its page is not there or holds no clock."""
    base = _SHARED_DATA[bits]

    def number(at: int, size: int) -> int:
        return int.from_bytes(memory.read(base + at, size), "little")

    try:
        multiplier, interrupt_time = number(_MULTIPLIER, 4), number(_INTERRUPT_TIME, 8)
        ticks = number(_TICKS, 8) or number(_TICKS_LOW, 4)
        bias = number(_BIAS, 8) if build >= _BIAS_SINCE else 0
    except ReadError:
        return None
    if not ticks or not 0 < multiplier < _LONGEST_TICK:
        return None
    seconds = multiplier / (1 << _MULTIPLIER_SHIFT) / 1000
    counted = ticks * seconds * _HUNDRED_NS
    if bias >= min(interrupt_time, counted):
        doubt = f"InterruptTimeBias, {bias:#x}, is no less than the time since boot: it is not used" if bias else ""
        return KernelClock(ticks, seconds, interrupt_time, 0.0, doubt)
    # ticks that are nearer to what is left without the bias did not count the sleep
    counts_sleep = abs(counted - interrupt_time) <= abs(counted - (interrupt_time - bias))
    return KernelClock(ticks, seconds, interrupt_time, bias / _HUNDRED_NS if counts_sleep else 0.0)
