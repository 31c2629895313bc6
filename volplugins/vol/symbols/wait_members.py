"""Where a kernel's symbol table has the members that waits, locks and processors are read by (as members.py)."""

from __future__ import annotations

from volplugins.vol.symbols.members import Members, same

_KTHREAD = (
    "WaitStatus", "WaitIrql", "WaitMode", "WaitBlockList", "WaitBlock", "WaitBlockCount", "WaitReason", "WaitTime",
    "Priority", "BasePriority", "Queue", "KernelTime", "UserTime", "ContextSwitches", "CycleTime", "MutantListHead",
    "SuspendCount", "FirstArgument", "SystemCallNumber", "ApcStateIndex", "KernelApcDisable", "SpecialApcDisable",
    "LockEntries", "AbEntrySummary", "ReadyTime", "Win32Thread", "NextProcessor", "Alertable", "IdealProcessor",
    "UserIdealProcessor", "AdjustIncrement", "AdjustReason", "PriorityDecrement", "WaitListEntry", "Timer",
)  # fmt: skip
_ETHREAD = (
    "KeyedWaitChain", "KeyedWaitValue", "AlpcMessage", "AlpcMessageId", "AlpcReceiveAttributeSet",
    "OwnerEntryListHead", "LpcWaitingOnPort",
    "LpcReceivedMessageId", "LpcReplyMessageId", "LpcReceivedMsgIdValid", "ActiveImpersonationInfo",
    "ImpersonationInfo", "LastCallNtStatus", "ThreadName",
)  # fmt: skip
_VM = ("PageFaultCount", "WorkingSetSize", "PeakWorkingSetSize", "MinimumWorkingSetSize", "MaximumWorkingSetSize")
# by field of WaitLayouts
WAIT_MEMBERS: dict[str, Members] = {
    "thread": {
        **{name: ("_ETHREAD", "Tcb", name) for name in _KTHREAD},
        **{name: ("_ETHREAD", name) for name in _ETHREAD},
        "PendingApcs": ("_ETHREAD", "Tcb", "ApcState", "KernelApcPending"),
        "UserApcPending": ("_ETHREAD", "Tcb", "ApcState", "UserApcPending"),
        "LockEntryTable": ("_ETHREAD", "LockEntries"),
    },
    "process": {
        **same("_EPROCESS", "PeakVirtualSize", "VirtualSize", "Token", "Job", "ObjectTable", "SectionBaseAddress",
               "QuotaUsage", "QuotaPeak", "CommitChargePeak", "PriorityClass", "SeAuditProcessCreationInfo",
               "PeakCommitCharge", "ProcessQuotaUsage", "ProcessQuotaPeak"),
        **{name: (("_EPROCESS", "Vm", "Instance", name), ("_EPROCESS", "Vm", name)) for name in _VM},
        # later updates of 20348 call the ticks their low parts
        **{name: (("_EPROCESS", "Pcb", name), ("_EPROCESS", "Pcb", f"{name}Low")) for name in
           ("KernelTime", "UserTime")},
        **{name: ("_EPROCESS", "Pcb", name) for name in
           ("BasePriority", "CycleTime", "ContextSwitches", "QuantumReset")},
    },
    "wait_block": same("_KWAIT_BLOCK", "WaitListEntry", "WaitType", "BlockState", "WaitKey", "Thread", "Object",
                       "NextWaitBlock"),
    "dispatcher": same("_DISPATCHER_HEADER", "Type", "Size", "SignalState", "WaitListHead"),
    "mutant": same("_KMUTANT", "Header", "MutantListEntry", "OwnerThread", "Abandoned", "ApcDisable"),
    "semaphore": same("_KSEMAPHORE", "Header", "Limit"),
    "queue": same("_KQUEUE", "Header", "EntryListHead", "CurrentCount", "MaximumCount", "ThreadListHead"),
    "resource": {
        **same("_ERESOURCE", "SystemResourcesList", "OwnerTable", "ActiveCount", "Flag", "SharedWaiters",
               "ExclusiveWaiters", "OwnerEntry", "ActiveEntries", "ContentionCount", "NumberOfSharedWaiters",
               "NumberOfExclusiveWaiters", "OwnerThreads"),
    },
    "fast_resource": same("_FAST_ERESOURCE", "LockWord"),
    "owner_entry": same("_OWNER_ENTRY", "OwnerThread", "OwnerCount", "TableSize"),
    "fast_mutex": same("_FAST_MUTEX", "Count", "Owner", "Contention", "Event", "OldIrql"),
    "guarded_mutex": same("_KGUARDED_MUTEX", "Count", "Owner", "Contention", "Gate"),
    "lock_entry": same("_KLOCK_ENTRY", "LockState", "AcquiredByte", "WaitingByte", "EntryFlags", "SessionId"),
    "alpc_message": same("_KALPC_MESSAGE", "OwnerPort", "WaitingThread", "SequenceNo", "QuotaProcess",
                         "CancelQueuePort", "ConnectionPort", "ServerThread", "PortQueue", "PortMessage"),
    "alpc_port": same("_ALPC_PORT", "CommunicationInfo", "OwnerProcess", "CompletionPort", "PortContext", "MainQueue",
                      "LargeMessageQueue", "PendingQueue", "WaitQueue", "MainQueueLength", "PendingQueueLength",
                      "WaitQueueLength"),
    "lpc_port": same("_LPCP_PORT_OBJECT", "ConnectionPort", "ConnectedPort", "Creator"),
    "alpc_communication": same("_ALPC_COMMUNICATION_INFO", "ConnectionPort", "ServerCommunicationPort",
                               "ClientCommunicationPort"),
    "critical_section": same("_RTL_CRITICAL_SECTION", "DebugInfo", "LockCount", "RecursionCount", "OwningThread",
                             "LockSemaphore", "SpinCount"),
    "processor": {
        **same("_KPRCB", "NextThread", "IdleThread", "NestingLevel", "KeContextSwitches", "InterruptCount",
               "KernelTime", "UserTime", "DpcTime", "InterruptTime", "DpcRoutineActive", "DpcStack", "DpcData",
               "DpcRequestRate", "DpcWatchdogCount", "DpcWatchdogPeriod", "ReadySummary", "DispatcherReadyListHead",
               "DeferredReadyListHead", "TimerTable", "MHz", "CurrentDpcRoutine", "SharedReadyQueue",
               "ReadyThreadCount", "DebuggerSavedIRQL", "DpcListHead"),
        "Cr8": ("_KPRCB", "ProcessorState", "SpecialRegisters", "Cr8"),
    },
    "dpc_data": {
        "DpcList": (("_KDPC_DATA", "DpcList"), ("_KDPC_DATA", "DpcListHead")),
        **same("_KDPC_DATA", "DpcQueueDepth", "DpcCount", "ActiveDpc"),
    },
    "dpc": same("_KDPC", "Type", "Importance", "Number", "DpcListEntry", "DeferredRoutine", "DeferredContext",
                "SystemArgument1", "SystemArgument2", "DpcData"),
    "timer": same("_KTIMER", "Header", "DueTime", "TimerListEntry", "Dpc", "Processor", "Period"),
    "timer2": same("_KTIMER2", "RbNodes", "DueTime", "Period", "Callback", "CallbackContext", "CollectionIndex"),
    "timer_table": same("_KTIMER_TABLE", "TimerEntries"),
    "timer_entry": {"Entry": ("_KTIMER_TABLE_ENTRY", "Entry"), "Time": ("_KTIMER_TABLE_ENTRY", "Time")},
    "ready_queue": same("_KSHARED_READY_QUEUE", "ReadySummary", "ReadyListHead", "ReadyThreadCount"),
    "partition": {
        name: ("_MI_PARTITION", "Vp", name)
        for name in ("NumberOfPhysicalPages", "AvailablePages", "TotalCommittedPages", "TotalCommitLimit")
    },
    "memory_state": {
        name: ("_MI_SYSTEM_INFORMATION", "Vs", name) for name in ("MaximumNonPagedPoolInPages", "NonPagedPoolCommit")
    },
    "pool_descriptor": {
        "TotalPages": (("_POOL_DESCRIPTOR", "TotalPages"), ("_POOL_DESCRIPTOR", "PagesAllocated")),
        "TotalBigPages": (("_POOL_DESCRIPTOR", "TotalBigPages"), ("_POOL_DESCRIPTOR", "BigPagesAllocated")),
    },
    "priority_queue": same("_KPRIQUEUE", "Header", "EntryListHead", "CurrentCount", "MaximumCount", "ThreadListHead"),
}  # fmt: skip
