"""Where a kernel's symbol table has the members that the core reads: paths by structure and our own member name."""

from __future__ import annotations

Path = tuple[str, ...]  # a structure, then members from the outside in
Members = dict[str, Path | tuple[Path, ...]]  # several where builds have it at different places, newest first


def same(structure: str, *names: str) -> Members:
    """Members that have the table's own names."""
    return {name: (structure, name) for name in names}


# by field of KernelLayouts
MEMBERS: dict[str, Members] = {
    "process": {
        **same("_EPROCESS", "UniqueProcessId", "ActiveProcessLinks", "ImageFileName", "Peb", "CreateTime", "ExitTime"),
        **same("_EPROCESS", "InheritedFromUniqueProcessId", "ThreadListHead", "ObjectTable", "Session", "Flags"),
        **same("_EPROCESS", "CommitCharge", "PageDirectoryPte", "Flags3"),
        "DirectoryTableBase": ("_EPROCESS", "Pcb", "DirectoryTableBase"),
        "UserDirectoryTableBase": ("_EPROCESS", "Pcb", "UserDirectoryTableBase"),
        "ProfileListHead": ("_EPROCESS", "Pcb", "ProfileListHead"),
        "SecureHandle": (("_EPROCESS", "Pcb", "SecureState", "SecureHandle"), ("_EPROCESS", "Pcb", "SecurePid")),
        # the pointer to the root: a tree of its own, one inside of a table (7), or the member itself (XP)
        "VadRoot": (
            ("_EPROCESS", "VadRoot", "Root"),
            ("_EPROCESS", "VadRoot", "BalancedRoot", "RightChild"),
            ("_EPROCESS", "VadRoot"),
        ),
        "VadCount": (("_EPROCESS", "VadCount"), ("_EPROCESS", "VadRoot", "NumberGenericTableElements")),
        "Wow64Process": (("_EPROCESS", "WoW64Process"), ("_EPROCESS", "Wow64Process")),
    },
    "thread": {
        **{name: ("_ETHREAD", "Tcb", name) for name in ("InitialStack", "StackLimit", "KernelStack", "StackBase")},
        **{name: ("_ETHREAD", "Tcb", name) for name in ("TrapFrame", "State", "Teb", "WaitReason")},
        **{name: ("_ETHREAD", "Tcb", name) for name in ("KernelStackResident", "ContextSwitches")},
        **{name: ("_ETHREAD", "Tcb", name) for name in ("KernelShadowStack", "KernelShadowStackInitial")},
        **{name: ("_ETHREAD", "Tcb", name) for name in ("KernelShadowStackLimit", "StateSaveArea")},
        "ApcProcess": ("_ETHREAD", "Tcb", "ApcState", "Process"),
        "Process": (("_ETHREAD", "Tcb", "Process"), ("_ETHREAD", "ThreadsProcess")),
        **same("_ETHREAD", "Cid", "ThreadListEntry", "CreateTime", "ExitTime", "ExitStatus", "StartAddress"),
        **same("_ETHREAD", "Win32StartAddress", "LpcReceivedMsgIdValid"),
    },
    "processor": {
        **same("_KPRCB", "CurrentThread", "Number"),
        "ContextFrame": ("_KPRCB", "ProcessorState", "ContextFrame"),
    },
    "processor_stacks": same("_KPRCB", "IsrStack", "DpcStack", "ExceptionStack"),
    "vad": {
        # a node of its own since 8, with children of other names since 8.1
        **{
            side: (
                ("_MMVAD_SHORT", "VadNode", side),
                ("_MMVAD_SHORT", "VadNode", f"{side}Child"),
                ("_MMVAD_SHORT", f"{side}Child"),
            )
            for side in ("Left", "Right")
        },
        **same("_MMVAD_SHORT", "StartingVpn", "EndingVpn", "StartingVpnHigh", "EndingVpnHigh"),
        **same("_MMVAD", "Subsection", "ControlArea", "FirstPrototypePte", "LastContiguousPte"),
        **{name: ("_MMVAD_SHORT", "u", "VadFlags", name) for name in ("VadType", "Protection", "PrivateMemory")},
        **{
            name: ("_MMVAD_SHORT", "u", "VadFlags", name)
            for name in ("ImageMap", "PhysicalMapping", "UserPhysicalPages", "WriteWatch", "LargePages")
        },
        "MemCommit": (
            ("_MMVAD_SHORT", "u1", "VadFlags1", "MemCommit"), ("_MMVAD_SHORT", "u", "VadFlags", "MemCommit"),
        ),
        "CommitCharge": (
            ("_MMVAD_SHORT", "u1", "VadFlags1", "CommitCharge"), ("_MMVAD_SHORT", "u", "VadFlags", "CommitCharge"),
        ),
    },
    "handle_table": {"HandleCount": (("_HANDLE_TABLE", "FreeLists", "HandleCount"), ("_HANDLE_TABLE", "HandleCount"))},
    "session": same("_MM_SESSION_SPACE", "SessionId"),
    "subsection": same("_SUBSECTION", "ControlArea"),
    "control_area": same("_CONTROL_AREA", "FilePointer"),
    "file_object": same("_FILE_OBJECT", "FileName"),
    "pfn": {
        **same("_MMPFN", "PteAddress"),
        "PageLocation": ("_MMPFN", "u3", "e1", "PageLocation"),
        "PteFrame": ("_MMPFN", "u4", "PteFrame"),
        "PrototypePte": (("_MMPFN", "u4", "PrototypePte"), ("_MMPFN", "u3", "e1", "PrototypePte")),
    },
}  # fmt: skip
# by field of IoLayouts
_QUEUE = ("_DEVICE_OBJECT", "DeviceQueue")
_OVERLAY = ("_IRP", "Tail", "Overlay")
IO_MEMBERS: dict[str, Members] = {
    "object_header": same(
        "_OBJECT_HEADER", "PointerCount", "HandleCount", "Type", "TypeIndex", "NameInfoOffset", "InfoMask", "Body",
    ),
    "object_name": same("_OBJECT_HEADER_NAME_INFO", "Directory", "Name"),
    "object_creator": same("_OBJECT_HEADER_CREATOR_INFO", "CreatorUniqueProcess"),
    "object_type": same("_OBJECT_TYPE", "Name", "Index"),
    "driver_object": same(
        "_DRIVER_OBJECT", "Type", "Size", "DeviceObject", "Flags", "DriverStart", "DriverSize", "DriverSection",
        "DriverExtension", "DriverName", "FastIoDispatch", "DriverInit", "DriverStartIo", "DriverUnload",
        "MajorFunction",
    ),
    "driver_extension": same("_DRIVER_EXTENSION", "DriverObject", "AddDevice", "ServiceKeyName"),
    "device_object": {
        **same(
            "_DEVICE_OBJECT", "Type", "Size", "ReferenceCount", "DriverObject", "NextDevice", "AttachedDevice",
            "CurrentIrp", "Flags", "Characteristics", "Vpb", "DeviceExtension", "DeviceType", "StackSize",
            "DeviceObjectExtension",
        ),
        "DeviceListHead": (*_QUEUE, "DeviceListHead"),
        "Busy": (*_QUEUE, "Busy"),
    },
    "device_extension": same(
        "_DEVOBJ_EXTENSION", "Type", "DeviceObject", "PowerFlags", "ExtensionFlags", "DeviceNode", "AttachedTo", "Vpb",
    ),
    "vpb": same("_VPB", "Type", "Flags", "VolumeLabelLength", "DeviceObject", "RealDevice", "SerialNumber",
                 "ReferenceCount", "VolumeLabel"),
    "file": same(
        "_FILE_OBJECT", "Type", "Size", "DeviceObject", "Vpb", "FsContext", "SectionObjectPointer",
        "RelatedFileObject", "LockOperation", "DeletePending", "ReadAccess", "WriteAccess", "DeleteAccess",
        "SharedRead", "SharedWrite", "SharedDelete", "Flags", "FileName", "CurrentByteOffset", "Waiters", "Busy",
        "IrpList",
    ),
    "device_node": {
        **same(
            "_DEVICE_NODE", "Sibling", "Child", "Parent", "LastChild", "PhysicalDeviceObject", "InstancePath",
            "ServiceName", "PendingIrp", "State", "PreviousState", "StateHistory", "StateHistoryEntry", "Flags",
            "UserFlags", "Problem", "ProblemStatus", "DuplicatePDO", "FxDevice", "StateTimestamp",
            "PreviousStateTimestamp", "ProblemCodeLog",
        ),
    },
    "irp": {
        **same(
            "_IRP", "Type", "Size", "MdlAddress", "Flags", "ThreadListEntry", "IoStatus", "RequestorMode",
            "PendingReturned", "StackCount", "CurrentLocation", "Cancel", "CancelIrql", "ApcEnvironment",
            "AllocationFlags", "UserIosb", "UserEvent", "CancelRoutine", "UserBuffer",
        ),
        "SystemBuffer": ("_IRP", "AssociatedIrp", "SystemBuffer"),
        **{
            name: (*_OVERLAY, name)
            for name in ("DeviceQueueEntry", "Thread", "ListEntry", "CurrentStackLocation", "OriginalFileObject")
        },
    },
    "stack_location": same(
        "_IO_STACK_LOCATION", "MajorFunction", "MinorFunction", "Flags", "Control", "Parameters", "DeviceObject",
        "FileObject", "CompletionRoutine", "Context",
    ),
    "thread": {
        "IrpList": ("_ETHREAD", "IrpList"),
        "WaitTime": ("_ETHREAD", "Tcb", "WaitTime"),
    },
    "power_irp": same(
        "_POP_IRP_DATA", "Link", "Irp", "Pdo", "TargetDevice", "CurrentDevice", "WatchdogStart", "MinorFunction",
        "PowerStateType", "PowerState",
    ),
    "power_triage": same("_TRIAGE_9F_POWER", "Signature", "Revision", "IrpList", "ThreadList", "DelayedWorkQueue"),
    "pnp_triage": same("_TRIAGE_9F_PNP", "Signature", "Revision", "CompletionQueue", "DelayedWorkQueue"),
    "node_triage": same(
        "_TRIAGE_DEVICE_NODE", "PhysicalDeviceObject", "InstancePath", "ServiceName", "PendingIrp", "FxDevice",
    ),
    "fx_triage": same("_TRIAGE_POP_FX_DEVICE", "Link", "Irp", "IrpData", "Status", "DeviceNode"),
    "fx_device": {
        **same("_POP_FX_DEVICE", "Link", "Irp", "IrpData", "Status", "DeviceObject", "TargetDevice"),
        "DeviceNode": (("_POP_FX_DEVICE", "DevNode"), ("_POP_FX_DEVICE", "DeviceNode")),
    },
}  # fmt: skip
