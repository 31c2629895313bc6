"""The client on a kernel that behaves as real ones do: memory or one sentence; it runs on, and nothing is written."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from tests.kd.kdcom_kernel import KdcomKernel
from tests.kd.kdcom_words import (
    INITIAL,
    PC32,
    PC64,
    PRINT,
    SYNC,
    VERSION32,
    WRITES,
    printed,
    stop_at,
)  # fmt: skip
from tests.kd.scripted import Noise
from volplugins.kd.errors import LineLost, LiveError, RanOn
from volplugins.kd.machine import Machine, stop_machine
from volplugins.kd.memory_lines import MemoryLines
from volplugins.kd.session import Session

LOAD = stop_at(state=0x3031, text=b"\\SystemRoot\\System32\\drivers\\a.sys\0")
CASES: dict[str, Callable[[], KdcomKernel]] = {
    "runs": KdcomKernel,
    "x86, four bytes more": lambda: KdcomKernel(stop=stop_at(32, text=b"\\WINDOWS\\x.exe\0"), version=VERSION32),
    "stands, sends again and again": lambda: KdcomKernel(standing=True),
    "stands, has sent once": lambda: KdcomKernel(standing=True, repeats=False),
    "stands, answers no reset": lambda: KdcomKernel(standing=True, reset_answered=False),
    "numbers of the session before": lambda: KdcomKernel(numbers=(INITIAL | 1, INITIAL | 1)),
    "the other number": lambda: KdcomKernel(numbers=(INITIAL, INITIAL | 1)),
    "stands with other numbers": lambda: KdcomKernel(standing=True, numbers=(INITIAL | 1, INITIAL | 1)),
    "small writes": lambda: KdcomKernel(piece=3),
    "one byte a write": lambda: KdcomKernel(piece=1),
    "prints before it stands": lambda: KdcomKernel(said_before=[(PRINT, printed(b"hello\n"))] * 3),
    "prints in between": lambda: KdcomKernel(said_after=[(PRINT, printed(b"bbbb0000iiii"))]),
    "drivers when it runs on": lambda: KdcomKernel(loads=[LOAD, LOAD]),
    "dozens of drivers when it runs on": lambda: KdcomKernel(loads=[LOAD] * 60),
    "a driver when it starts": lambda: KdcomKernel(boot=[LOAD]),
    "slow": lambda: KdcomKernel(slow=0.4),
    "very slow": lambda: KdcomKernel(slow=1.7),
    "leaves its state change unset": lambda: KdcomKernel(rewrites_stop=True, standing=True),
}


def stopped(kernel: KdcomKernel) -> tuple[Session, Machine]:
    session = Session(kernel, clock=kernel.clock)
    return session, stop_machine(session)


def left(kernel: KdcomKernel, session: Session) -> None:
    """It runs on for good, and nothing was asked that writes."""
    assert session.leave() and kernel.closed and not WRITES.intersection(kernel.asked)
    kernel.closed = False
    kernel.receive(3.0)
    assert kernel.running and kernel.asked[-1] == 0x313C


@pytest.mark.parametrize("name", CASES)
def test_a_kernel_is_stopped_read_and_left(name: str) -> None:
    kernel = CASES[name]()
    session, machine = stopped(kernel)
    begin, ram = kernel.now, kernel.ram[0][1]
    assert begin < 10
    assert machine.change.pc == (PC32 if machine.version.bits == 32 else PC64)
    assert machine.physical(0x1123, 6000) == ram[0x123 : 0x123 + 6000]
    assert machine.physical(0x1000 + len(ram) - 8, 100) == ram[-8:]
    assert machine.physical(0x90000, 4096) == b"" and machine.physical(0x100FF0, 32) == b"\x5a" * 32
    assert machine.context(0) == b"" and machine.msr(0xC0000101, 0) is None
    assert kernel.now - begin < 4 + 16 * kernel.slow
    left(kernel, session)


def test_a_break_in_that_is_lost_is_sent_again() -> None:
    kernel = KdcomKernel()
    kernel.send(b"bxyz")  # what came before us
    real, tries = kernel.send, []

    def send(data: bytes) -> None:
        tries.append(data)
        real(data + b"\0" if len(tries) == 1 else data)

    kernel.send = send  # type: ignore[method-assign]
    session, machine = stopped(kernel)
    assert machine.physical(0x1000, 4) == kernel.ram[0][1][:4] and kernel.now < 6
    left(kernel, session)


def test_what_it_leaves_unset_makes_no_other_stop_of_it() -> None:
    kernel = KdcomKernel(rewrites_stop=True)
    session, machine = stopped(kernel)
    for _ in range(3):
        session.resynchronise()
        assert machine.physical(0x1000, 4) == kernel.ram[0][1][:4]
    left(kernel, session)


def test_a_second_look_finds_it_as_the_first_left_it() -> None:
    kernel = KdcomKernel()
    for count in range(1, 6):
        session, machine = stopped(kernel)
        for _ in range(count):
            assert machine.physical(0x1000, 16) == kernel.ram[0][1][:16]
        left(kernel, session)


@pytest.mark.parametrize("requests", range(1, 5))
def test_one_who_died_has_left_it_standing(requests: int) -> None:
    kernel = KdcomKernel()
    _, machine = stopped(kernel)
    for _ in range(requests):
        machine.physical(0x1000, 16)
    session, machine = stopped(kernel)
    assert machine.physical(0x1000, 16) == kernel.ram[0][1][:16]
    left(kernel, session)


def _at(count: int, act: Callable[[KdcomKernel], None]) -> Callable[[KdcomKernel, int], None]:
    def told(kernel: KdcomKernel, _: int) -> None:
        if len(kernel.asked) == count:
            act(kernel)

    return told


def _boots(kernel: KdcomKernel) -> None:
    kernel.boot, kernel.stop = [LOAD], stop_at(pc=PC64 + 0x1000)
    kernel.reboot()


def _boots_silently(kernel: KdcomKernel) -> None:
    kernel.stop = stop_at(pc=PC64 + 0x1000)
    kernel.reboot()


@pytest.mark.parametrize("act", [_boots, _boots_silently])
def test_a_reboot_in_the_middle_is_said_and_it_runs_on(act: Callable[[KdcomKernel], None]) -> None:
    kernel = KdcomKernel(before_request=_at(5, act))
    session, machine = stopped(kernel)
    begin = kernel.now
    with pytest.raises((RanOn, LineLost), match=r"rebooted|not answer"):
        for _ in range(9):
            machine.physical(0x1000, 0x100)
    assert kernel.now - begin < 20
    session.leave()
    kernel.closed = False
    kernel.receive(3.0)
    assert kernel.now - begin < 30 and kernel.running


def test_one_that_acknowledges_nothing_runs_on_too() -> None:
    kernel = KdcomKernel(acknowledges=False)
    session, machine = stopped(kernel)
    assert machine.physical(0x1123, 6000) == kernel.ram[0][1][0x123 : 0x123 + 6000]
    begin = kernel.now
    assert not session.leave() and kernel.now - begin < 20
    kernel.closed = False
    kernel.receive(3.0)
    assert kernel.running


def test_power_off_in_the_middle_is_said() -> None:
    kernel = KdcomKernel(before_request=_at(3, lambda each: setattr(each, "power", False)))
    session, machine = stopped(kernel)
    with pytest.raises(LineLost, match="the other side has gone"):
        for _ in range(9):
            machine.physical(0x1000, 0x100)
    assert session.leave() or kernel.closed


def _flooded(kernel: KdcomKernel, noise: bytes) -> None:
    real = kernel.receive

    def receive(seconds: float) -> bytes:
        kernel.now += 0.001
        real(0.0)
        return noise

    kernel.receive = receive  # type: ignore[method-assign]


FLOODS = {
    "noise": b"\x00\xff" * 100,
    "prints": b"0000" + struct.pack("<HHII", 3, 18, INITIAL | SYNC, sum(printed(b"ab"))) + printed(b"ab") + b"\xaa",
    "leaders": b"0" * 300,
    "resend": b"iiii" + struct.pack("<HHII", 5, 0, 0, 0),
    "states": b"0000" + struct.pack("<HHII", 7, len(LOAD), INITIAL | SYNC, sum(LOAD)) + LOAD + b"\xaa",
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_ends_in_time(name: str) -> None:
    kernel = KdcomKernel()
    session, machine = stopped(kernel)
    begin = kernel.now
    _flooded(kernel, FLOODS[name])
    with pytest.raises(LiveError):
        for _ in range(20):
            machine.physical(0x1000, 0x100)
    session.leave()
    assert kernel.now - begin < 20


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_instead_of_a_kernel_ends_in_time(name: str) -> None:
    kernel = KdcomKernel()
    _flooded(kernel, FLOODS[name])
    with pytest.raises(LiveError, match="starting" if name == "states" else None):
        stopped(kernel)
    assert kernel.now < 20 and kernel.closed


def test_silence_ends_in_time() -> None:
    kernel = KdcomKernel()
    session, machine = stopped(kernel)
    begin = kernel.now

    def receive(seconds: float) -> bytes:
        kernel.now += seconds
        return b""

    kernel.receive = receive  # type: ignore[method-assign]
    with pytest.raises(LineLost, match="does not answer"):
        machine.physical(0x1000, 0x100)
    session.leave()
    assert kernel.now - begin < 20


def test_nothing_is_read_ahead_over_the_end_of_ram() -> None:
    asked: list[tuple[int, int]] = []

    def fetch(address: int, size: int) -> bytes:
        asked.append((address, size))
        return bytes(size)

    lines = MemoryLines(fetch, 0x4000, ends=(0x1000, 0x4000))
    for address in range(0x800, 0x1000, 0x100):
        assert lines.read(address, 0x100) == bytes(0x100)
    assert max(address + size for address, size in asked) == 0x1000 and len(asked) < 8


@pytest.mark.parametrize("seed", range(6))
def test_a_bad_line_gives_the_same_memory_and_it_runs_on(seed: int) -> None:
    kernel, noise = KdcomKernel(), Noise(500, seed)
    send, receive = kernel.send, kernel.receive
    kernel.send = lambda data: send(noise.passed(data))  # type: ignore[method-assign]
    kernel.receive = lambda seconds: noise.passed(receive(seconds))  # type: ignore[method-assign]
    session, machine = stopped(kernel)
    for start in range(0, 0x3000, 0x800):
        assert machine.physical(0x1000 + start, 0x800) == kernel.ram[0][1][start : start + 0x800]
    session.leave()
    kernel.closed, noise.one_in = False, 0
    receive(3.0)
    assert kernel.running and kernel.now < 120
