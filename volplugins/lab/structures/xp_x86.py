"""Structures of Windows XP SP3 x86, build 2600: the members that the lab fills in or its symbol tables state.

Source: the public symbol table ntoskrnl.pdb of build 2600. Notation: structures.py of this room.
"""

TABLE = """
_CLIENT_ID 0x8: UniqueProcess 0x0 *void; UniqueThread 0x4 *void
_CMHIVE 0x49c: Hive 0x0 _HHIVE
_CM_KEY_BODY 0x44: Type 0x0 u32; KeyControlBlock 0x4 *void
_CM_KEY_NODE 0x50: Signature 0x0 u16; Flags 0x2 u16
_CM_KEY_VALUE 0x18: Signature 0x0 u16; NameLength 0x2 u16
_CONTEXT 0x2cc: ContextFlags 0x0 u32; Dr0 0x4 u32; Dr1 0x8 u32; Dr2 0xc u32; Dr3 0x10 u32; Dr6 0x14 u32; Dr7 0x18 u32;
  FloatSave 0x1c _FLOATING_SAVE_AREA; SegGs 0x8c u32; SegFs 0x90 u32; SegEs 0x94 u32; SegDs 0x98 u32; Edi 0x9c u32;
  Esi 0xa0 u32; Ebx 0xa4 u32; Edx 0xa8 u32; Ecx 0xac u32; Eax 0xb0 u32; Ebp 0xb4 u32; Eip 0xb8 u32; SegCs 0xbc u32;
  EFlags 0xc0 u32; Esp 0xc4 u32; SegSs 0xc8 u32
_CONTROL_AREA 0x30: Segment 0x0 *_SEGMENT; NumberOfSectionReferences 0xc u32; NumberOfPfnReferences 0x10 u32;
  NumberOfMappedViews 0x14 u32; NumberOfSubsections 0x18 u16; NumberOfUserReferences 0x1c u32; u 0x20 _unnamed_6;
  FilePointer 0x24 *_FILE_OBJECT
_CURDIR 0xc: DosPath 0x0 _UNICODE_STRING; Handle 0x8 *void
_DBGKD_GET_VERSION64 0x28: MajorVersion 0x0 u16; MinorVersion 0x2 u16; ProtocolVersion 0x4 u16; Flags 0x6 u16;
  MachineType 0x8 u16; MaxPacketType 0xa u8; MaxStateChange 0xb u8; MaxManipulate 0xc u8; Simulation 0xd u8;
  Unused 0xe [1]u16; KernBase 0x10 u64; PsLoadedModuleList 0x18 u64; DebuggerDataList 0x20 u64
_DESCRIPTOR 0x8: Pad 0x0 u16; Limit 0x2 u16; Base 0x4 u32
_DEVICE_NODE 0x118: Sibling 0x0 *_DEVICE_NODE; Child 0x4 *_DEVICE_NODE; Parent 0x8 *_DEVICE_NODE;
  LastChild 0xc *_DEVICE_NODE; Level 0x10 u32; State 0x18 u32; PreviousState 0x1c u32; StateHistory 0x20 [20]u32;
  StateHistoryEntry 0x70 u32; CompletionStatus 0x74 i32; PendingIrp 0x78 *_IRP; Flags 0x7c u32; UserFlags 0x80 u32;
  Problem 0x84 u32; PhysicalDeviceObject 0x88 *_DEVICE_OBJECT; InstancePath 0x94 _UNICODE_STRING;
  ServiceName 0x9c _UNICODE_STRING; DuplicatePDO 0xa4 *_DEVICE_OBJECT; InterfaceType 0xac u32; BusNumber 0xb0 u32;
  ChildInterfaceType 0xb4 u32; ChildBusNumber 0xb8 u32; CapabilityFlags 0xec u32
_DEVICE_OBJECT 0xb8: Type 0x0 i16; Size 0x2 u16; ReferenceCount 0x4 i32; DriverObject 0x8 *_DRIVER_OBJECT;
  NextDevice 0xc *_DEVICE_OBJECT; AttachedDevice 0x10 *_DEVICE_OBJECT; CurrentIrp 0x14 *_IRP; Timer 0x18 *void;
  Flags 0x1c u32; Characteristics 0x20 u32; Vpb 0x24 *_VPB; DeviceExtension 0x28 *void; DeviceType 0x2c u32;
  StackSize 0x30 u8; Queue 0x34 _LIST_ENTRY; DeviceQueue 0x60 _KDEVICE_QUEUE; Dpc 0x74 _KDPC;
  ActiveThreadCount 0x94 u32; SecurityDescriptor 0x98 *void; SectorSize 0xac u16;
  DeviceObjectExtension 0xb0 *_DEVOBJ_EXTENSION
_DEVOBJ_EXTENSION 0x2c: Type 0x0 i16; Size 0x2 u16; DeviceObject 0x4 *_DEVICE_OBJECT; PowerFlags 0x8 u32;
  Dope 0xc *void; ExtensionFlags 0x10 u32; DeviceNode 0x14 *_DEVICE_NODE; AttachedTo 0x18 *_DEVICE_OBJECT;
  Vpb 0x28 *_VPB
_DISPATCHER_HEADER 0x10: Type 0x0 u8; Absolute 0x1 u8; Size 0x2 u8; Inserted 0x3 u8; SignalState 0x4 i32;
  WaitListHead 0x8 _LIST_ENTRY
_DRIVER_EXTENSION 0x1c: DriverObject 0x0 *_DRIVER_OBJECT; AddDevice 0x4 *void; Count 0x8 u32;
  ServiceKeyName 0xc _UNICODE_STRING; ClientDriverExtension 0x14 *void; FsFilterCallbacks 0x18 *void
_DRIVER_OBJECT 0xa8: Type 0x0 i16; Size 0x2 i16; DeviceObject 0x4 *_DEVICE_OBJECT; Flags 0x8 u32;
  DriverStart 0xc *void; DriverSize 0x10 u32; DriverSection 0x14 *void; DriverExtension 0x18 *_DRIVER_EXTENSION;
  DriverName 0x1c _UNICODE_STRING; HardwareDatabase 0x24 *_UNICODE_STRING; FastIoDispatch 0x28 *void;
  DriverInit 0x2c *void; DriverStartIo 0x30 *void; DriverUnload 0x34 *void; MajorFunction 0x38 [28]*void
_EPROCESS 0x260: Pcb 0x0 _KPROCESS; VdmObjects 0x158 *void; LdtInformation 0x150 *void;
  PageDirectoryPte 0x168 u64; CreateTime 0x70 _LARGE_INTEGER;
  ExitTime 0x78 _LARGE_INTEGER; RundownProtect 0x80 _EX_RUNDOWN_REF; UniqueProcessId 0x84 *void;
  ActiveProcessLinks 0x88 _LIST_ENTRY; QuotaUsage 0x90 [3]u32; QuotaPeak 0x9c [3]u32; CommitCharge 0xa8 u32;
  PeakVirtualSize 0xac u32; VirtualSize 0xb0 u32; SessionProcessLinks 0xb4 _LIST_ENTRY;
  ObjectTable 0xc4 *_HANDLE_TABLE; Token 0xc8 _EX_FAST_REF; VadRoot 0x11c *void; VadHint 0x120 *void;
  NumberOfPrivatePages 0x128 u32; Job 0x134 *void; SectionBaseAddress 0x13c *void;
  InheritedFromUniqueProcessId 0x14c *void; Session 0x170 *void; ImageFileName 0x174 [16]u8;
  ThreadListHead 0x190 _LIST_ENTRY; ActiveThreads 0x1a0 u32; LastThreadExitStatus 0x1ac i32; Peb 0x1b0 *_PEB;
  CommitChargePeak 0x1ec u32; SeAuditProcessCreationInfo 0x1f4 _SE_AUDIT_PROCESS_CREATION_INFO; Vm 0x1f8 _MMSUPPORT;
  NumberOfVads 0x240 u32; Flags 0x248 u32; ExitStatus 0x24c i32; PriorityClass 0x254 u8; Cookie 0x258 u32
_ERESOURCE 0x38: SystemResourcesList 0x0 _LIST_ENTRY; OwnerTable 0x8 *_OWNER_ENTRY; ActiveCount 0xc i16; Flag 0xe u16;
  SharedWaiters 0x10 *_KSEMAPHORE; ExclusiveWaiters 0x14 *_KEVENT; OwnerThreads 0x18 [2]_OWNER_ENTRY;
  ContentionCount 0x28 u32; NumberOfSharedWaiters 0x2c u16; NumberOfExclusiveWaiters 0x2e u16; SpinLock 0x34 u32
_ETHREAD 0x258: Tcb 0x0 _KTHREAD; CreateTime 0x1c0 _LARGE_INTEGER; NestedFaultCount 0x1c0 u32:0:2;
  ApcNeeded 0x1c0 u32:2:1; ExitTime 0x1c8 _LARGE_INTEGER; KeyedWaitChain 0x1c8 _LIST_ENTRY; ExitStatus 0x1d0 i32;
  KeyedWaitValue 0x1dc *void; Cid 0x1ec _CLIENT_ID; LpcReplySemaphore 0x1f4 _KSEMAPHORE;
  KeyedWaitSemaphore 0x1f4 _KSEMAPHORE; LpcWaitingOnPort 0x208 *void; IrpList 0x210 _LIST_ENTRY;
  ThreadsProcess 0x220 *_EPROCESS; StartAddress 0x224 *void; Win32StartAddress 0x228 *void;
  LpcReceivedMessageId 0x228 u32; ThreadListEntry 0x22c _LIST_ENTRY; LpcReplyMessageId 0x23c u32;
  CrossThreadFlags 0x248 u32; LpcReceivedMsgIdValid 0x250 u8:0:1
_EXCEPTION_POINTERS 0x8: ExceptionRecord 0x0 *_EXCEPTION_RECORD; ContextRecord 0x4 *_CONTEXT
_EXCEPTION_RECORD 0x50: ExceptionCode 0x0 i32; ExceptionFlags 0x4 u32; ExceptionRecord 0x8 *_EXCEPTION_RECORD;
  ExceptionAddress 0xc *void; NumberParameters 0x10 u32; ExceptionInformation 0x14 [15]u32
_EXCEPTION_RECORD32 0x50: ExceptionCode 0x0 i32; ExceptionFlags 0x4 u32; ExceptionRecord 0x8 u32;
  ExceptionAddress 0xc u32; NumberParameters 0x10 u32; ExceptionInformation 0x14 [15]u32
_EXCEPTION_RECORD64 0x98: ExceptionCode 0x0 i32; ExceptionFlags 0x4 u32; ExceptionRecord 0x8 u64;
  ExceptionAddress 0x10 u64; NumberParameters 0x18 u32; __unusedAlignment 0x1c u32; ExceptionInformation 0x20 [15]u64
_EXCEPTION_REGISTRATION_RECORD 0x8: Next 0x0 *_EXCEPTION_REGISTRATION_RECORD; Handler 0x4 *void
_EX_FAST_REF 0x4: Object 0x0 *void; RefCnt 0x0 u32:0:3; Value 0x0 u32
_EX_PUSH_LOCK 0x4: Value 0x0 u32; Ptr 0x0 *void
_EX_PUSH_LOCK_WAIT_BLOCK 0x1c: WakeEvent 0x0 _KEVENT; Next 0x10 *_EX_PUSH_LOCK_WAIT_BLOCK; ShareCount 0x14 u32;
  Exclusive 0x18 u8
_EX_RUNDOWN_REF 0x4: Count 0x0 u32; Ptr 0x0 *void
_EX_WORK_QUEUE 0x3c: WorkerQueue 0x0 _KQUEUE; DynamicThreadCount 0x28 u32; WorkItemsProcessed 0x2c u32;
  WorkItemsProcessedLastPass 0x30 u32; QueueDepthLastPass 0x34 u32
_FAST_IO_DISPATCH 0x70: SizeOfFastIoDispatch 0x0 u32; FastIoCheckIfPossible 0x4 *void; FastIoRead 0x8 *void;
  FastIoWrite 0xc *void; FastIoQueryBasicInfo 0x10 *void; FastIoQueryStandardInfo 0x14 *void; FastIoLock 0x18 *void;
  FastIoUnlockSingle 0x1c *void; FastIoUnlockAll 0x20 *void; FastIoUnlockAllByKey 0x24 *void;
  FastIoDeviceControl 0x28 *void; AcquireFileForNtCreateSection 0x2c *void; ReleaseFileForNtCreateSection 0x30 *void;
  FastIoDetachDevice 0x34 *void; FastIoQueryNetworkOpenInfo 0x38 *void; AcquireForModWrite 0x3c *void;
  MdlRead 0x40 *void; MdlReadComplete 0x44 *void; PrepareMdlWrite 0x48 *void; MdlWriteComplete 0x4c *void;
  FastIoReadCompressed 0x50 *void; FastIoWriteCompressed 0x54 *void; MdlReadCompleteCompressed 0x58 *void;
  MdlWriteCompleteCompressed 0x5c *void; FastIoQueryOpen 0x60 *void; ReleaseForModWrite 0x64 *void;
  AcquireForCcFlush 0x68 *void; ReleaseForCcFlush 0x6c *void
_FAST_MUTEX 0x20: Count 0x0 i32; Owner 0x4 *_KTHREAD; Contention 0x8 u32; Event 0xc _KEVENT; OldIrql 0x1c u32
_FILE_OBJECT 0x70: Type 0x0 i16; Size 0x2 i16; DeviceObject 0x4 *_DEVICE_OBJECT; Vpb 0x8 *_VPB; FsContext 0xc *void;
  FsContext2 0x10 *void; SectionObjectPointer 0x14 *_SECTION_OBJECT_POINTERS; PrivateCacheMap 0x18 *void;
  FinalStatus 0x1c i32; RelatedFileObject 0x20 *_FILE_OBJECT; LockOperation 0x24 u8; DeletePending 0x25 u8;
  ReadAccess 0x26 u8; WriteAccess 0x27 u8; DeleteAccess 0x28 u8; SharedRead 0x29 u8; SharedWrite 0x2a u8;
  SharedDelete 0x2b u8; Flags 0x2c u32; FileName 0x30 _UNICODE_STRING; CurrentByteOffset 0x38 _LARGE_INTEGER;
  Waiters 0x40 u32; Busy 0x44 u32; LastLock 0x48 *void; Lock 0x4c _KEVENT; Event 0x5c _KEVENT;
  CompletionContext 0x6c *void
_FLOATING_SAVE_AREA 0x70: ControlWord 0x0 u32; StatusWord 0x4 u32; TagWord 0x8 u32
_HANDLE_TABLE 0x44: TableCode 0x0 u32; QuotaProcess 0x4 *_EPROCESS; UniqueProcessId 0x8 *void;
  HandleTableList 0x1c _LIST_ENTRY; NextHandleNeedingPool 0x38 u32; HandleCount 0x3c i32; Flags 0x40 u32
_HANDLE_TABLE_ENTRY 0x8: Object 0x0 *void; ObAttributes 0x0 u32; Value 0x0 u32; GrantedAccess 0x4 u32
_HEAP 0x588: Entry 0x0 _HEAP_ENTRY; Signature 0x8 u32; Flags 0xc u32; ForceFlags 0x10 u32; SegmentReserve 0x18 u32;
  SegmentCommit 0x1c u32; ProcessHeapsListIndex 0x30 u16; VirtualAllocdBlocks 0x50 _LIST_ENTRY;
  Segments 0x58 [64]*_HEAP_SEGMENT; FrontEndHeap 0x580 *void; FrontEndHeapType 0x586 u8; LastSegmentIndex 0x587 u8
_HEAP_ENTRY 0x8: Size 0x0 u16; PreviousSize 0x2 u16; SmallTagIndex 0x4 u8; Flags 0x5 u8; UnusedBytes 0x6 u8;
  SegmentIndex 0x7 u8
_HEAP_SEGMENT 0x3c: Entry 0x0 _HEAP_ENTRY; Signature 0x8 u32; Flags 0xc u32; Heap 0x10 *_HEAP; BaseAddress 0x18 *void;
  NumberOfPages 0x1c u32; FirstEntry 0x20 *_HEAP_ENTRY; LastValidEntry 0x24 *_HEAP_ENTRY;
  NumberOfUnCommittedPages 0x28 u32; NumberOfUnCommittedRanges 0x2c u32
_HHIVE 0x210: Signature 0x0 u32
_HMAP_ENTRY 0x10: BlockAddress 0x0 u32; BinAddress 0x4 u32; CmView 0x8 *void; MemAlloc 0xc u32
_IMAGE_DOS_HEADER 0x40: e_magic 0x0 u16; e_cblp 0x2 u16; e_cp 0x4 u16; e_crlc 0x6 u16; e_cparhdr 0x8 u16;
  e_minalloc 0xa u16; e_maxalloc 0xc u16; e_ss 0xe u16; e_sp 0x10 u16; e_csum 0x12 u16; e_ip 0x14 u16; e_cs 0x16 u16;
  e_lfarlc 0x18 u16; e_ovno 0x1a u16; e_res 0x1c [4]u16; e_oemid 0x24 u16; e_oeminfo 0x26 u16; e_res2 0x28 [10]u16;
  e_lfanew 0x3c i32
_IO_STACK_LOCATION 0x24: MajorFunction 0x0 u8; MinorFunction 0x1 u8; Flags 0x2 u8; Control 0x3 u8;
  Parameters 0x4 [4]*void; DeviceObject 0x14 *_DEVICE_OBJECT; FileObject 0x18 *_FILE_OBJECT;
  CompletionRoutine 0x1c *void; Context 0x20 *void
_IO_STATUS_BLOCK 0x8: Status 0x0 i32; Pointer 0x0 *void; Information 0x4 u32
_IRP 0x70: Type 0x0 i16; Size 0x2 u16; MdlAddress 0x4 *void; Flags 0x8 u32; AssociatedIrp 0xc *void;
  ThreadListEntry 0x10 _LIST_ENTRY; IoStatus 0x18 _IO_STATUS_BLOCK; RequestorMode 0x20 u8; PendingReturned 0x21 u8;
  StackCount 0x22 u8; CurrentLocation 0x23 u8; Cancel 0x24 u8; CancelIrql 0x25 u8; ApcEnvironment 0x26 u8;
  AllocationFlags 0x27 u8; UserIosb 0x28 *_IO_STATUS_BLOCK; UserEvent 0x2c *_KEVENT; CancelRoutine 0x38 *void;
  UserBuffer 0x3c *void; Tail 0x40 _unnamed_4
_KAPC_STATE 0x18: ApcListHead 0x0 [2]_LIST_ENTRY; Process 0x10 *_KPROCESS; KernelApcInProgress 0x14 u8;
  KernelApcPending 0x15 u8; UserApcPending 0x16 u8
_KDEVICE_QUEUE 0x14: Type 0x0 i16; Size 0x2 i16; DeviceListHead 0x4 _LIST_ENTRY; Lock 0xc u32; Busy 0x10 u8
_KDEVICE_QUEUE_ENTRY 0x10: DeviceListEntry 0x0 _LIST_ENTRY; SortKey 0x8 u32; Inserted 0xc u8
_KDPC 0x20: Type 0x0 i16; Number 0x2 u8; Importance 0x3 u8; DpcListEntry 0x4 _LIST_ENTRY; DeferredRoutine 0xc *void;
  DeferredContext 0x10 *void; SystemArgument1 0x14 *void; SystemArgument2 0x18 *void; Lock 0x1c *u32
_KEVENT 0x10: Header 0x0 _DISPATCHER_HEADER
_KMUTANT 0x20: Header 0x0 _DISPATCHER_HEADER; MutantListEntry 0x10 _LIST_ENTRY; OwnerThread 0x18 *_KTHREAD;
  Abandoned 0x1c u8; ApcDisable 0x1d u8
_KGDTENTRY 0x8: LimitLow 0x0 u16; BaseLow 0x2 u16; HighWord 0x4 u32
_KIDTENTRY 0x8: Offset 0x0 u16; Selector 0x2 u16; Access 0x4 u16; ExtendedOffset 0x6 u16
_KINTERRUPT 0x1e4: Type 0x0 i16; Size 0x2 i16; InterruptListEntry 0x4 _LIST_ENTRY; ServiceRoutine 0xc *void;
  ServiceContext 0x10 *void; SpinLock 0x14 u32; TickCount 0x18 u32; ActualLock 0x1c *u32; DispatchAddress 0x20 *void;
  Vector 0x24 u32; Irql 0x28 u8; SynchronizeIrql 0x29 u8; FloatingSave 0x2a u8; Connected 0x2b u8; Number 0x2c u8;
  ShareVector 0x2d u8; Mode 0x30 u32; ServiceCount 0x34 u32; DispatchCount 0x38 u32; DispatchCode 0x3c [106]u32
_KPCR 0xd70: NtTib 0x0 _NT_TIB; SelfPcr 0x1c *_KPCR; Prcb 0x20 *_KPRCB; Irql 0x24 u8; IRR 0x28 u32; IDR 0x30 u32;
  KdVersionBlock 0x34 *void; IDT 0x38 *void; GDT 0x3c *void; TSS 0x40 *void; MajorVersion 0x44 u16;
  MinorVersion 0x46 u16; SetMember 0x48 u32; StallScaleFactor 0x4c u32; Number 0x51 u8; PrcbData 0x120 _KPRCB
_KPRCB 0xc50: MinorVersion 0x0 u16; MajorVersion 0x2 u16; CurrentThread 0x4 *_KTHREAD; NextThread 0x8 *_KTHREAD;
  IdleThread 0xc *_KTHREAD; Number 0x10 u8; SetMember 0x14 u32; CpuType 0x18 u8; CpuID 0x19 u8; CpuStep 0x1a u16;
  ProcessorState 0x1c _KPROCESSOR_STATE; InterruptCount 0x4a4 u32; KernelTime 0x4a8 u32; UserTime 0x4ac u32;
  DpcTime 0x4b0 u32; InterruptTime 0x4b8 u32; KeContextSwitches 0x4fc u32; KeSystemCalls 0x518 u32;
  DpcListHead 0x860 _LIST_ENTRY; DpcStack 0x868 *void; DpcCount 0x86c u32; DpcQueueDepth 0x870 u32;
  DpcRoutineActive 0x874 u32; DpcInterruptRequested 0x878 u32; DpcLock 0x8a0 u32; VendorString 0x900 [13]u8;
  MHz 0x910 u32; FeatureBits 0x914 u32
_KPROCESS 0x6c: Header 0x0 _DISPATCHER_HEADER; ProfileListHead 0x10 _LIST_ENTRY; DirectoryTableBase 0x18 [2]u32;
  KernelTime 0x38 u32; UserTime 0x3c u32; ThreadListHead 0x50 _LIST_ENTRY; StackCount 0x60 u16; BasePriority 0x62 u8;
  State 0x65 u8; LdtDescriptor 0x20 _KGDTENTRY; Int21Descriptor 0x28 _KIDTENTRY
_KPROCESSOR_STATE 0x320: ContextFrame 0x0 _CONTEXT; SpecialRegisters 0x2cc _KSPECIAL_REGISTERS
_KQUEUE 0x28: Header 0x0 _DISPATCHER_HEADER; EntryListHead 0x10 _LIST_ENTRY; CurrentCount 0x18 u32;
  MaximumCount 0x1c u32; ThreadListHead 0x20 _LIST_ENTRY
_KSEMAPHORE 0x14: Header 0x0 _DISPATCHER_HEADER; Limit 0x10 i32
_KSPECIAL_REGISTERS 0x54: Cr0 0x0 u32; Cr2 0x4 u32; Cr3 0x8 u32; Cr4 0xc u32; KernelDr0 0x10 u32; KernelDr1 0x14 u32;
  KernelDr2 0x18 u32; KernelDr3 0x1c u32; KernelDr6 0x20 u32; KernelDr7 0x24 u32; Gdtr 0x28 _DESCRIPTOR;
  Idtr 0x30 _DESCRIPTOR; Tr 0x38 u16; Ldtr 0x3a u16
_KSYSTEM_TIME 0xc: LowPart 0x0 u32; High1Time 0x4 i32; High2Time 0x8 i32
_KTHREAD 0x1c0: Header 0x0 _DISPATCHER_HEADER; MutantListHead 0x10 _LIST_ENTRY; InitialStack 0x18 *void;
  StackLimit 0x1c *void; Teb 0x20 *void; KernelStack 0x28 *void; State 0x2d u8; Priority 0x33 u8;
  ApcState 0x34 _KAPC_STATE; ContextSwitches 0x4c u32; WaitStatus 0x54 i32; WaitIrql 0x58 u8; WaitMode 0x59 u8;
  WaitReason 0x5b u8; WaitBlockList 0x5c *_KWAIT_BLOCK; WaitListEntry 0x60 _LIST_ENTRY; WaitTime 0x68 u32;
  BasePriority 0x6c u8; PriorityDecrement 0x6e u8; WaitBlock 0x70 [4]_KWAIT_BLOCK; KernelApcDisable 0xd4 u32;
  ServiceTable 0xe0 *void; Queue 0xe4 *_KQUEUE; Timer 0xf0 _KTIMER; QueueListEntry 0x118 _LIST_ENTRY;
  KernelStackResident 0x12a u8; NextProcessor 0x12b u8; Win32Thread 0x130 *void; TrapFrame 0x134 *_KTRAP_FRAME;
  PreviousMode 0x140 u8; KernelTime 0x144 u32; UserTime 0x148 u32; Alertable 0x164 u8; ApcStateIndex 0x165 u8;
  StackBase 0x168 *void; ThreadListEntry 0x1b0 _LIST_ENTRY; SuspendCount 0x1b9 u8; IdealProcessor 0x1ba u8
_KTIMER 0x28: Header 0x0 _DISPATCHER_HEADER; DueTime 0x10 _ULARGE_INTEGER; TimerListEntry 0x18 _LIST_ENTRY;
  Dpc 0x20 *_KDPC; Period 0x24 i32
_KTRAP_FRAME 0x8c: DbgEbp 0x0 u32; DbgEip 0x4 u32; DbgArgMark 0x8 u32; DbgArgPointer 0xc u32; TempSegCs 0x10 u32;
  TempEsp 0x14 u32; Dr0 0x18 u32; Dr1 0x1c u32; Dr2 0x20 u32; Dr3 0x24 u32; Dr6 0x28 u32; Dr7 0x2c u32;
  SegGs 0x30 u32; SegEs 0x34 u32; SegDs 0x38 u32; Edx 0x3c u32; Ecx 0x40 u32; Eax 0x44 u32;
  PreviousPreviousMode 0x48 u32; ExceptionList 0x4c *_EXCEPTION_REGISTRATION_RECORD; SegFs 0x50 u32; Edi 0x54 u32;
  Esi 0x58 u32; Ebx 0x5c u32; Ebp 0x60 u32; ErrCode 0x64 u32; Eip 0x68 u32; SegCs 0x6c u32; EFlags 0x70 u32;
  HardwareEsp 0x74 u32; HardwareSegSs 0x78 u32; V86Es 0x7c u32; V86Ds 0x80 u32; V86Fs 0x84 u32; V86Gs 0x88 u32
_KTSS 0x20ac: Backlink 0x0 u16; Esp0 0x4 u32; Ss0 0x8 u16; CR3 0x1c u32; Eip 0x20 u32; EFlags 0x24 u32; Eax 0x28 u32;
  Ecx 0x2c u32; Edx 0x30 u32; Ebx 0x34 u32; Esp 0x38 u32; Ebp 0x3c u32; Esi 0x40 u32; Edi 0x44 u32; Es 0x48 u16;
  Cs 0x4c u16; Ss 0x50 u16; Ds 0x54 u16; Fs 0x58 u16; Gs 0x5c u16; LDT 0x60 u16; Flags 0x64 u16; IoMapBase 0x66 u16;
  IntDirectionMap 0x208c [32]u8
_KUSER_SHARED_DATA 0x338: TickCountLow 0x0 u32; TickCountMultiplier 0x4 u32; InterruptTime 0x8 _KSYSTEM_TIME;
  SystemTime 0x14 _KSYSTEM_TIME; TimeZoneBias 0x20 _KSYSTEM_TIME; ImageNumberLow 0x2c u16; ImageNumberHigh 0x2e u16;
  NtSystemRoot 0x30 [260]u16; NtProductType 0x264 enum _NT_PRODUCT_TYPE;
  ProductTypeIsValid 0x268 u8; NtMajorVersion 0x26c u32; NtMinorVersion 0x270 u32; SuiteMask 0x2d0 u32;
  KdDebuggerEnabled 0x2d4 u8; NumberOfPhysicalPages 0x2e8 u32; SafeBootMode 0x2ec u8; TickCount 0x320 _KSYSTEM_TIME;
  TickCountQuad 0x320 u64
_KWAIT_BLOCK 0x18: WaitListEntry 0x0 _LIST_ENTRY; Thread 0x8 *_KTHREAD; Object 0xc *void;
  NextWaitBlock 0x10 *_KWAIT_BLOCK; WaitKey 0x14 u16; WaitType 0x16 u16
_LARGE_INTEGER 0x8: LowPart 0x0 u32; u 0x0 _unnamed_0; QuadPart 0x0 i64; HighPart 0x4 i32
_LDR_DATA_TABLE_ENTRY 0x50: InLoadOrderLinks 0x0 _LIST_ENTRY; InMemoryOrderLinks 0x8 _LIST_ENTRY;
  InInitializationOrderLinks 0x10 _LIST_ENTRY; DllBase 0x18 *void; EntryPoint 0x1c *void; SizeOfImage 0x20 u32;
  FullDllName 0x24 _UNICODE_STRING; BaseDllName 0x2c _UNICODE_STRING; Flags 0x34 u32; LoadCount 0x38 u16;
  TlsIndex 0x3a u16; HashLinks 0x3c _LIST_ENTRY; SectionPointer 0x3c *void; CheckSum 0x40 u32; TimeDateStamp 0x44 u32
_LIST_ENTRY 0x8: Flink 0x0 *_LIST_ENTRY; Blink 0x4 *_LIST_ENTRY
_LPCP_PORT_OBJECT 0xa4: ConnectionPort 0x0 *_LPCP_PORT_OBJECT; ConnectedPort 0x4 *_LPCP_PORT_OBJECT;
  Creator 0x18 _CLIENT_ID; LpcReplyChainHead 0x78 _LIST_ENTRY; LpcDataInfoChainHead 0x80 _LIST_ENTRY
_LUID 0x8: LowPart 0x0 u32; HighPart 0x4 i32
_MMPTE_HARDWARE 0x4: Valid 0x0 u32:0:1; Writable 0x0 u32:1:1; Owner 0x0 u32:2:1; WriteThrough 0x0 u32:3:1;
  CacheDisable 0x0 u32:4:1; Accessed 0x0 u32:5:1; Dirty 0x0 u32:6:1; LargePage 0x0 u32:7:1; Global 0x0 u32:8:1;
  CopyOnWrite 0x0 u32:9:1; Write 0x0 u32:11:1; PageFrameNumber 0x0 u32:12:20
_MMPTE_PROTOTYPE 0x4: Valid 0x0 u32:0:1; ProtoAddressLow 0x0 u32:1:7; ReadOnly 0x0 u32:8:1; WhichPool 0x0 u32:9:1;
  Prototype 0x0 u32:10:1; ProtoAddressHigh 0x0 u32:11:21
_MMPTE_SOFTWARE 0x4: Valid 0x0 u32:0:1; PageFileLow 0x0 u32:1:4; Protection 0x0 u32:5:5; Prototype 0x0 u32:10:1;
  Transition 0x0 u32:11:1; PageFileHigh 0x0 u32:12:20
_MMPTE_SUBSECTION 0x4: Valid 0x0 u32:0:1; SubsectionAddressLow 0x0 u32:1:4; Protection 0x0 u32:5:5;
  Prototype 0x0 u32:10:1; SubsectionAddressHigh 0x0 u32:11:20; WhichPool 0x0 u32:31:1
_MMPTE_TRANSITION 0x4: Valid 0x0 u32:0:1; Write 0x0 u32:1:1; Protection 0x0 u32:5:5; Prototype 0x0 u32:10:1;
  Transition 0x0 u32:11:1; PageFrameNumber 0x0 u32:12:20
_MMSECTION_FLAGS 0x4: Image 0x0 u32:5:1; Based 0x0 u32:6:1; File 0x0 u32:7:1; PhysicalMemory 0x0 u32:10:1;
  Reserve 0x0 u32:12:1; Commit 0x0 u32:13:1; UserReference 0x0 u32:16:1; FilePointerNull 0x0 u32:19:1
_MMSUBSECTION_FLAGS 0x4: ReadOnly 0x0 u32:0:1; ReadWrite 0x0 u32:1:1; SubsectionStatic 0x0 u32:2:1;
  Protection 0x0 u32:4:5
_MMSUPPORT 0x40: PageFaultCount 0xc u32; PeakWorkingSetSize 0x10 u32; WorkingSetSize 0x14 u32;
  MinimumWorkingSetSize 0x18 u32; MaximumWorkingSetSize 0x1c u32
_MMVAD 0x28: StartingVpn 0x0 u32; EndingVpn 0x4 u32; Parent 0x8 *_MMVAD; LeftChild 0xc *_MMVAD;
  RightChild 0x10 *_MMVAD; u 0x14 _unnamed_2; ControlArea 0x18 *_CONTROL_AREA; FirstPrototypePte 0x1c *void;
  LastContiguousPte 0x20 *void; u2 0x24 _unnamed_3
_MMVAD_FLAGS 0x4: CommitCharge 0x0 u32:0:19; PhysicalMapping 0x0 u32:19:1; ImageMap 0x0 u32:20:1;
  UserPhysicalPages 0x0 u32:21:1; NoChange 0x0 u32:22:1; WriteWatch 0x0 u32:23:1; Protection 0x0 u32:24:5;
  LargePages 0x0 u32:29:1; MemCommit 0x0 u32:30:1; PrivateMemory 0x0 u32:31:1
_MMVAD_FLAGS2 0x4: FileOffset 0x0 u32:0:24; Inherit 0x0 u32:30:1; CopyOnWrite 0x0 u32:31:1
_MMVAD_SHORT 0x18: StartingVpn 0x0 u32; EndingVpn 0x4 u32; Parent 0x8 *_MMVAD; LeftChild 0xc *_MMVAD;
  RightChild 0x10 *_MMVAD; u 0x14 _unnamed_2
_MM_SESSION_SPACE 0x1278: ReferenceCount 0x0 u32; u 0x4 _unnamed_1; SessionId 0x8 u32; ProcessList 0x14 _LIST_ENTRY
_NT_TIB 0x1c: ExceptionList 0x0 *_EXCEPTION_REGISTRATION_RECORD; StackBase 0x4 *void; StackLimit 0x8 *void;
  SubSystemTib 0xc *void; FiberData 0x10 *void; Version 0x10 u32; ArbitraryUserPointer 0x14 *void; Self 0x18 *_NT_TIB
_OBJECT_DIRECTORY 0xa4: HashBuckets 0x0 [37]*_OBJECT_DIRECTORY_ENTRY; Lock 0x94 _EX_PUSH_LOCK; DeviceMap 0x98 *void;
  SessionId 0x9c u32; Reserved 0xa0 u16; SymbolicLinkUsageCount 0xa2 u16
_OBJECT_DIRECTORY_ENTRY 0x8: ChainLink 0x0 *_OBJECT_DIRECTORY_ENTRY; Object 0x4 *void
_OBJECT_HEADER 0x20: PointerCount 0x0 i32; HandleCount 0x4 i32; NextToFree 0x4 *void; Type 0x8 *_OBJECT_TYPE;
  NameInfoOffset 0xc u8; HandleInfoOffset 0xd u8; QuotaInfoOffset 0xe u8; Flags 0xf u8; ObjectCreateInfo 0x10 *void;
  QuotaBlockCharged 0x10 *void; SecurityDescriptor 0x14 *void; Body 0x18 _QUAD
_OBJECT_HEADER_CREATOR_INFO 0x10: TypeList 0x0 _LIST_ENTRY; CreatorUniqueProcess 0x8 *void;
  CreatorBackTraceIndex 0xc u16; Reserved 0xe u16
_OBJECT_HEADER_NAME_INFO 0x10: Directory 0x0 *void; Name 0x4 _UNICODE_STRING; QueryReferences 0xc u32
_OBJECT_NAME_INFORMATION 0x8: Name 0x0 _UNICODE_STRING
_OBJECT_SYMBOLIC_LINK 0x20: CreationTime 0x0 _LARGE_INTEGER; LinkTarget 0x8 _UNICODE_STRING;
  LinkTargetRemaining 0x10 _UNICODE_STRING; LinkTargetObject 0x18 *void; DosDeviceDriveIndex 0x1c u32
_OBJECT_TYPE 0x190: TypeList 0x38 _LIST_ENTRY; Name 0x40 _UNICODE_STRING; Index 0x4c u32;
  TotalNumberOfObjects 0x50 u32; TotalNumberOfHandles 0x54 u32; Key 0xac u32
_OWNER_ENTRY 0x8: OwnerThread 0x0 u32; OwnerCount 0x4 i32; TableSize 0x4 u32
_PEB 0x210: InheritedAddressSpace 0x0 u8; ReadImageFileExecOptions 0x1 u8; BeingDebugged 0x2 u8; Mutant 0x4 *void;
  ImageBaseAddress 0x8 *void; Ldr 0xc *_PEB_LDR_DATA; ProcessParameters 0x10 *_RTL_USER_PROCESS_PARAMETERS;
  SubSystemData 0x14 *void; ProcessHeap 0x18 *void; NumberOfProcessors 0x64 u32; NtGlobalFlag 0x68 u32;
  NumberOfHeaps 0x88 u32; MaximumNumberOfHeaps 0x8c u32; ProcessHeaps 0x90 **void; OSMajorVersion 0xa4 u32;
  OSMinorVersion 0xa8 u32; OSBuildNumber 0xac u16; SessionId 0x1d4 u32
_PEB_LDR_DATA 0x28: Length 0x0 u32; Initialized 0x4 u8; SsHandle 0x8 *void; InLoadOrderModuleList 0xc _LIST_ENTRY;
  InMemoryOrderModuleList 0x14 _LIST_ENTRY; InInitializationOrderModuleList 0x1c _LIST_ENTRY
_PHYSICAL_MEMORY_DESCRIPTOR 0x10: NumberOfRuns 0x0 u32; NumberOfPages 0x4 u32; Run 0x8 [1]_PHYSICAL_MEMORY_RUN
_PHYSICAL_MEMORY_RUN 0x8: BasePage 0x0 u32; PageCount 0x4 u32
_POOL_DESCRIPTOR 0x1028: TotalPages 0x10 u32; TotalBigPages 0x14 u32
_POOL_HEADER 0x8: PreviousSize 0x0 u16:0:9; PoolIndex 0x0 u16:9:7; Ulong1 0x0 u32; BlockSize 0x2 u16:0:9;
  PoolType 0x2 u16:9:7; ProcessBilled 0x4 *_EPROCESS; PoolTag 0x4 u32; AllocatorBackTraceIndex 0x4 u16;
  PoolTagHash 0x6 u16
_POOL_TRACKER_BIG_PAGES 0xc: Va 0x0 *void; Key 0x4 u32; NumberOfPages 0x8 u32
_PORT_MESSAGE 0x18: ClientId 0x8 _CLIENT_ID; MessageId 0x10 u32; ClientViewSize 0x14 u32; CallbackId 0x14 u32
_QUAD 0x8: DoNotUseThisField 0x0 double
_RTL_CRITICAL_SECTION 0x18: DebugInfo 0x0 *void; LockCount 0x4 i32; RecursionCount 0x8 i32; OwningThread 0xc *void;
  LockSemaphore 0x10 *void; SpinCount 0x14 u32
_RTL_CRITICAL_SECTION_DEBUG 0x20: Type 0x0 u16; CriticalSection 0x4 *_RTL_CRITICAL_SECTION;
  ProcessLocksList 0x8 _LIST_ENTRY; EntryCount 0x10 u32; ContentionCount 0x14 u32
_RTL_USER_PROCESS_PARAMETERS 0x290: MaximumLength 0x0 u32; Length 0x4 u32; Flags 0x8 u32;
  CurrentDirectory 0x24 _CURDIR; DllPath 0x30 _UNICODE_STRING; ImagePathName 0x38 _UNICODE_STRING;
  CommandLine 0x40 _UNICODE_STRING; Environment 0x48 *void; WindowTitle 0x70 _UNICODE_STRING
_SECTION_OBJECT_POINTERS 0xc: DataSectionObject 0x0 *void; SharedCacheMap 0x4 *void; ImageSectionObject 0x8 *void
_SEGMENT 0x40: ControlArea 0x0 *_CONTROL_AREA; TotalNumberOfPtes 0x4 u32; SizeOfSegment 0x10 u64;
  NumberOfCommittedPages 0x1c u32; PrototypePte 0x34 *void
_SE_AUDIT_PROCESS_CREATION_INFO 0x4: ImageFileName 0x0 *_OBJECT_NAME_INFORMATION
_SHARED_CACHE_MAP 0x130: NodeTypeCode 0x0 i16; NodeByteSize 0x2 i16
_SINGLE_LIST_ENTRY 0x4: Next 0x0 *_SINGLE_LIST_ENTRY
_STRING 0x8: Length 0x0 u16; MaximumLength 0x2 u16; Buffer 0x4 *u8
_SUBSECTION 0x20: ControlArea 0x0 *_CONTROL_AREA; u 0x4 _unnamed_7; StartingSector 0x8 u32;
  NumberOfFullSectors 0xc u32; SubsectionBase 0x10 *void; PtesInSubsection 0x18 u32; NextSubsection 0x1c *_SUBSECTION
_TEB 0xfb8: NtTib 0x0 _NT_TIB; ClientId 0x20 _CLIENT_ID; ThreadLocalStoragePointer 0x2c *void;
  ProcessEnvironmentBlock 0x30 *_PEB; LastErrorValue 0x34 u32; DeallocationStack 0xe0c *void; Vdm 0xf18 *void
_TOKEN 0xa8: TokenSource 0x0 _TOKEN_SOURCE; TokenId 0x10 _LUID; SessionId 0x48 u32; UserAndGroupCount 0x4c u32;
  UserAndGroups 0x68 *void
_TOKEN_SOURCE 0x10: SourceName 0x0 [8]u8; SourceIdentifier 0x8 _LUID
_ULARGE_INTEGER 0x8: QuadPart 0x0 u64; LowPart 0x0 u32; HighPart 0x4 u32
_UNICODE_STRING 0x8: Length 0x0 u16; MaximumLength 0x2 u16; Buffer 0x4 *u16
_VACB 0x18: BaseAddress 0x0 *void
_VPB 0x58: Type 0x0 i16; Size 0x2 i16; Flags 0x4 u16; VolumeLabelLength 0x6 u16; DeviceObject 0x8 *_DEVICE_OBJECT;
  RealDevice 0xc *_DEVICE_OBJECT; SerialNumber 0x10 u32; ReferenceCount 0x14 u32; VolumeLabel 0x18 [32]u16
_WORK_QUEUE_ITEM 0x10: List 0x0 _LIST_ENTRY; WorkerRoutine 0x8 *void; Parameter 0xc *void
_unnamed_0 0x8: LowPart 0x0 u32; HighPart 0x4 i32
_unnamed_1 0x4: LongFlags 0x0 u32
_unnamed_2 0x4: LongFlags 0x0 u32; VadFlags 0x0 _MMVAD_FLAGS
_unnamed_3 0x4: LongFlags2 0x0 u32; VadFlags2 0x0 _MMVAD_FLAGS2
_unnamed_5 0x28: DeviceQueueEntry 0x0 _KDEVICE_QUEUE_ENTRY; DriverContext 0x0 [4]*void; Thread 0x10 *_ETHREAD;
  AuxiliaryBuffer 0x14 *u8; ListEntry 0x18 _LIST_ENTRY; CurrentStackLocation 0x20 *_IO_STACK_LOCATION;
  PacketType 0x20 u32; OriginalFileObject 0x24 *_FILE_OBJECT
_unnamed_4 0x30: Overlay 0x0 _unnamed_5; CompletionKey 0x0 *void
_unnamed_6 0x4: LongFlags 0x0 u32; Flags 0x0 _MMSECTION_FLAGS
_unnamed_7 0x4: LongFlags 0x0 u32; SubsectionFlags 0x0 _MMSUBSECTION_FLAGS
enum _NT_PRODUCT_TYPE u32: NtProductWinNt=1 NtProductLanManNt=2 NtProductServer=3
"""
