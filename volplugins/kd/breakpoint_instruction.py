"""A stop at the kernel's own breakpoint instruction, and the one thing that is ever written: the way past it.

A break-in is answered inside DbgBreakPointWithStatus, and so is a bugcheck: the instruction pointer that is reported is
that of the ``int 3`` itself (WinDbg shows it so; rizin's doc/windbg.md: a plain continue stops there again). Whoever
lets the machine run on has to go one byte on, as WinDbg does. Here that is done only where a plain continue has been
seen to stop at the same instruction again and again.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from volplugins.kd import requests
from volplugins.kd.requests import Api, Reply
from volplugins.kd.state_change import NewState, StateChange

BREAKPOINT = 0x80000003  # STATUS_BREAKPOINT
_INT3 = b"\xcc"
# CONTEXT of x86 and x64 (winnt.h): flags asked for, least size, where the instruction pointer is and how long
_RECORDS = {32: (0x1003F, 0x2CC, 0xB8, "<I"), 64: (0x10001F, 0x4D0, 0xF8, "<Q")}
Ask = Callable[[bytes, Callable[[Reply], bool]], Reply]


def is_again(change: StateChange, before: StateChange) -> bool:
    """Whether a kernel stands at the breakpoint where it stood before."""
    return (
        change.state is NewState.EXCEPTION
        and change.code == before.code == BREAKPOINT
        and (change.pc, change.processor) == (before.pc, before.processor)
    )


def go_past(ask: Ask, change: StateChange, bits: int) -> bool:
    """Put the processor's instruction pointer behind the ``int 3`` at which it stands; whether it took that.

    Nothing is written where the byte there is no ``int 3``, or the processor's context is not where it stopped.

    Raises:
        LiveError: the line is lost.
    """
    flags, size, at, form = _RECORDS[bits]
    pc = change.pc & ((1 << bits) - 1)
    if _byte_at(ask, change) != _INT3:
        return False
    reply = ask(requests.get_context(flags, change.processor), lambda reply: reply.api == Api.GET_CONTEXT)
    if not reply.succeeded or len(reply.data) < size or struct.unpack_from(form, reply.data, at)[0] != pc:
        return False
    context = bytearray(reply.data)
    struct.pack_into(form, context, at, (pc + 1) & ((1 << bits) - 1))
    message = requests.set_context(flags, change.processor, bytes(context))
    return ask(message, lambda reply: reply.api == Api.SET_CONTEXT).succeeded


def _byte_at(ask: Ask, change: StateChange) -> bytes:
    message = requests.read_memory(Api.READ_VIRTUAL, change.pc, 1)
    reply = ask(message, lambda reply: reply.api == Api.READ_VIRTUAL)
    return requests.memory_of(reply, 1) if reply.succeeded else b""
