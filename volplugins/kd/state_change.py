"""State changes: why the kernel stopped, on which processor, where (windbgkd.h, DBGKD_ANY_WAIT_STATE_CHANGE).

32-bit kernels since XP send the 64-bit form too, addresses sign-extended; some of them with four bytes more at its end.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

_FIXED = struct.Struct("<IHHIIQQ")
_ALTERNATE = 0x10000  # an alternate partition's
_MOST_PROCESSORS = 2048
_UNION, _CONTROL = 32, 192
_LONGEST_TEXT = 512


class NewState(IntEnum):
    """What happened."""

    EXCEPTION = 0x3030
    LOAD_SYMBOLS = 0x3031
    COMMAND_STRING = 0x3032


@dataclass(frozen=True, slots=True)
class StateChange:
    """A kernel that stopped.

    Attributes:
        state: why; None for a reason that nobody has named.
        processor, processors: the one that stopped, and how many there are (at most 2048 are believed).
        thread: address of its KTHREAD.
        pc: its instruction pointer.
        code: exception code, 0 where it is no exception; ``address`` where it happened.
        first_chance: whether nobody has handled it yet.
        control: the control report that follows, raw; empty where it is cut.
    """

    state: NewState | None
    processor: int
    processors: int
    thread: int
    pc: int
    code: int
    address: int
    first_chance: bool
    control: bytes

    @property
    def is_notice(self) -> bool:
        """Whether it only says something, and waits to be told to go on: a driver was loaded or is gone, a command."""
        return self.state in (NewState.LOAD_SYMBOLS, NewState.COMMAND_STRING)

    def dr7(self, bits: int) -> int | None:
        """Debug register 7 as it was reported: it is given back when the machine runs on; None where it is cut."""
        at, size = (8, 8) if bits == 64 else (4, 4)
        return int.from_bytes(self.control[at : at + size], "little") if len(self.control) >= at + size else None


def decode_state_change(payload: bytes) -> StateChange | None:
    """The state change; None where the payload is too short for one."""
    if len(payload) < _FIXED.size:
        return None
    state, _, processor, processors, _, thread, pc = _FIXED.unpack_from(payload)
    union = payload[_UNION:_CONTROL]
    try:
        known = NewState(state & ~_ALTERNATE)
    except ValueError:
        known = None
    exception = known is NewState.EXCEPTION and len(union) >= 0x9C
    return StateChange(
        known,
        processor,
        min(max(processors, 1), _MOST_PROCESSORS),
        thread,
        pc,
        int.from_bytes(union[:4], "little") if exception else 0,
        int.from_bytes(union[16:24], "little") if exception else 0,
        exception and bool(int.from_bytes(union[152:156], "little")),
        payload[_CONTROL : _CONTROL + 48],
    )


def bits_of(change: StateChange) -> int:
    """Width of the kernel's addresses: 32-bit ones are given sign-extended, where 64-bit kernels have nothing.

    Its KTHREAD's: the instruction pointer may be a 32-bit program's on a 64-bit kernel.
    """
    return 32 if (change.thread or change.pc) >> 32 in (0, 0xFFFFFFFF) else 64
