"""What a thread's record says besides what every command shows: priorities, times, waits, APCs, impersonation."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.kernel.members import read_member
from volplugins.kernel.thread import Thread
from volplugins.kernel.wait_layouts import WaitLayouts
from volplugins.memory.reader import MemoryReader
from volplugins.memory.structure import Layout

_MODES = ("kernel", "user")
_IMPERSONATES = 1 << 3  # ETHREAD.CrossThreadFlags.ActiveImpersonationInfo, the same since XP (public symbol tables)
# KTHREAD.MiscFlags.Alertable: its bit before and after build 14393, of which 10240 is not known; XP to Vista a byte
_ALERTABLE_OLD, _ALERTABLE, _UNKNOWN = 1 << 5, 1 << 4, range(10240, 14393)
_FIRST_FLAGS, _LAST_OLD = 7600, 10240


@dataclass(frozen=True, slots=True)
class ThreadDetails:
    """Members of one ETHREAD; None: not known in this build, or not to be read.

    Attributes:
        priority, base_priority: 0 to 31; ``boost`` what is added to the priority for a while and decays.
        ideal: number of its ideal processor.
        wait_mode: ``kernel`` or ``user``; ``alertable``: whether an alert ends the wait.
        wait_tick: the tick at which it began to wait or became ready.
        kernel_ticks, user_ticks: of the clock, while it ran.
        apcs: ``kernel``, ``user``, both, or empty.
    """

    priority: int | None
    base_priority: int | None
    boost: int | None
    ideal: int | None
    wait_mode: str
    alertable: bool | None
    wait_tick: int | None
    kernel_ticks: int | None
    user_ticks: int | None
    apcs: str
    impersonates: bool | None
    suspend_count: int | None
    win32_thread: int | None


def read_thread_details(memory: MemoryReader, thread: Thread, layouts: WaitLayouts, build: int) -> ThreadDetails:
    """Read them; never raises ReadError."""
    layout, address = layouts.thread, thread.ethread

    def member(name: str, size: int = 0) -> int | None:
        return read_member(memory, address, layout, name, size)

    ideal = member("UserIdealProcessor", 4)
    ideal = member("IdealProcessor", _ideal_size(layout)) if ideal is None else ideal
    mode = member("WaitMode", 1)
    return ThreadDetails(
        _signed(member("Priority", 1)), _signed(member("BasePriority", 1)), _boost(memory, address, layout), ideal,
        _MODES[mode] if mode is not None and mode < len(_MODES) else "", _alertable(memory, address, layout, build),
        member("WaitTime", 4), member("KernelTime", 4), member("UserTime", 4), _apcs(memory, address, layout),
        _impersonates(memory, address, layout), member("SuspendCount", 1), member("Win32Thread"),
    )  # fmt: skip


def _ideal_size(layout: Layout) -> int:
    """XP keeps the number in a byte."""
    suspend = layout.members.get("SuspendCount")
    ideal = layout.members.get("IdealProcessor")
    return 1 if suspend is not None and ideal is not None and ideal[0] == suspend[0] + 1 else 4


def _signed(value: int | None) -> int | None:
    """A signed char."""
    return None if value is None else (value & 0xFF) - ((value & 0x80) << 1)


def _boost(memory: MemoryReader, address: int, layout: Layout) -> int | None:
    """PriorityDecrement has the boost in its low half since 7 (ForegroundBoost, UnusualBoost), in all of it before."""
    value = read_member(memory, address, layout, "PriorityDecrement", 1)
    return None if value is None else (value & 0xF) + (value >> 4)


def _alertable(memory: MemoryReader, address: int, layout: Layout, build: int) -> bool | None:
    if "Alertable" in layout.bits:
        value = read_member(memory, address, layout, "Alertable")
        return None if value is None else bool(value)
    word = read_member(memory, address, layout, "Alertable", 1)
    if word is None or build in _UNKNOWN:
        return None
    if build < _FIRST_FLAGS:
        return bool(word)
    return bool(word & (_ALERTABLE_OLD if build < _LAST_OLD else _ALERTABLE))


def _apcs(memory: MemoryReader, address: int, layout: Layout) -> str:
    user = layout.bits.get("UserApcPending", layout.members.get("UserApcPending"))
    kernel = read_member(memory, address, layout, "PendingApcs", 1)
    # since 17134 the lowest bit is that of a special user APC, which is pending as well
    mine = Layout(layout.name, layout.size, {"Pending": (user[0], 1)}, layout.source) if user is not None else None
    pending = read_member(memory, address, mine, "Pending") if mine is not None else None
    return ", ".join(word for word, value in zip(_MODES, (kernel, pending), strict=True) if value)


def _impersonates(memory: MemoryReader, address: int, layout: Layout) -> bool | None:
    if "ActiveImpersonationInfo" in layout.bits:
        value = read_member(memory, address, layout, "ActiveImpersonationInfo")
        return None if value is None else bool(value)
    flags = read_member(memory, address, layout, "ActiveImpersonationInfo", 4)
    return None if flags is None else bool(flags & _IMPERSONATES)
