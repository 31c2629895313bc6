"""A double fault on x86: the processor changes tasks, and the registers of the fault are in the old task's segment.

Layout: the 32-bit task state segment (Intel SDM 3A, 8.2.1). Parameter 2 of bugcheck 0x7F, trap 8, is its address.
"""

from __future__ import annotations

from volplugins.bugcheck.codes import base_code
from volplugins.bugcheck.moment import Moment
from volplugins.bugcheck.scene import CrashScene
from volplugins.memory.reader import ReadError
from volplugins.stack.frame import Trust

_TRAP, _DOUBLE_FAULT = 0x7F, 8
_REGISTERS = {
    "eip": 0x20, "efl": 0x24, "eax": 0x28, "ecx": 0x2C, "edx": 0x30, "ebx": 0x34, "esp": 0x38, "ebp": 0x3C, "esi": 0x40,
    "edi": 0x44,
}  # fmt: skip
_CS_AT, _KERNEL_CS, _SIZE = 0x4C, 0x8, 0x68


def double_fault(scene: CrashScene) -> Moment | None:
    """The registers of the task that faulted twice; None for another crash, or where the segment leads to no code."""
    target = scene.target
    kind, address = target.bugcheck.parameters[:2]
    if scene.bits != 32 or base_code(target.bugcheck.code) != _TRAP or kind != _DOUBLE_FAULT or not address >> 31:
        return None
    try:
        data = scene.memory.read(address, _SIZE)
    except ReadError:
        return None
    values = {name: int.from_bytes(data[at : at + 4], "little") for name, at in _REGISTERS.items()}
    selector = int.from_bytes(data[_CS_AT : _CS_AT + 2], "little")
    if selector != _KERNEL_CS or not scene.code.holds(values["eip"]) or not values["esp"] >> 31:
        return None
    source = f"task state segment {address:#x}"
    return Moment(values["eip"], values["esp"], values["ebp"], values, Trust.CONTEXT, source)
