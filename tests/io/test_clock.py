"""The kernel's clock: ticks, interrupt time, and the time that the machine slept."""

from __future__ import annotations

import pytest

from volplugins.io.clock import KernelClock, read_clock
from volplugins.memory.reader import SegmentReader

BITS = pytest.mark.parametrize("bits", [64, 32])


@BITS
def test_the_clock(bits: int) -> None:
    base = {64: 0xFFFFF78000000000, 32: 0xFFDF0000}[bits]
    page = bytearray(0x1000)
    page[4:8] = (0xFA00000).to_bytes(4, "little")  # 15.625 ms
    page[8:16] = (64 * 10**7).to_bytes(8, "little")
    page[0x320:0x328] = (4096).to_bytes(8, "little")
    clock = read_clock(SegmentReader({base: bytes(page)}), bits, 7601)
    assert clock == KernelClock(4096, 0.015625, 64 * 10**7)
    assert clock.since_tick(4096 - 64) == 1.0
    assert clock.since_tick(5000) is None
    assert clock.since_mark(63 * 10**7) == 1.0  # interrupt time
    assert clock.since_mark(4096 - 128) == 2.0  # ticks
    assert clock.since_mark(0) is None and clock.since_mark(1 << 62) is None
    assert read_clock(SegmentReader({}), bits, 7601) is None
    assert KernelClock(1 << 33, 0.015625, 0).since_tick(0) == 0.0


def clock_page(bits: int, ticks: int, interrupt_time: int, bias: int) -> SegmentReader:
    page = bytearray(0x1000)
    for at, value in ((4, 0xFA00000), (8, interrupt_time), (0x320, ticks), (0x3B0, bias)):  # a tick is 15.625 ms
        page[at : at + 8] = (value & ((1 << 64) - 1)).to_bytes(8, "little")
    return SegmentReader({{64: 0xFFFFF78000000000, 32: 0xFFDF0000}[bits]: bytes(page)})


@BITS
def test_the_clock_counts_the_time_that_the_machine_slept(bits: int) -> None:
    hour, second = 3600 * 64, 10**7
    memory = clock_page(bits, 10 * hour, 10 * 3600 * second, 8 * 3600 * second)
    clock = read_clock(memory, bits, 7601)
    assert clock is not None and clock.slept == 8 * 3600 and clock.awake_ticks == 2 * hour
    assert clock.awake(28_847) == 47 and clock.awake(100) == 0
    assert "slept 28800 s" in clock.said and "slept 28800 s" in clock.may_be_sleep(28_847, 60.0)
    assert not clock.may_be_sleep(28_870, 60.0)
    old = read_clock(memory, bits, 3790)  # no such member yet
    assert old is not None and old.slept == 0 and old.awake_ticks == 10 * hour and not old.said


@BITS
@pytest.mark.parametrize("bias", [10 * 3600 * 10**7, 1 << 63, (1 << 64) - 1])
def test_a_sleep_longer_than_the_time_since_boot_is_not_believed(bits: int, bias: int) -> None:
    clock = read_clock(clock_page(bits, 10 * 3600 * 64, 10 * 3600 * 10**7, bias), bits, 19041)
    assert clock is not None and clock.slept == 0 and clock.awake_ticks == clock.ticks
    assert "not used" in clock.said and not clock.may_be_sleep(1.0, 60.0)


@BITS
def test_ticks_that_stand_still_in_a_sleep_are_whole(bits: int) -> None:
    clock = read_clock(clock_page(bits, 2 * 3600 * 64, 10 * 3600 * 10**7, 8 * 3600 * 10**7 - 1), bits, 6000)
    assert clock is not None and clock.awake_ticks == clock.ticks
