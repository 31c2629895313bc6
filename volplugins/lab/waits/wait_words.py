"""Words and numbers of waits (public enumerations: KWAIT_REASON, KOBJECTS, KTHREAD_STATE, KWAIT_BLOCK_STATE)."""

from __future__ import annotations

from volplugins.lab.machine.machine import Machine

REASONS = (
    "Executive", "FreePage", "PageIn", "PoolAllocation", "DelayExecution", "Suspended", "UserRequest", "WrExecutive",
    "WrFreePage", "WrPageIn", "WrPoolAllocation", "WrDelayExecution", "WrSuspended", "WrUserRequest", "WrSpare0",
    "WrQueue", "WrLpcReceive", "WrLpcReply", "WrVirtualMemory", "WrPageOut", "WrRendezvous", "WrKeyedEvent",
    "WrTerminated", "WrProcessInSwap", "WrCpuRateControl", "WrCalloutStack", "WrKernel", "WrResource", "WrPushLock",
    "WrMutex", "WrQuantumEnd", "WrDispatchInt", "WrPreempted", "WrYieldExecution", "WrFastMutex", "WrGuardedMutex",
    "WrRundown", "WrAlertByThreadId",
)  # fmt: skip
READY = 1
NOTIFICATION_EVENT, EVENT, MUTANT, QUEUE, SEMAPHORE, GATE, TIMER, DPC, PRIORITY_QUEUE = 0, 1, 2, 4, 5, 7, 8, 19, 21
WAIT_ALL, WAIT_ANY, WAIT_QUEUE = 0, 1, 3
# reasons that came after Windows XP; what waited so then gave Executive
_NEW = ("WrResource", "WrPushLock", "WrFastMutex", "WrGuardedMutex", "WrKeyedEvent")


def reason_number(machine: Machine, word: str) -> int:
    """The number of a reason on a machine: Windows XP says Executive for waits whose reasons are newer."""
    return 0 if machine.profile.build < 6000 and word in _NEW else REASONS.index(word)


def active_state(machine: Machine) -> int:
    """WaitBlockActive of a wait block's state."""
    return 4 if machine.profile.build >= 9200 else 2
