"""A line that loses, doubles and damages one byte in a thousand each: the same memory, as long as it takes."""

from __future__ import annotations

import struct

import pytest

from tests.kd.kdcom_kernel import KdcomKernel
from tests.kd.kdcom_words import RESET
from tests.kd.scripted import Noise
from volplugins.kd.errors import LineLost
from volplugins.kd.machine import Machine, stop_machine
from volplugins.kd.session import Session

RESET_PACKET = b"iiii" + struct.pack("<HHII", RESET, 0, 0, 0)[:2]
RAM = ((0x1000, bytes(range(256)) * 1024),)


def noisy(seed: int) -> tuple[KdcomKernel, Machine]:
    kernel, noise = KdcomKernel(ram=RAM), Noise(333, seed)
    send, receive = kernel.send, kernel.receive
    kernel.send = lambda data: send(noise.passed(data))  # type: ignore[method-assign]
    kernel.receive = lambda seconds: noise.passed(receive(seconds))  # type: ignore[method-assign]
    return kernel, stop_machine(Session(kernel, clock=kernel.clock))


def read_all(machine: Machine, end: int) -> None:
    for start in range(0, end, 0x800):
        assert machine.physical(0x1000 + start, 0x800) == RAM[0][1][start : start + 0x800]


# seeds with which stops that are said again cross what asks for them, six times in a few milliseconds and more
@pytest.mark.parametrize("seed", [11, 13, 17, 19])
def test_requests_that_are_disturbed_often_are_no_dead_line(seed: int) -> None:
    kernel, machine = noisy(seed)
    read_all(machine, 0x8000)
    assert kernel.now < 60


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_a_quarter_of_a_megabyte(seed: int) -> None:
    kernel, machine = noisy(seed)
    read_all(machine, 0x40000)
    assert kernel.now < 200


def test_resets_that_are_lost_are_sent_again() -> None:
    kernel = KdcomKernel()
    session = Session(kernel, clock=kernel.clock)
    machine = stop_machine(session)
    session.link.damaged, lost, real = 1, [], kernel.send

    def send(data: bytes) -> None:
        if RESET_PACKET in data and len(lost) < 4:
            lost.append(data)
        else:
            real(data)

    kernel.send = send  # type: ignore[method-assign]
    begin = kernel.now
    session.resynchronise()
    assert len(lost) == 4 and kernel.now - begin < 2 * session.timing.step
    assert machine.physical(0x1000, 16) == kernel.ram[0][1][:16]


def test_a_line_that_gives_nothing_any_more_is_given_up() -> None:
    kernel = KdcomKernel()
    session = Session(kernel, clock=kernel.clock)
    stop_machine(session)
    session.link.damaged = 1
    kernel.send = lambda data: None  # type: ignore[method-assign]
    begin = kernel.now
    with pytest.raises(LineLost):
        session.resynchronise()
    assert kernel.now - begin < 4 * session.timing.step
