"""Leaving a kernel that stands at an int 3 of its own: it runs on, and only its instruction pointer is written."""

from __future__ import annotations

import pytest

from tests.kd.kdcom_kernel import KdcomKernel
from tests.kd.kdcom_words import PC64, WRITES
from volplugins.kd.breakpoint_instruction import go_past
from volplugins.kd.machine import Machine, stop_machine
from volplugins.kd.requests import Reply
from volplugins.kd.session import Session


def stopped(kernel: KdcomKernel, step_past: bool = True) -> tuple[Session, Machine]:
    session = Session(kernel, clock=kernel.clock, step_past=step_past)
    return session, stop_machine(session)


def test_a_continue_that_runs_into_it_again_is_noticed() -> None:
    kernel = KdcomKernel(int3=True)
    session, machine = stopped(kernel)
    assert machine.physical(0x1000, 16) == kernel.ram[0][1][:16]
    assert session.leave()
    kernel.closed = False
    kernel.receive(3.0)
    assert kernel.running and kernel.asked.count(0x3133) == 1
    assert WRITES.intersection(kernel.asked) == {0x3133}
    assert int.from_bytes(kernel.context[0xF8:0x100], "little") == PC64 + 1
    assert not any(kernel.context[:0xF8]) and not any(kernel.context[0x100:])  # all else as it was


def test_it_is_found_so_again_and_again() -> None:
    kernel = KdcomKernel(int3=True)
    for _ in range(3):
        session, _ = stopped(kernel)
        assert session.leave()
        kernel.closed = False
        kernel.receive(3.0)
        assert kernel.running


def test_one_that_stands_when_the_client_comes() -> None:
    kernel = KdcomKernel(int3=True, standing=True)
    session, _ = stopped(kernel)
    assert session.leave() and kernel.running


def test_nothing_is_written_unless_it_was_asked_for() -> None:
    kernel = KdcomKernel(int3=True)
    session, _ = stopped(kernel, step_past=False)
    assert not session.leave() and not WRITES.intersection(kernel.asked)


def test_where_a_continue_is_enough_nothing_is_written() -> None:
    kernel = KdcomKernel()
    session, _ = stopped(kernel)
    assert session.leave() and not WRITES.intersection(kernel.asked)


@pytest.mark.parametrize("bad", ["another byte", "unreadable", "another context", "short context", "refused"])
def test_what_is_no_breakpoint_is_left_alone(bad: str) -> None:
    kernel = KdcomKernel(int3=True)
    session, machine = stopped(kernel)
    asked: list[int] = []
    real = session.ask

    def ask(message: bytes, fits: object) -> Reply:
        reply = real(message, fits)  # type: ignore[arg-type]
        asked.append(reply.api)
        status, data = reply.status, reply.data
        if reply.api == 0x3130:
            data = b"\x90" if bad == "another byte" else data
            status = 0xC0000001 if bad in ("unreadable", "refused") else status
        if reply.api == 0x3132:
            data = {"another context": bytes(0x4D0), "short context": data[:0xF0]}.get(bad, data)
        return Reply(reply.api, status, reply.union, data)

    assert not go_past(ask, machine.change, 64)
    assert 0x3133 not in asked and 0x3133 not in kernel.asked
