"""Words for a thread's state and for what it waits for.

Source: KTHREAD_STATE and KWAIT_REASON of public symbol tables (7 to 11); the numbers never changed, new ones were added
at the end.
"""

from __future__ import annotations

STATES = (
    "Initialized", "Ready", "Running", "Standby", "Terminated", "Waiting", "Transition", "DeferredReady", "GateWait",
    "WaitingForProcessInSwap",
)  # fmt: skip
INITIALIZED, RUNNING, TERMINATED, WAITING = 0, 2, 4, 5

WAIT_REASONS = (
    "Executive", "FreePage", "PageIn", "PoolAllocation", "DelayExecution", "Suspended", "UserRequest", "WrExecutive",
    "WrFreePage", "WrPageIn", "WrPoolAllocation", "WrDelayExecution", "WrSuspended", "WrUserRequest", "WrEventPair",
    "WrQueue", "WrLpcReceive", "WrLpcReply", "WrVirtualMemory", "WrPageOut", "WrRendezvous", "WrKeyedEvent",
    "WrTerminated", "WrProcessInSwap", "WrCpuRateControl", "WrCalloutStack", "WrKernel", "WrResource", "WrPushLock",
    "WrMutex", "WrQuantumEnd", "WrDispatchInt", "WrPreempted", "WrYieldExecution", "WrFastMutex", "WrGuardedMutex",
    "WrRundown", "WrAlertByThreadId", "WrDeferredPreempt", "WrPhysicalFault", "WrIoRing",
)  # fmt: skip


def state_word(state: int | None) -> str:
    """The word for a state; the number where there is none."""
    return _word(STATES, state)


def wait_word(state: int | None, reason: int | None) -> str:
    """What a waiting thread waits for; empty for one that does not wait."""
    return _word(WAIT_REASONS, reason) if state == WAITING else ""


def _word(words: tuple[str, ...], number: int | None) -> str:
    if number is None:
        return ""
    return words[number] if 0 <= number < len(words) else str(number)
