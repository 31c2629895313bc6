"""Offsets that neither a list nor a table at hand has, each with who says so.

An empty tuple of builds stands for all of them. Where a table at hand has the member too, the two are compared.
"""

from __future__ import annotations

from volplugins.kernel.made_layouts import Cell

# field of a class of layouts, member, bits: first build to its place; -1: there is none
Stated = dict[tuple[str, str, int], dict[int, Cell]]

# WDK headers (wdm.h), public since Windows 2000 and part of the driver interface, so that they cannot change
_DRIVER_INTERFACE: Stated = {
    ("irp", "SystemBuffer", 64): {3790: 0x18}, ("irp", "SystemBuffer", 32): {2600: 0xC},
    ("irp", "CancelRoutine", 64): {3790: 0x68}, ("irp", "CancelRoutine", 32): {2600: 0x38},
    ("irp", "DeviceQueueEntry", 64): {3790: 0x78}, ("irp", "DeviceQueueEntry", 32): {2600: 0x40},
    ("irp", "Thread", 64): {3790: 0x98}, ("irp", "Thread", 32): {2600: 0x50},
    ("irp", "ListEntry", 64): {3790: 0xA8}, ("irp", "ListEntry", 32): {2600: 0x58},
    ("irp", "CurrentStackLocation", 64): {3790: 0xB8}, ("irp", "CurrentStackLocation", 32): {2600: 0x60},
    ("irp", "OriginalFileObject", 64): {3790: 0xC0}, ("irp", "OriginalFileObject", 32): {2600: 0x64},
    ("stack_location", "Parameters", 64): {3790: 0x8}, ("stack_location", "Parameters", 32): {2600: 0x4},
    ("stack_location", "DeviceObject", 64): {3790: 0x28}, ("stack_location", "DeviceObject", 32): {2600: 0x14},
    ("stack_location", "FileObject", 64): {3790: 0x30}, ("stack_location", "FileObject", 32): {2600: 0x18},
    ("stack_location", "CompletionRoutine", 64): {3790: 0x38},
    ("stack_location", "CompletionRoutine", 32): {2600: 0x1C},
    ("stack_location", "Context", 64): {3790: 0x40}, ("stack_location", "Context", 32): {2600: 0x20},
    ("device_object", "DeviceListHead", 64): {3790: 0xA8}, ("device_object", "DeviceListHead", 32): {2600: 0x64},
    ("device_object", "Busy", 64): {3790: 0xC0}, ("device_object", "Busy", 32): {2600: 0x70},
}  # fmt: skip
# OBJECT_TYPE lost the resource it began with in Vista's first service pack (type tables of volatility 2: 6000 to 6002)
# the layout with offsets of optional headers, up to Vista; x86 as in the table of Windows XP, x64 by the same
# members in pointers' width (type tables of volatility 2: Win2003 and Vista x64)
_OLD_OBJECTS: Stated = {
    ("object_header", "PointerCount", 64): {3790: 0x0, 7600: 0x0},
    ("object_header", "HandleCount", 64): {3790: 0x8, 7600: 0x8},
    ("object_header", "Type", 64): {3790: 0x10, 7600: -1}, ("object_header", "Type", 32): {2600: 0x8, 7600: -1},
    ("object_header", "NameInfoOffset", 64): {3790: 0x18, 7600: -1},
    ("object_header", "NameInfoOffset", 32): {2600: 0xC, 7600: -1},
    ("object_header", "TypeIndex", 64): {3790: -1, 7600: 0x18},
    ("object_header", "TypeIndex", 32): {2600: -1, 7600: 0xC},
    ("object_header", "InfoMask", 64): {3790: -1, 7600: 0x1A}, ("object_header", "InfoMask", 32): {2600: -1, 7600: 0xE},
    ("object_header", "Body", 64): {3790: 0x30}, ("object_header", "Body", 32): {2600: 0x18},
    ("object_type", "Name", 64): {3790: 0x78, 6000: 0x78, 6001: 0x10, 7600: 0x10},
    ("object_type", "Name", 32): {2600: 0x40, 6000: 0x40, 6001: 0x8, 7600: 0x8},
    ("object_type", "Index", 64): {3790: 0x90, 6001: 0x28, 7600: 0x28},
    ("object_type", "Index", 32): {2600: 0x4C, 6001: 0x14, 7600: 0x14},
}  # fmt: skip
# ETHREAD grew by eight bytes within the life of 7601; 26100: ntdiff's listing of the ARM64 kernel
_THREADS: Stated = {
    ("thread", "IrpList", 64): {7600: 0x3E8, 7601: 0x3F0, 26100: 0x540},
}
# x64 only: when a device came into its state, and its last problems (public listings of 22621)
_NODES: Stated = {
    ("device_node", "StateTimestamp", 64): {22621: 0x378},
    ("device_node", "PreviousStateTimestamp", 64): {22621: 0x380},
    ("device_node", "ProblemCodeLog", 64): {22621: 0x310},
}
# MessageServiceRoutine came between ServiceRoutine and ServiceContext with Vista; InterruptObject with the kernels that
# lost DispatchCode (symbol tables of 10240 and later; those of patched 7601 and 9600 have it as well)
_INTERRUPTS: Stated = {
    ("interrupt", "ServiceRoutine", 64): {3790: 0x18}, ("interrupt", "ServiceRoutine", 32): {2600: 0xC},
    ("interrupt", "MessageServiceRoutine", 64): {3790: -1, 6000: 0x20},
    ("interrupt", "MessageServiceRoutine", 32): {2600: -1, 6000: 0x10},
    ("processor", "InterruptObject", 64): {
        3790: -1, 10240: 0x2E00, 15063: 0x2E80, 19041: 0x3140, 20348: 0x3400, 22000: 0x3400, 22621: 0x3400,
    },
}  # fmt: skip
# KTHREAD.WaitListEntry stands in front of Queue from Server 2003 on; KAPC_STATE (its place is in the lists) has been
# the same since XP: two list heads, Process, then flags, the second for kernel APCs, the third for user ones (the
# tables at hand; 2003 and Vista by the type tables of volatility 2)
_QUEUED: Stated = {
    ("thread", "WaitListEntry", 64): {3790: 0x98, 7600: 0xA0, 9200: 0xD8},
    ("thread", "WaitListEntry", 32): {2600: 0x60, 6000: 0x70, 7600: 0x74, 9200: 0x9C},
    ("thread", "PendingApcs", 64): {3790: 0x71, 7600: 0x79, 9200: 0xC1},
    ("thread", "PendingApcs", 32): {2600: 0x49, 3790: 0x3D, 6000: 0x4D, 7600: 0x55, 9200: 0x85},
    ("thread", "UserApcPending", 64): {3790: 0x72, 7600: 0x7A, 9200: 0xC2},
    ("thread", "UserApcPending", 32): {2600: 0x4A, 3790: 0x3E, 6000: 0x4E, 7600: 0x56, 9200: 0x86},
}
# KTHREAD.Timer stands in front of WaitBlock (whose place is in the lists) from 8 on, with nothing between, as in all
# tables at hand of 9600 and later; before, flags or a queue's links lay there
_LIMITS: Stated = {
    ("thread", "Timer", 64): {3790: -1, 7600: 0xC0, 9200: 0x100},
    ("thread", "Timer", 32): {2600: 0xF0, 3790: -1, 7600: 0x90, 9200: 0xB8},
}
# LPC, up to Server 2003 (XP: the table at hand; 2003: the type tables of volatility 2)
_MESSAGES: Stated = {
    ("thread", name, bits): {builds[0]: old, 6000: -1}
    for bits, builds, places in (
        (64, (3790,), {"LpcWaitingOnPort": 0x388, "LpcReceivedMessageId": 0x3C8, "LpcReplyMessageId": 0x3F0,
                       "LpcReceivedMsgIdValid": 0x404}),
        (32, (3790,), {"LpcWaitingOnPort": 0x200, "LpcReceivedMessageId": 0x220, "LpcReplyMessageId": 0x234,
                       "LpcReceivedMsgIdValid": 0x248}),
    )
    for name, old in places.items()
}  # fmt: skip
# the descriptor of nonpaged pool, which grew with 7 and shrank with 1607 (2003, Vista and x86's 14393 to 18362: the
# type tables of volatility 2)
_POOL: Stated = {
    ("pool_descriptor", name, bits): {lowest: old, 7600: new}
    for bits, lowest in ((64, 3790), (32, 2600))
    for name, old, new in (("TotalPages", 0x10, 0xC0), ("TotalBigPages", 0x14, 0x48))
}
_POOL["pool_descriptor", "TotalPages", 32][14393] = 0x44
# 1511, of which the lists say nothing (the type tables of volatility 2)
_AUDIT: Stated = {
    ("process", "SeAuditProcessCreationInfo", 64): {10586: 0x468},
    ("process", "SeAuditProcessCreationInfo", 32): {10586: 0x188},
}
# the memory manager's state moved with each of these builds. Volatility 2's type tables are of the kernels as they were
# sold; those of 14393 were moved by the patches of 2018, which 1803 had from the start, and 17763 and later are as
# sold. MI_SYSTEM_INFORMATION moved with updates of 17763 and 19041 too, so that nobody knows that of 17134 either
_PARTITIONS: Stated = {
    ("partition", name, 64): {15063: -1, 17134: at}
    for name, at in (
        ("NumberOfPhysicalPages", 0x1AD0),
        ("AvailablePages", 0x1B80),
        ("TotalCommittedPages", 0x1CE8),
        ("TotalCommitLimit", 0x1D68),
    )
} | {("memory_state", name, 64): {15063: -1} for name in ("MaximumNonPagedPoolInPages", "NonPagedPoolCommit")}
# KPRCB: CR8 lies in the special registers at the begin of ProcessorState, whose place is in the lists; the debugger's
# IRQL behind the counters of time, from 7 on; XP has one list of DPCs, in the block itself (the tables at hand)
_PROCESSORS: Stated = {
    ("processor", "Cr8", 64): {3790: 0xE0, 15063: 0x1A0},
    ("processor", "DebuggerSavedIRQL", 64): {
        3790: -1, 7600: 0x4718, 7601: 0x4F18, 9200: 0x5318, 9600: 0x5B18, 15063: 0x5B98,
    },
    ("processor", "DebuggerSavedIRQL", 32): {2600: -1, 7600: 0x4C4, 9600: 0x4C0},
    ("processor", "DpcListHead", 64): {3790: -1}, ("processor", "DpcListHead", 32): {2600: 0x860, 3790: -1},
    ("processor", "MHz", 32): {6000: 0x1BBC, 6001: 0x3C4},
}  # fmt: skip
# KPRCB grew with Vista's first service pack, before these; what the lists have of Vista is the grown one (the type
# tables of volatility 2: 6000 to 6002)
GROWN_64, GROWN_32 = 0x100, 0x80
_VISTA: Stated = {
    ("processor", name, bits): {6000: at - grown, 6001: at}
    for bits, grown, places in (
        (64, GROWN_64, {
            "KeContextSwitches": 0x22BC, "InterruptCount": 0x3780, "KernelTime": 0x3784, "UserTime": 0x3788,
            "DpcTime": 0x378C, "InterruptTime": 0x3790, "DpcRoutineActive": 0x345E, "DpcStack": 0x3440,
            "DpcData": 0x3400, "DpcRequestRate": 0x3454, "DpcWatchdogCount": 0x34EC, "DpcWatchdogPeriod": 0x34E8,
            "ReadySummary": 0x3518, "DispatcherReadyListHead": 0x3580, "DeferredReadyListHead": 0x2288,
        }),
        (32, GROWN_32, {
            "InterruptCount": 0x5A4, "KernelTime": 0x5A8, "UserTime": 0x5AC, "DpcTime": 0x5B0, "InterruptTime": 0x5B8,
            "DpcRoutineActive": 0x1A1A, "DpcStack": 0x1A08, "DpcData": 0x19E0, "DpcRequestRate": 0x1A10,
            "DpcWatchdogCount": 0x1A8C, "DpcWatchdogPeriod": 0x1A88, "ReadySummary": 0x1AAC,
            "DispatcherReadyListHead": 0x1AE0, "DeferredReadyListHead": 0x1AB4,
        }),
    )
    for name, at in places.items()
}  # fmt: skip
# 24H2, 25H2 and 26H1: EPROCESS shrank by half and ETHREAD moved (ntdiff's listings); -1: its new place is not known
NEWEST = 26100
_PLACES = {
    "process": {
        "VirtualSize": 0x228, "Token": 0x248, "Job": 0x2A0, "ObjectTable": 0x300, "SectionBaseAddress": 0x2B0,
        "SeAuditProcessCreationInfo": 0x350, **dict.fromkeys((
            "PeakVirtualSize", "QuotaUsage", "QuotaPeak", "CommitChargePeak", "PriorityClass", "PeakCommitCharge",
            "ProcessQuotaUsage", "ProcessQuotaPeak", "PageFaultCount", "WorkingSetSize", "PeakWorkingSetSize",
            "MinimumWorkingSetSize", "MaximumWorkingSetSize", "BasePriority", "KernelTime", "UserTime", "CycleTime",
            "ContextSwitches", "QuantumReset",
        ), -1),
    },
    "thread": {
        "AlpcMessage": 0x5C0, "AlpcMessageId": 0x5B8, "AlpcReceiveAttributeSet": 0x5C0, "OwnerEntryListHead": 0x6B8,
        "KeyedWaitChain": 0x4C8, "ThreadName": 0x6A0, **dict.fromkeys((
            "KeyedWaitValue", "ActiveImpersonationInfo", "ImpersonationInfo", "LastCallNtStatus", "LockEntryTable",
            "LockEntries",
        ), -1),
    },
}  # fmt: skip
_24H2: Stated = {(name, member, 64): {NEWEST: at} for name, places in _PLACES.items() for member, at in places.items()}
STATED: Stated = {}
for _said in (
    _DRIVER_INTERFACE, _OLD_OBJECTS, _THREADS, _NODES, _QUEUED, _LIMITS, _MESSAGES, _POOL, _AUDIT, _PARTITIONS,
    _PROCESSORS, _VISTA, _INTERRUPTS, _24H2,
):  # fmt: skip
    for _key, _column in _said.items():
        STATED.setdefault(_key, {}).update(_column)
# bytes of members that no table at hand has on every machine
SIZES = {"NameInfoOffset": 1, "StateTimestamp": 8, "PreviousStateTimestamp": 8, "ProblemCodeLog": 0x60}
