"""Layouts of waits, locks, processors, accounts and counters of memory: from symbols, else built in by build."""

from __future__ import annotations

from dataclasses import dataclass, fields

from volplugins.kernel.builds.waits import WAIT_TABLES
from volplugins.kernel.made_layouts import completed, made_layout
from volplugins.memory.structure import Layout


@dataclass(frozen=True, slots=True)
class WaitLayouts:
    """Threads' waits and accounts, dispatcher objects, locks, messages, processors with their queues and timers; the
    memory manager's counters.

    A layout without members: this build has no such structure, or nobody says how it is laid out. ``size`` of SIZED is
    the structure's own; of the others it is what has to be read for the last member.
    """

    thread: Layout
    process: Layout
    wait_block: Layout
    dispatcher: Layout
    mutant: Layout
    semaphore: Layout
    queue: Layout
    resource: Layout
    fast_resource: Layout
    owner_entry: Layout
    fast_mutex: Layout
    guarded_mutex: Layout
    lock_entry: Layout
    alpc_message: Layout
    alpc_port: Layout
    lpc_port: Layout
    alpc_communication: Layout
    critical_section: Layout
    processor: Layout
    dpc_data: Layout
    dpc: Layout
    timer: Layout
    timer2: Layout
    timer_table: Layout
    timer_entry: Layout
    ready_queue: Layout
    priority_queue: Layout
    partition: Layout
    memory_state: Layout
    pool_descriptor: Layout


NAMES = tuple(each.name for each in fields(WaitLayouts))
# structures that lie in tables, so that their whole size counts
SIZED = ("wait_block", "owner_entry", "lock_entry", "dpc_data", "timer_table", "timer_entry")


def built_in_waits(bits: int, build: int) -> WaitLayouts:
    """The layouts of the last build up to ``build`` that the tables have a row of."""
    return WaitLayouts(**{name: made_layout(WAIT_TABLES, name, bits, build) for name in NAMES})


def empty_waits(source: str) -> WaitLayouts:
    """Layouts that know nothing, for machines without tables."""
    return WaitLayouts(**{name: Layout(WAIT_TABLES[name][0], 0, {}, source) for name in NAMES})


def preferred_waits(known: WaitLayouts | None, fallback: WaitLayouts) -> WaitLayouts:
    """``known``, and of ``fallback`` what it lacks."""
    if known is None:
        return fallback
    return WaitLayouts(**{name: completed(getattr(known, name), getattr(fallback, name)) for name in NAMES})
