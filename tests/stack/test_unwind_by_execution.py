"""Compiled functions, run one instruction at a time: at each the unwinder must name the true caller.

Instruction pointer, stack pointer, and every register that a call must keep, XMM ones too: all of them, always, in
prologs and epilogs as well.
"""

from __future__ import annotations

import pytest

from tests.stack.compiled import NAMES, image, missing_tool
from volplugins.image.exception_directory import read_function_table
from volplugins.image.headers import read_headers
from volplugins.memory.reader import ReadError
from volplugins.stack.registers import NONVOLATILE_64, Registers
from volplugins.stack.unwind_x64 import CodeImage, unwind

pytest.importorskip("unicorn", reason="unicorn runs the compiled functions (extra 'dev')")
from tests.stack.execution import SENTINEL, Execution


class Memory:
    """The engine's memory as the core reads it."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution

    def read(self, address: int, size: int) -> bytes:
        try:
            return self._execution.read(address, size)
        except Exception:
            raise ReadError(address) from None


class OneImage:
    """A code map of the one image."""

    def __init__(self, execution: Execution) -> None:
        memory = Memory(execution)
        headers = read_headers(memory, execution.base)
        assert headers is not None
        view = headers.view(memory)
        table = read_function_table(view, headers)
        assert table is not None
        self.image = CodeImage(execution.base, headers.size_of_image, view, table)

    def image_at(self, address: int):
        return self.image if self.image.base <= address < self.image.base + self.image.size else None

    def holds(self, address: int) -> bool:
        return self.image_at(address) is not None


@pytest.fixture(scope="module", params=NAMES)
def execution(request, tmp_path_factory):
    data = image(request.param, tmp_path_factory.mktemp(request.param))
    if missing_tool(request.param):
        print(f"{missing_tool(request.param)} is not here: the image kept in the repository is used")
    return Execution(data, 64)


def registers_of(execution: Execution, ip: int) -> Registers:
    general = execution.general()
    xmm = {number: value.to_bytes(16, "little") for number, value in enumerate(execution.xmm()) if number >= 6}
    return Registers(64, ip, general[4], general, xmm)


def test_at_every_instruction_the_caller_is_the_true_one(execution):
    memory, code = Memory(execution), OneImage(execution)
    wrong: list[str] = []
    functions: set[int] = set()

    def check(ip: int) -> None:
        truth = execution.callers[-1]
        entry = code.image.functions.find(ip - execution.base)
        functions.add(entry.begin if entry else ip)
        found = unwind(memory, code, registers_of(execution, ip), False).registers
        kept = [number for number in NONVOLATILE_64 if found.general[number] != truth.general[number]]
        lost = [n for n in range(6, 16) if int.from_bytes(found.xmm[n], "little") != truth.xmm[n]]
        if (found.ip, found.sp) != (truth.ip, truth.sp) or kept or lost:
            wrong.append(f"{ip:#x}: {found.ip:#x}/{found.sp:#x}, not {truth.ip:#x}/{truth.sp:#x}; {kept} {lost}")

    steps = execution.run(check)
    assert not wrong, f"{len(wrong)} of {steps}: {wrong[:5]}"
    assert steps > 1000
    assert len(functions) > 15
    assert not execution.callers[1:], "the run came to its end"


def test_whole_stacks_are_those_of_the_shadow_stack(tmp_path):
    """From any depth, call by call, to the end: frames behind the first are return addresses."""
    execution = Execution(image("gcc-O1", tmp_path), 64)
    memory, code = Memory(execution), OneImage(execution)
    checked = 0

    def check(ip: int) -> None:
        nonlocal checked
        if len(execution.callers) < 4:
            return
        registers, is_return = registers_of(execution, ip), False
        for truth in reversed(execution.callers):
            registers = unwind(memory, code, registers, is_return).registers
            assert (registers.ip, registers.sp) == (truth.ip, truth.sp)
            is_return = True
        assert registers.ip == SENTINEL
        checked += 1

    execution.run(check)
    assert checked > 100
