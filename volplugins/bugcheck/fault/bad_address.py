"""The operand that gave the bad address, for a fault: of the failing instruction, or of the call that left all code."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.bugcheck.fault.fault import Fault
from volplugins.bugcheck.fault.operand import Operand, called_operand, faulting_operand
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.dumpfile.context import AMD64, I386
from volplugins.memory.reader import ReadError
from volplugins.stack.frame import Frame, Trust

_DIVIDE_ERRORS = frozenset({0xC0000094, 0xC0000095})
_CALL_LENGTHS = (2, 3, 4, 6, 7)


def operand_of_fault(scene: CrashScene, fault: Fault, code: bytes, caller: Frame | None) -> Operand | None:
    """The operand, or None.

    Args:
        code: bytes at the failing instruction.
        caller: the frame right below the failing instruction's own.
    """
    if scene.target.machine not in (AMD64, I386) or not fault.located or fault.ip is None:
        return None
    if not scene.code.holds(fault.ip):
        return _of_the_call(scene, fault, caller)
    accessed = fault.access[1] if fault.access is not None else None
    divided = fault.exception_code in _DIVIDE_ERRORS
    return faulting_operand(code, fault.ip, scene.bits, fault.registers, accessed, divided)


def _of_the_call(scene: CrashScene, fault: Fault, caller: Frame | None) -> Operand | None:
    """What the caller called through: the register or the word in memory that held the address of no code."""
    if caller is None or caller.trust is not Trust.LEAF:
        return None
    for address, code in _calls_before(scene, caller.ip):
        operand = called_operand(code, address, scene.bits, fault.registers)
        if operand is not None and _led_to(scene, operand, fault.ip):
            return operand
    return None


def _calls_before(scene: CrashScene, return_address: int) -> Iterator[tuple[int, bytes]]:
    """Every place from which an indirect call may end at ``return_address``, shortest first, with its bytes."""
    for length in _CALL_LENGTHS:
        try:
            yield return_address - length, scene.memory.read(return_address - length, length)
        except ReadError:
            return


def _led_to(scene: CrashScene, operand: Operand, ip: int | None) -> bool:
    """Whether the operand held ``ip``: itself, or as the pointer that it addresses."""
    if "[" not in operand.text:
        return operand.address == ip
    if operand.address is None:
        return False
    try:
        return int.from_bytes(scene.memory.read(operand.address, scene.bits // 8), "little") == ip
    except ReadError:
        return False
