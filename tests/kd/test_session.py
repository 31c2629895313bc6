"""A session with a kernel, whatever the line and the kernel do: it stops, answers, and runs on."""

from __future__ import annotations

import struct

import pytest

from tests.kd.scripted import KERNEL, Noise, ScriptedKernel, state_change
from volplugins.kd.errors import LineLost, LiveError, NoAnswer, RanOn
from volplugins.kd.machine import Machine, stop_machine
from volplugins.kd.session import Session
from volplugins.kd.version import AMD64


def session_with(kernel: ScriptedKernel) -> Session:
    return Session(kernel, clock=kernel.clock)


def stopped(kernel: ScriptedKernel) -> tuple[Session, Machine]:
    session = session_with(kernel)
    return session, stop_machine(session)


def test_a_running_kernel_is_stopped_asked_and_runs_on() -> None:
    kernel = ScriptedKernel()
    session, machine = stopped(kernel)
    assert (machine.version.machine, machine.version.build, machine.version.kernel_base) == (AMD64, 9600, KERNEL)
    assert machine.change.processors == 2 and machine.change.pc == KERNEL + 0x1234
    assert machine.physical(0x123, 5000) == kernel.memory[0x123 : 0x123 + 5000]
    assert machine.physical(len(kernel.memory) - 10, 100) == kernel.memory[-10:]
    assert machine.physical(len(kernel.memory) + 0x1000, 8) == b""
    assert session.leave() and kernel.running and kernel.closed
    status, trace, dr7 = struct.unpack_from("<IIQ", kernel.continued[-1], 16)
    assert (status, trace, dr7) == (0x10002, 0, 0x455)


def test_a_kernel_of_32_bits_gets_its_own_dr7_back() -> None:
    version = struct.pack("<HHBBHHBBBBHQQQ", 15, 2600, 6, 2, 3, 0x14C, 12, 3, 0x33, 0, 0, *([0xFFFFFFFF804D7000] * 3))
    kernel = ScriptedKernel(stop=state_change(32), version=version)
    session, machine = stopped(kernel)
    assert (machine.version.bits, machine.version.kernel_base, session.bits) == (32, 0x804D7000, 32)
    assert session.leave()
    assert struct.unpack_from("<IIIII", kernel.continued[-1], 16) == (0x10002, 0, 0x455, 1, 1)


def test_a_kernel_that_stands_already_is_found_by_a_reset() -> None:
    kernel = ScriptedKernel(running=False)
    session, machine = stopped(kernel)
    assert machine.physical(0, 4) == kernel.memory[:4]
    assert session.leave() and kernel.running


def test_stops_for_drivers_and_commands_are_let_go_on() -> None:
    load = state_change(state=0x3031, text=b"\\Windows\\a.sys\0")
    kernel = ScriptedKernel(first=[(7, load)])
    session, machine = stopped(kernel)
    assert machine.change.code == 0x80000003 and len(kernel.continued) == 1
    assert session.leave() and len(kernel.continued) == 2


def test_what_a_kernel_prints_asks_and_wants_from_files_is_answered() -> None:
    prompt = struct.pack("<IHHII", 0x3231, 6, 0, 7, 2) + b"(bipt)?"
    printed = struct.pack("<IHHI", 0x3230, 6, 0, 5) + b"hello"
    file = struct.pack("<II", 0x3430, 0).ljust(64, b"\0")
    kernel = ScriptedKernel(first=[(3, printed), (3, prompt), (11, file)])
    session, _ = stopped(kernel)
    assert list(session.prints) == ["hello"]
    assert any(each[:4] == prompt[:4] and each.endswith(b"i") for each in kernel.seen)
    assert any(each[:8] == struct.pack("<II", 0x3430, 0xC000000F) and len(each) == 64 for each in kernel.seen)
    assert session.leave()


@pytest.mark.parametrize("seed", range(12))
def test_a_line_that_loses_doubles_and_damages_bytes_gives_the_same_memory(seed: int) -> None:
    kernel = ScriptedKernel(noise=Noise(400, seed))
    session, machine = stopped(kernel)
    for start in range(0, len(kernel.memory), 0x1000):
        assert machine.physical(start, 0x1000) == kernel.memory[start : start + 0x1000]
    kernel.noise.one_in = 0
    assert session.leave() and kernel.running
    assert session.link.damaged and session.link.repeated


def test_less_is_asked_for_on_a_bad_line_and_more_again_on_a_good_one() -> None:
    kernel = ScriptedKernel(noise=Noise(500, 5))
    session, machine = stopped(kernel)
    for _ in range(4):
        machine.physical(0, 0x2000)
    bad = machine._chunk.size
    kernel.noise.one_in = 0
    for _ in range(60):
        machine.physical(0, 0x2000)
    assert bad < 1024 < machine._chunk.size
    assert session.leave()


def test_nobody_answers() -> None:
    kernel = ScriptedKernel(deaf=True)
    with pytest.raises(NoAnswer, match="not a byte came"):
        stopped(kernel)
    assert kernel.closed and kernel.now < 12


