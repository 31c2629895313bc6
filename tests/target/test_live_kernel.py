"""Where a live machine's kernel is: by its own word, or one sentence."""

from __future__ import annotations

import pytest

from tests.kd.kdcom_kernel import KdcomKernel
from tests.kd.kdcom_words import VERSION32, stop_at
from volplugins.kd.errors import LiveError
from volplugins.kd.machine import stop_machine
from volplugins.kd.memory_lines import LineReader, MemoryLines
from volplugins.kd.session import Session
from volplugins.target.live_kernel import live_kernel, live_space
from volplugins.target.live_processors import SpecialRegisters

CR3 = 0x35D4000


@pytest.mark.parametrize(
    ("ram", "said"),
    [
        ((), f"does not give the page of its page tables \\({CR3:#x}\\): it may be starting"),
        (((CR3, bytes(0x1000)),), "its kernel is not at 0x804d7000, where it says it is"),
    ],
)
def test_a_kernel_that_cannot_be_read_says_why(ram: tuple[tuple[int, bytes], ...], said: str) -> None:
    kernel = KdcomKernel(ram=ram, stop=stop_at(32), version=VERSION32)
    session = Session(kernel, clock=kernel.clock)
    machine = stop_machine(session)
    space = live_space(machine, LineReader(MemoryLines(machine.physical, 1 << 32)), SpecialRegisters(0, CR3, 0, 0, 0))
    with pytest.raises(LiveError, match=said):
        live_kernel(machine, space)
    assert session.leave()
