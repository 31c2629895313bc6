"""Words and numbers of waits: kinds of objects, verdicts, the wait reasons that tell what kind of lock is meant.

Sources: KOBJECTS and KWAIT_REASON of public symbol tables.
"""

from __future__ import annotations

from enum import Enum


class Kind(str, Enum):
    """What is waited for, in the words of the contract."""

    EVENT = "Event"
    MUTANT = "Mutant"
    SEMAPHORE = "Semaphore"
    PROCESS = "Process"
    THREAD = "Thread"
    TIMER = "Timer"
    QUEUE = "Queue"
    GATE = "Gate"
    RESOURCE = "Resource"
    PUSH_LOCK = "PushLock"
    FAST_MUTEX = "FastMutex"
    CRITICAL_SECTION = "CriticalSection"
    ALPC = "Alpc"
    IRP = "Irp"
    KEYED_EVENT = "KeyedEvent"
    WAIT_ADDRESS = "WaitAddress"
    UNKNOWN = "Unknown"


class Verdict(str, Enum):
    """What a wait comes to, in the words of the contract."""

    DEADLOCK = "deadlock"
    BLOCKED = "blocked"
    OWNER_RUNS = "owner-runs"
    OWNER_GONE = "owner-gone"
    READY_STARVED = "ready-starved"
    REMOTE = "remote"
    DRIVER = "driver"
    IDLE = "idle"
    NONE = ""


# DISPATCHER_HEADER.Type, its low 7 bits
EVENT_NOTIFICATION, EVENT_SYNCHRONIZATION, MUTANT, PROCESS, QUEUE, SEMAPHORE, THREAD, GATE = range(8)
PRIORITY_QUEUE = 21
KIND_OF_TYPE = {
    EVENT_NOTIFICATION: Kind.EVENT, EVENT_SYNCHRONIZATION: Kind.EVENT, MUTANT: Kind.MUTANT, PROCESS: Kind.PROCESS,
    QUEUE: Kind.QUEUE, SEMAPHORE: Kind.SEMAPHORE, THREAD: Kind.THREAD, GATE: Kind.GATE, 8: Kind.TIMER, 9: Kind.TIMER,
    PRIORITY_QUEUE: Kind.QUEUE, 24: Kind.TIMER, 25: Kind.TIMER,
}  # fmt: skip
# KWAIT_BLOCK.WaitType
WAIT_ALL, WAIT_ANY = 0, 1
TIMED_OUT = 0x102  # KWAIT_BLOCK.WaitKey of the block of a time limit: what the wait would return
# KWAIT_REASON
EXECUTIVE = 0
SUSPENDED = (5, 12)
DELAYS = (4, 11)
WR_QUEUE, WR_LPC_RECEIVE, WR_LPC_REPLY, WR_KEYED_EVENT = 15, 16, 17, 21
WR_RESOURCE, WR_PUSH_LOCK, WR_FAST_MUTEX, WR_GUARDED_MUTEX, WR_ALERT_BY_THREAD_ID = 27, 28, 34, 35, 37
# KTHREAD_STATE
READY, RUNNING, STANDBY, TERMINATED, WAITING, TRANSITION, DEFERRED_READY, GATE_WAIT, SWAPPED = 1, 2, 3, 4, 5, 6, 7, 8, 9
STARVED_STATES = frozenset({READY, DEFERRED_READY, TRANSITION, SWAPPED})