def test_the_other_end_goes() -> None:
    kernel = ScriptedKernel()
    session, machine = stopped(kernel)
    kernel.gone = len(kernel.asked) + 2
    with pytest.raises(LineLost, match="closed"):
        machine.physical(0, 0x4000)
    assert not session.leave() or kernel.closed


def test_a_kernel_that_falls_silent_ends_the_run_in_time() -> None:
    kernel = ScriptedKernel()
    session, machine = stopped(kernel)
    kernel.deaf, start = True, kernel.now
    with pytest.raises(LineLost, match="does not answer"):
        machine.physical(0, 0x100)
    assert kernel.now - start < 60
    before = kernel.now
    with pytest.raises(LineLost, match="does not answer"):  # at once: nobody waits for every read anew
        machine.physical(0, 0x100)
    assert kernel.now == before
    assert not session.leave() and kernel.closed


def test_a_reboot_in_the_middle_is_said() -> None:
    kernel = ScriptedKernel()
    session, machine = stopped(kernel)

    def reboot(target: ScriptedKernel, api: int) -> None:
        if len(target.asked) == 5:
            target.stop = state_change(pc=KERNEL + 0x99999)
            target.break_in()

    kernel.on_request = reboot
    with pytest.raises(RanOn, match="rebooted"):
        for _ in range(8):
            machine.physical(0, 0x1000)
    assert session.leave() and kernel.running


def test_a_session_that_is_interrupted_while_it_stops_the_kernel_leaves_it_running() -> None:
    kernel = ScriptedKernel()
    session = session_with(kernel)
    real = kernel.receive

    def interrupted(seconds: float) -> bytes:
        kernel.receive = real  # type: ignore[method-assign]
        raise KeyboardInterrupt

    kernel.receive = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        stop_machine(session)
    assert kernel.running and kernel.continued


def test_a_session_that_is_interrupted_in_a_request_leaves_it_running() -> None:
    kernel = ScriptedKernel()
    session, machine = stopped(kernel)
    real = kernel.receive

    def interrupted(seconds: float) -> bytes:
        kernel.receive = real  # type: ignore[method-assign]
        raise KeyboardInterrupt

    kernel.receive = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        machine.physical(0, 100)
    assert session.leave() and kernel.running


@pytest.mark.parametrize("receives", range(1, 6))
def test_a_session_that_is_interrupted_anywhere_in_a_read_leaves_it_running(receives: int) -> None:
    kernel = ScriptedKernel()
    session, machine = stopped(kernel)
    real, left = kernel.receive, receives

    def interrupted(seconds: float) -> bytes:
        nonlocal left
        left -= 1
        if left:
            data = real(seconds)
            return data[:16] if left == 1 else data  # the acknowledgement, and the reply is still under way
        kernel.receive = real  # type: ignore[method-assign]
        raise KeyboardInterrupt

    kernel.receive = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        for start in range(0, 0x4000, 0x1000):
            machine.physical(start, 0x1000)
    assert session.leave() and kernel.running and kernel.continued


def test_a_machine_that_is_to_stay_stopped_stays() -> None:
    kernel = ScriptedKernel()
    session, _ = stopped(kernel)
    session.stay_stopped = True
    assert session.leave() and not kernel.running and kernel.closed


def test_a_flood_of_prints_ends() -> None:
    kernel = ScriptedKernel()
    session, machine = stopped(kernel)
    printed = struct.pack("<IHHI", 0x3230, 6, 0, 5) + b"hello"

    def flood(target: ScriptedKernel, api: int) -> None:
        target._sent += [(3, printed)] * 5000

    kernel.on_request = flood
    with pytest.raises(LiveError):
        for _ in range(50):
            machine.physical(0, 16)
    assert len(session.prints) <= 16


def test_a_reply_of_another_address_is_not_taken_for_ours() -> None:
    kernel = ScriptedKernel()
    session, machine = stopped(kernel)
    for start in range(0x100, 0x800, 0x100):
        machine.physical(start, 0x10)
    stale = (
        struct.pack("<IHHII", 0x313D, 0, 0, 0, 0) + struct.pack("<QIII", 0x40, 16, 16, 0).ljust(40, b"\0") + b"x" * 16
    )

    def lie(target: ScriptedKernel, api: int) -> None:
        target._sent.append((2, stale))
        target.on_request = lambda kernel, api: None

    kernel.on_request = lie
    assert machine.physical(0x200, 16) == kernel.memory[0x200:0x210]
    assert session.leave()


@pytest.mark.parametrize("echo", [True, False])
def test_memory_of_a_kernel_with_a_limit_of_its_own(echo: bool) -> None:
    kernel = ScriptedKernel(limit=100, echo=echo)
    session, machine = stopped(kernel)
    assert machine.physical(8, 1000) == kernel.memory[8:1008]
    assert session.leave()
