"""One processor's block (KPRCB): the threads it runs, its level, whether it runs a deferred call, its counters."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.kernel.members import is_kernel_address, read_member
from volplugins.kernel.plausible import is_thread
from volplugins.kernel.processors import Processor
from volplugins.kernel.thread import Thread, try_read_thread
from volplugins.memory.structure import Layout
from volplugins.processors.accounts import Accounts, read_accounts
from volplugins.processors.dpc_queue import active_routine
from volplugins.processors.interrupts import interrupts_off
from volplugins.processors.irql import read_irql
from volplugins.processors.source import ProcessorSource

_XP = 2600


@dataclass(frozen=True, slots=True)
class ProcessorBlock:
    """What one processor's block says.

    Attributes:
        next: ETHREAD of the thread that is to run next; 0: none. ``idle``: of its idle thread.
        interrupts_off: whether it had switched them off, as far as its flags say: one that idles may do so.
        in_dpc: whether it runs deferred calls; None: not known. ``routine``: which one, 0 where that is not kept.
        notes: what has to be said besides.
    """

    processor: Processor
    next: int | None
    idle: int | None
    irql: int | None
    in_dpc: bool | None
    routine: int
    accounts: Accounts
    notes: tuple[str, ...]
    interrupts_off: bool = False

    @property
    def is_idle(self) -> bool:
        """Whether its current thread is its idle thread."""
        thread = self.processor.current_thread
        return thread is not None and thread.ethread == self.idle


def read_block(source: ProcessorSource, processor: Processor, layout: Layout) -> ProcessorBlock:
    """Read the block of ``processor`` by the layout that ``fitting_layout`` gave; never raises ReadError."""
    memory, prcb = source.memory, processor.prcb
    irql, said = read_irql(source, prcb, layout)
    # XP keeps a stack pointer there, later ones a flag
    size = 4 if source.build <= _XP else 1
    active = _dpc_active(source, prcb, layout, size)
    accounts = read_accounts(source, prcb, layout)
    routine = active_routine(source, prcb, layout) if active else 0
    notes = [said, accounts.doubt]
    following = read_member(memory, prcb, layout, "NextThread")
    if following and thread_at(source, following) is None:
        notes.append(f"NextThread {following:#x} is no thread")
    return ProcessorBlock(
        processor, following, read_member(memory, prcb, layout, "IdleThread"), irql,
        None if active is None else bool(active), routine, accounts, tuple(part for part in notes if part),
        interrupts_off(source, prcb),
    )  # fmt: skip


def _dpc_active(source: ProcessorSource, prcb: int, layout: Layout, size: int) -> int | None:
    if "DpcRoutineActive" not in layout.members:
        return None
    at, _ = layout.members["DpcRoutineActive"]
    wide = Layout(layout.name, layout.size, {"DpcRoutineActive": (at, size)}, layout.source)
    return read_member(source.memory, prcb, wide, "DpcRoutineActive")


def thread_at(source: ProcessorSource, address: int) -> Thread | None:
    """The thread there; None where there is none."""
    if not is_kernel_address(address, source.bits):
        return None
    thread = try_read_thread(source.memory, address, source.layouts.thread)
    return thread if thread is not None and is_thread(source.memory, thread, source.bits) else None
