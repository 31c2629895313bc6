"""32-bit functions with frame pointers, run one instruction at a time: outside of prologs and epilogs the caller is
the true one: instruction pointer, EBP, and the stack pointer at the return address; in epilogs that with which the
caller goes on."""

from __future__ import annotations

import pytest

from tests.stack.compiled import NAMES_32, image
from volplugins.memory.reader import ReadError
from volplugins.stack.registers import RBP, Registers
from volplugins.stack.unwind_x86 import unwind_by_frame_pointer, unwind_epilog

pytest.importorskip("unicorn", reason="unicorn runs the compiled functions (extra 'dev')")
from tests.stack.execution import Execution


class Memory:
    def __init__(self, execution: Execution) -> None:
        self._execution = execution

    def read(self, address: int, size: int) -> bytes:
        try:
            return self._execution.read(address, size)
        except Exception:
            raise ReadError(address) from None


@pytest.mark.parametrize("name", NAMES_32)
def test_the_frame_pointer_leads_to_the_true_caller(name, tmp_path):
    execution = Execution(image(name, tmp_path), 32)
    memory = Memory(execution)
    checked = 0

    def check(ip: int) -> None:
        nonlocal checked
        truth = execution.callers[-1]
        general = execution.general()
        # between `mov ebp, esp` and the restoring of EBP, this function's own frame lies right below its caller's
        if general[RBP] != truth.sp - 8:
            return
        found = unwind_by_frame_pointer(memory, Registers(32, ip, general[4], general, {}))
        assert (found.ip, found.sp) == (truth.ip, truth.sp)
        assert found.general[RBP] == truth.general[RBP]
        checked += 1

    steps = execution.run(check)
    assert checked > steps // 3
    assert checked > 200


@pytest.mark.parametrize("name", NAMES_32)
def test_an_epilog_leads_to_the_true_caller(name, tmp_path):
    execution = Execution(image(name, tmp_path), 32)
    memory = Memory(execution)
    claimed: list[tuple[int, Registers]] = []
    checked = 0

    def check(ip: int) -> None:
        """An epilog's claim is held to what the caller goes on with; those that return alike are one with it."""
        nonlocal checked
        general = execution.general()
        while claimed and claimed[-1][0] > len(execution.callers):
            _, claim = claimed.pop()
            assert (claim.ip, claim.sp) == (ip, general[4])
            assert claim.general[RBP] == general[RBP]
            checked += 1
        found = unwind_epilog(memory, Registers(32, ip, general[4], general, {}))
        if found is not None:
            assert found.ip == execution.callers[-1].ip
            claimed.append((len(execution.callers), found))

    execution.run(check)
    assert checked > 20
    assert released_by(execution), "there is a function that takes its arguments off the stack"


def released_by(execution: Execution) -> bool:
    """Whether the image has a return that releases three words (the stdcall function of functions32.c)."""
    return b"\xc2\x0c\x00" in execution.image
