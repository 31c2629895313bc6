"""x86 code. Encodings: Intel SDM volume 2."""

from __future__ import annotations

from volplugins.lab.functions import Function, MachineCode


def compile_x86(function: Function) -> MachineCode:
    """Instructions and call sites of one function."""
    raise NotImplementedError(function.name)


def stack_bytes(function: Function) -> int:
    """Bytes between the stack pointer in the body and the return address."""
    raise NotImplementedError(function.name)
