"""Structures of Windows 7 SP1 x86 PAE, build 7601: the members that the lab fills in or its symbol tables state.

Source: the public symbol table ntkrpamp.pdb of build 7601. Notation: structures.py of this room.
"""

TABLE = """
_ALPC_COMMUNICATION_INFO 0x24: ConnectionPort 0x0 *_ALPC_PORT; ServerCommunicationPort 0x4 *_ALPC_PORT;
  ClientCommunicationPort 0x8 *_ALPC_PORT; CommunicationList 0xc _LIST_ENTRY
_ALPC_PORT 0xfc: PortListEntry 0x0 _LIST_ENTRY; CommunicationInfo 0x8 *_ALPC_COMMUNICATION_INFO;
  OwnerProcess 0xc *_EPROCESS; CompletionPort 0x10 *void; PortContext 0x1c *void; MainQueue 0x5c _LIST_ENTRY;
  PendingQueue 0x64 _LIST_ENTRY; LargeMessageQueue 0x6c _LIST_ENTRY; WaitQueue 0x74 _LIST_ENTRY; SequenceNo 0xd4 i32;
  MainQueueLength 0xe8 u32; PendingQueueLength 0xec u32; LargeMessageQueueLength 0xf0 u32; WaitQueueLength 0xf8 u32
_CLIENT_ID 0x8: UniqueProcess 0x0 *void; UniqueThread 0x4 *void
_CMHIVE 0x638: Hive 0x0 _HHIVE
_CM_KEY_BODY 0x2c: Type 0x0 u32; KeyControlBlock 0x4 *void
_CM_KEY_NODE 0x50: Signature 0x0 u16; Flags 0x2 u16
_CM_KEY_VALUE 0x18: Signature 0x0 u16; NameLength 0x2 u16
_CONTEXT 0x2cc: ContextFlags 0x0 u32; Dr0 0x4 u32; Dr1 0x8 u32; Dr2 0xc u32; Dr3 0x10 u32; Dr6 0x14 u32; Dr7 0x18 u32;
  FloatSave 0x1c _FLOATING_SAVE_AREA; SegGs 0x8c u32; SegFs 0x90 u32; SegEs 0x94 u32; SegDs 0x98 u32; Edi 0x9c u32;
  Esi 0xa0 u32; Ebx 0xa4 u32; Edx 0xa8 u32; Ecx 0xac u32; Eax 0xb0 u32; Ebp 0xb4 u32; Eip 0xb8 u32; SegCs 0xbc u32;
  EFlags 0xc0 u32; Esp 0xc4 u32; SegSs 0xc8 u32
_CONTROL_AREA 0x50: Segment 0x0 *_SEGMENT; NumberOfSectionReferences 0xc u32; NumberOfPfnReferences 0x10 u32;
  NumberOfMappedViews 0x14 u32; NumberOfUserReferences 0x18 u32; u 0x1c _unnamed_9; FilePointer 0x24 _EX_FAST_REF
_CURDIR 0xc: DosPath 0x0 _UNICODE_STRING; Handle 0x8 *void
_DBGKD_GET_VERSION64 0x28: MajorVersion 0x0 u16; MinorVersion 0x2 u16; ProtocolVersion 0x4 u8;
  KdSecondaryVersion 0x5 u8; Flags 0x6 u16; MachineType 0x8 u16; MaxPacketType 0xa u8; MaxStateChange 0xb u8;
  MaxManipulate 0xc u8; Simulation 0xd u8; Unused 0xe [1]u16; KernBase 0x10 u64; PsLoadedModuleList 0x18 u64;
  DebuggerDataList 0x20 u64
_DESCRIPTOR 0x8: Pad 0x0 u16; Limit 0x2 u16; Base 0x4 u32
_DEVICE_NODE 0x188: Sibling 0x0 *_DEVICE_NODE; Child 0x4 *_DEVICE_NODE; Parent 0x8 *_DEVICE_NODE;
  LastChild 0xc *_DEVICE_NODE; PhysicalDeviceObject 0x10 *_DEVICE_OBJECT; InstancePath 0x14 _UNICODE_STRING;
  ServiceName 0x1c _UNICODE_STRING; PendingIrp 0x24 *_IRP; Level 0x28 u32; State 0x78 u32; PreviousState 0x7c u32;
  StateHistory 0x80 [20]u32; StateHistoryEntry 0xd0 u32; CompletionStatus 0xd4 i32; Flags 0xd8 u32; UserFlags 0xdc u32;
  Problem 0xe0 u32; DuplicatePDO 0xec *_DEVICE_OBJECT; InterfaceType 0xf4 u32; BusNumber 0xf8 u32;
  ChildInterfaceType 0xfc u32; ChildBusNumber 0x100 u32; CapabilityFlags 0x138 u32
_DEVICE_OBJECT 0xb8: Type 0x0 i16; Size 0x2 u16; ReferenceCount 0x4 i32; DriverObject 0x8 *_DRIVER_OBJECT;
  NextDevice 0xc *_DEVICE_OBJECT; AttachedDevice 0x10 *_DEVICE_OBJECT; CurrentIrp 0x14 *_IRP; Timer 0x18 *void;
  Flags 0x1c u32; Characteristics 0x20 u32; Vpb 0x24 *_VPB; DeviceExtension 0x28 *void; DeviceType 0x2c u32;
  StackSize 0x30 u8; Queue 0x34 _LIST_ENTRY; DeviceQueue 0x60 _KDEVICE_QUEUE; Dpc 0x74 _KDPC;
  ActiveThreadCount 0x94 u32; SecurityDescriptor 0x98 *void; SectorSize 0xac u16;
  DeviceObjectExtension 0xb0 *_DEVOBJ_EXTENSION
_DEVOBJ_EXTENSION 0x3c: Type 0x0 i16; Size 0x2 u16; DeviceObject 0x4 *_DEVICE_OBJECT; PowerFlags 0x8 u32;
  Dope 0xc *void; ExtensionFlags 0x10 u32; DeviceNode 0x14 *_DEVICE_NODE; AttachedTo 0x18 *_DEVICE_OBJECT;
  Vpb 0x28 *_VPB
_DISPATCHER_HEADER 0x10: Type 0x0 u8; Lock 0x0 i32; Signalling 0x1 u8; Absolute 0x1 u8:0:1; Size 0x2 u8;
  Inserted 0x3 u8:6:1; SignalState 0x4 i32; WaitListHead 0x8 _LIST_ENTRY
_DRIVER_EXTENSION 0x1c: DriverObject 0x0 *_DRIVER_OBJECT; AddDevice 0x4 *void; Count 0x8 u32;
  ServiceKeyName 0xc _UNICODE_STRING; ClientDriverExtension 0x14 *void; FsFilterCallbacks 0x18 *void
_DRIVER_OBJECT 0xa8: Type 0x0 i16; Size 0x2 i16; DeviceObject 0x4 *_DEVICE_OBJECT; Flags 0x8 u32;
  DriverStart 0xc *void; DriverSize 0x10 u32; DriverSection 0x14 *void; DriverExtension 0x18 *_DRIVER_EXTENSION;
  DriverName 0x1c _UNICODE_STRING; HardwareDatabase 0x24 *_UNICODE_STRING; FastIoDispatch 0x28 *void;
  DriverInit 0x2c *void; DriverStartIo 0x30 *void; DriverUnload 0x34 *void; MajorFunction 0x38 [28]*void
_EPROCESS 0x2e0: Pcb 0x0 _KPROCESS; VdmObjects 0x148 *void; LdtInformation 0x144 *void;
  PageDirectoryPte 0x160 u64; CreateTime 0xa0 _LARGE_INTEGER;
  ExitTime 0xa8 _LARGE_INTEGER; RundownProtect 0xb0 _EX_RUNDOWN_REF; UniqueProcessId 0xb4 *void;
  ActiveProcessLinks 0xb8 _LIST_ENTRY; ProcessQuotaUsage 0xc0 [2]u32; ProcessQuotaPeak 0xc8 [2]u32;
  CommitCharge 0xd0 u32; PeakVirtualSize 0xdc u32; VirtualSize 0xe0 u32; SessionProcessLinks 0xe4 _LIST_ENTRY;
  ObjectTable 0xf4 *_HANDLE_TABLE; Token 0xf8 _EX_FAST_REF; NumberOfPrivatePages 0x118 u32; Job 0x124 *void;
  SectionBaseAddress 0x12c *void; Cookie 0x130 u32; InheritedFromUniqueProcessId 0x140 *void; Session 0x168 *void;
  ImageFileName 0x16c [15]u8; PriorityClass 0x17b u8; ThreadListHead 0x188 _LIST_ENTRY; ActiveThreads 0x198 u32;
  LastThreadExitStatus 0x1a4 i32; Peb 0x1a8 *_PEB; CommitChargePeak 0x1e4 u32;
  SeAuditProcessCreationInfo 0x1ec _SE_AUDIT_PROCESS_CREATION_INFO; Vm 0x1f0 _MMSUPPORT;
  HighestUserAddress 0x264 *void; Flags2 0x26c u32; Flags 0x270 u32; ExitStatus 0x274 i32; VadRoot 0x278 _MM_AVL_TABLE
_ERESOURCE 0x38: SystemResourcesList 0x0 _LIST_ENTRY; OwnerTable 0x8 *_OWNER_ENTRY; ActiveCount 0xc i16; Flag 0xe u16;
  SharedWaiters 0x10 *_KSEMAPHORE; ExclusiveWaiters 0x14 *_KEVENT; OwnerEntry 0x18 _OWNER_ENTRY;
  ActiveEntries 0x20 u32; ContentionCount 0x24 u32; NumberOfSharedWaiters 0x28 u32; NumberOfExclusiveWaiters 0x2c u32;
  SpinLock 0x34 u32
_ETHREAD 0x2b8: Tcb 0x0 _KTHREAD; CreateTime 0x200 _LARGE_INTEGER; ExitTime 0x208 _LARGE_INTEGER;
  KeyedWaitChain 0x208 _LIST_ENTRY; ExitStatus 0x210 i32; StartAddress 0x218 *void; KeyedWaitValue 0x21c *void;
  Cid 0x22c _CLIENT_ID; KeyedWaitSemaphore 0x234 _KSEMAPHORE; AlpcWaitSemaphore 0x234 _KSEMAPHORE;
  IrpList 0x24c _LIST_ENTRY; Win32StartAddress 0x260 *void; ThreadListEntry 0x268 _LIST_ENTRY;
  CrossThreadFlags 0x280 u32; AlpcMessageId 0x290 u32; AlpcMessage 0x294 *void; AlpcWaitListEntry 0x298 _LIST_ENTRY
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
_EX_PUSH_LOCK_WAIT_BLOCK 0x30: WakeEvent 0x0 _KEVENT; Next 0x10 *_EX_PUSH_LOCK_WAIT_BLOCK;
  Last 0x14 *_EX_PUSH_LOCK_WAIT_BLOCK; Previous 0x18 *_EX_PUSH_LOCK_WAIT_BLOCK; ShareCount 0x1c i32; Flags 0x20 i32
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
_FILE_OBJECT 0x80: Type 0x0 i16; Size 0x2 i16; DeviceObject 0x4 *_DEVICE_OBJECT; Vpb 0x8 *_VPB; FsContext 0xc *void;
  FsContext2 0x10 *void; SectionObjectPointer 0x14 *_SECTION_OBJECT_POINTERS; PrivateCacheMap 0x18 *void;
  FinalStatus 0x1c i32; RelatedFileObject 0x20 *_FILE_OBJECT; LockOperation 0x24 u8; DeletePending 0x25 u8;
  ReadAccess 0x26 u8; WriteAccess 0x27 u8; DeleteAccess 0x28 u8; SharedRead 0x29 u8; SharedWrite 0x2a u8;
  SharedDelete 0x2b u8; Flags 0x2c u32; FileName 0x30 _UNICODE_STRING; CurrentByteOffset 0x38 _LARGE_INTEGER;
  Waiters 0x40 u32; Busy 0x44 u32; LastLock 0x48 *void; Lock 0x4c _KEVENT; Event 0x5c _KEVENT;
  CompletionContext 0x6c *void; IrpListLock 0x70 u32; IrpList 0x74 _LIST_ENTRY; FileObjectExtension 0x7c *void
_FLOATING_SAVE_AREA 0x70: ControlWord 0x0 u32; StatusWord 0x4 u32; TagWord 0x8 u32
_HANDLE_TABLE 0x3c: TableCode 0x0 u32; QuotaProcess 0x4 *_EPROCESS; UniqueProcessId 0x8 *void;
  HandleTableList 0x10 _LIST_ENTRY; Flags 0x24 u32; HandleCount 0x30 u32; NextHandleNeedingPool 0x34 u32
_HANDLE_TABLE_ENTRY 0x8: Object 0x0 *void; ObAttributes 0x0 u32; Value 0x0 u32; GrantedAccess 0x4 u32
_HEAP 0x138: Entry 0x0 _HEAP_ENTRY; SegmentSignature 0x8 u32; SegmentFlags 0xc u32; SegmentListEntry 0x10 _LIST_ENTRY;
  Heap 0x18 *_HEAP; BaseAddress 0x1c *void; NumberOfPages 0x20 u32; FirstEntry 0x24 *_HEAP_ENTRY;
  LastValidEntry 0x28 *_HEAP_ENTRY; NumberOfUnCommittedPages 0x2c u32; NumberOfUnCommittedRanges 0x30 u32;
  UCRSegmentList 0x38 _LIST_ENTRY; Flags 0x40 u32; ForceFlags 0x44 u32; Signature 0x64 u32; SegmentReserve 0x68 u32;
  SegmentCommit 0x6c u32; ProcessHeapsListIndex 0x80 u16; VirtualAllocdBlocks 0xa0 _LIST_ENTRY;
  SegmentList 0xa8 _LIST_ENTRY; FrontEndHeap 0xd4 *void; FrontEndHeapType 0xda u8
_HEAP_ENTRY 0x8: Size 0x0 u16; Flags 0x2 u8; SmallTagIndex 0x3 u8; PreviousSize 0x4 u16; SegmentOffset 0x6 u8;
  UnusedBytes 0x7 u8
_HEAP_SEGMENT 0x40: Entry 0x0 _HEAP_ENTRY; SegmentSignature 0x8 u32; SegmentFlags 0xc u32;
  SegmentListEntry 0x10 _LIST_ENTRY; Heap 0x18 *_HEAP; BaseAddress 0x1c *void; NumberOfPages 0x20 u32;
  FirstEntry 0x24 *_HEAP_ENTRY; LastValidEntry 0x28 *_HEAP_ENTRY; NumberOfUnCommittedPages 0x2c u32;
  NumberOfUnCommittedRanges 0x30 u32; UCRSegmentList 0x38 _LIST_ENTRY
_HHIVE 0x2ec: Signature 0x0 u32
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
  UserBuffer 0x3c *void; Tail 0x40 _unnamed_7
_KALPC_MESSAGE 0x88: Entry 0x0 _LIST_ENTRY; QuotaProcess 0x10 *_EPROCESS; SequenceNo 0x14 i32;
  CancelSequencePort 0x1c *_ALPC_PORT; CancelQueuePort 0x20 *_ALPC_PORT; CancelListEntry 0x28 _LIST_ENTRY;
  WaitingThread 0x30 *_ETHREAD; PortQueue 0x38 *_ALPC_PORT; OwnerPort 0x3c *_ALPC_PORT;
  CommunicationInfo 0x64 *_ALPC_COMMUNICATION_INFO; ConnectionPort 0x68 *_ALPC_PORT; ServerThread 0x6c *_ETHREAD;
  PortMessage 0x70 _PORT_MESSAGE
_KAPC_STATE 0x18: ApcListHead 0x0 [2]_LIST_ENTRY; Process 0x10 *_KPROCESS; KernelApcInProgress 0x14 u8;
  KernelApcPending 0x15 u8; UserApcPending 0x16 u8
_KDEVICE_QUEUE 0x14: Type 0x0 i16; Size 0x2 i16; DeviceListHead 0x4 _LIST_ENTRY; Lock 0xc u32; Busy 0x10 u8
_KDEVICE_QUEUE_ENTRY 0x10: DeviceListEntry 0x0 _LIST_ENTRY; SortKey 0x8 u32; Inserted 0xc u8
_KDPC 0x20: Type 0x0 u8; Importance 0x1 u8; Number 0x2 u16; DpcListEntry 0x4 _LIST_ENTRY; DeferredRoutine 0xc *void;
  DeferredContext 0x10 *void; SystemArgument1 0x14 *void; SystemArgument2 0x18 *void; DpcData 0x1c *void
_KDPC_DATA 0x14: DpcListHead 0x0 _LIST_ENTRY; DpcLock 0x8 u32; DpcQueueDepth 0xc i32; DpcCount 0x10 u32
_KEVENT 0x10: Header 0x0 _DISPATCHER_HEADER
_KGATE 0x10: Header 0x0 _DISPATCHER_HEADER
_KGUARDED_MUTEX 0x20: Count 0x0 i32; Owner 0x4 *_KTHREAD; Contention 0x8 u32; Gate 0xc _KGATE;
  KernelApcDisable 0x1c i16; SpecialApcDisable 0x1e i16
_KMUTANT 0x20: Header 0x0 _DISPATCHER_HEADER; MutantListEntry 0x10 _LIST_ENTRY; OwnerThread 0x18 *_KTHREAD;
  Abandoned 0x1c u8; ApcDisable 0x1d u8
_KGDTENTRY 0x8: LimitLow 0x0 u16; BaseLow 0x2 u16; HighWord 0x4 u32
_KIDTENTRY 0x8: Offset 0x0 u16; Selector 0x2 u16; Access 0x4 u16; ExtendedOffset 0x6 u16
_KINTERRUPT 0x3f8: Type 0x0 i16; Size 0x2 i16; InterruptListEntry 0x4 _LIST_ENTRY; ServiceRoutine 0xc *void;
  MessageServiceRoutine 0x10 *void; MessageIndex 0x14 u32; ServiceContext 0x18 *void; SpinLock 0x1c u32;
  TickCount 0x20 u32; ActualLock 0x24 *u32; DispatchAddress 0x28 *void; Vector 0x2c u32; Irql 0x30 u8;
  SynchronizeIrql 0x31 u8; FloatingSave 0x32 u8; Connected 0x33 u8; Number 0x34 u32; ShareVector 0x38 u8;
  Mode 0x3c u32; Polarity 0x40 u32; ServiceCount 0x44 u32; DispatchCount 0x48 u32; Rsvd1 0x50 u64;
  DispatchCode 0x58 [232]u32
_KPCR 0x3748: NtTib 0x0 _NT_TIB; Used_Self 0x18 *void; SelfPcr 0x1c *_KPCR; Prcb 0x20 *_KPRCB; Irql 0x24 u8;
  IRR 0x28 u32; IDR 0x30 u32; KdVersionBlock 0x34 *void; IDT 0x38 *void; GDT 0x3c *void; TSS 0x40 *void;
  MajorVersion 0x44 u16; MinorVersion 0x46 u16; SetMember 0x48 u32; StallScaleFactor 0x4c u32; Number 0x51 u8;
  PrcbData 0x120 _KPRCB
_KPRCB 0x3628: MinorVersion 0x0 u16; MajorVersion 0x2 u16; CurrentThread 0x4 *_KTHREAD; NextThread 0x8 *_KTHREAD;
  IdleThread 0xc *_KTHREAD; LegacyNumber 0x10 u8; NestingLevel 0x11 u8; CpuType 0x14 u8; CpuID 0x15 u8;
  CpuStep 0x16 u16; CpuStepping 0x16 u8; CpuModel 0x17 u8; ProcessorState 0x18 _KPROCESSOR_STATE; MHz 0x3c0 u32;
  GroupIndex 0x3c5 u8; Group 0x3c6 u16; GroupSetMember 0x3c8 u32; Number 0x3cc u32; InterruptCount 0x4a4 u32;
  KernelTime 0x4a8 u32; UserTime 0x4ac u32; DpcTime 0x4b0 u32; InterruptTime 0x4b8 u32; KeSystemCalls 0x590 u32;
  DpcData 0x18e0 [2]_KDPC_DATA; DpcStack 0x1908 *void; DpcRoutineActive 0x1932 u8; TimerTable 0x1960 _KTIMER_TABLE;
  DpcWatchdogPeriod 0x31c8 i32; DpcWatchdogCount 0x31cc i32; ReadySummary 0x31ec u32;
  DeferredReadyListHead 0x31f4 _SINGLE_LIST_ENTRY; DispatcherReadyListHead 0x3220 [32]_LIST_ENTRY;
  VendorString 0x336c [13]u8; FeatureBits 0x3380 u32; Context 0x3618 *_CONTEXT; ContextFlags 0x361c u32
_KPROCESS 0x98: Header 0x0 _DISPATCHER_HEADER; ProfileListHead 0x10 _LIST_ENTRY; DirectoryTableBase 0x18 u32;
  ThreadListHead 0x2c _LIST_ENTRY; BasePriority 0x60 u8; QuantumReset 0x61 u8; ProcessListEntry 0x78 _LIST_ENTRY;
  CycleTime 0x80 u64; KernelTime 0x88 u32; UserTime 0x8c u32; LdtDescriptor 0x1c _KGDTENTRY;
  Int21Descriptor 0x24 _KIDTENTRY
_KPROCESSOR_STATE 0x320: ContextFrame 0x0 _CONTEXT; SpecialRegisters 0x2cc _KSPECIAL_REGISTERS
_KQUEUE 0x28: Header 0x0 _DISPATCHER_HEADER; EntryListHead 0x10 _LIST_ENTRY; CurrentCount 0x18 u32;
  MaximumCount 0x1c u32; ThreadListHead 0x20 _LIST_ENTRY
_KSEMAPHORE 0x14: Header 0x0 _DISPATCHER_HEADER; Limit 0x10 i32
_KSPECIAL_REGISTERS 0x54: Cr0 0x0 u32; Cr2 0x4 u32; Cr3 0x8 u32; Cr4 0xc u32; KernelDr0 0x10 u32; KernelDr1 0x14 u32;
  KernelDr2 0x18 u32; KernelDr3 0x1c u32; KernelDr6 0x20 u32; KernelDr7 0x24 u32; Gdtr 0x28 _DESCRIPTOR;
  Idtr 0x30 _DESCRIPTOR; Tr 0x38 u16; Ldtr 0x3a u16
_KSYSTEM_TIME 0xc: LowPart 0x0 u32; High1Time 0x4 i32; High2Time 0x8 i32
_KTHREAD 0x200: Header 0x0 _DISPATCHER_HEADER; CycleTime 0x10 u64; InitialStack 0x28 *void; StackLimit 0x2c *void;
  KernelStack 0x30 *void; Running 0x39 u8; KernelStackResident 0x3c u32:0:1; Alertable 0x3c u32:5:1;
  ApcState 0x40 _KAPC_STATE; Priority 0x57 u8; NextProcessor 0x58 u32; ContextSwitches 0x64 u32; State 0x68 u8;
  WaitIrql 0x6a u8; WaitMode 0x6b u8; WaitStatus 0x6c i32; WaitBlockList 0x70 *_KWAIT_BLOCK;
  WaitListEntry 0x74 _LIST_ENTRY; Queue 0x7c *_KQUEUE; WaitTime 0x80 u32; KernelApcDisable 0x84 i16;
  SpecialApcDisable 0x86 i16; Teb 0x88 *void; Timer 0x90 _KTIMER; ServiceTable 0xbc *void;
  WaitBlock 0xc0 [4]_KWAIT_BLOCK; QueueListEntry 0x120 _LIST_ENTRY; TrapFrame 0x128 *_KTRAP_FRAME;
  FirstArgument 0x12c *void; ApcStateIndex 0x134 u8; BasePriority 0x135 u8; PriorityDecrement 0x136 u8;
  AdjustReason 0x138 u8; PreviousMode 0x13a u8; SystemCallNumber 0x13c u32; Process 0x150 *_KPROCESS;
  IdealProcessor 0x160 u32; UserIdealProcessor 0x164 u32; WaitReason 0x187 u8; SuspendCount 0x188 u8;
  Win32Thread 0x18c *void; StackBase 0x190 *void; KernelTime 0x198 u32; WaitPrcb 0x1b8 *_KPRCB; UserTime 0x1c4 u32;
  ThreadListEntry 0x1e0 _LIST_ENTRY; MutantListHead 0x1e8 _LIST_ENTRY
_KTIMER 0x28: Header 0x0 _DISPATCHER_HEADER; DueTime 0x10 _ULARGE_INTEGER; TimerListEntry 0x18 _LIST_ENTRY;
  Dpc 0x20 *_KDPC; Period 0x24 u32
_KTIMER_TABLE 0x1840: TimerExpiry 0x0 [16]*_KTIMER; TimerEntries 0x40 [256]_KTIMER_TABLE_ENTRY
_KTIMER_TABLE_ENTRY 0x18: Lock 0x0 u32; Entry 0x4 _LIST_ENTRY; Time 0x10 _ULARGE_INTEGER
_KTRAP_FRAME 0x8c: DbgEbp 0x0 u32; DbgEip 0x4 u32; DbgArgMark 0x8 u32; DbgArgPointer 0xc u32; TempSegCs 0x10 u16;
  Logging 0x12 u8; TempEsp 0x14 u32; Dr0 0x18 u32; Dr1 0x1c u32; Dr2 0x20 u32; Dr3 0x24 u32; Dr6 0x28 u32;
  Dr7 0x2c u32; SegGs 0x30 u32; SegEs 0x34 u32; SegDs 0x38 u32; Edx 0x3c u32; Ecx 0x40 u32; Eax 0x44 u32;
  PreviousPreviousMode 0x48 u32; ExceptionList 0x4c *_EXCEPTION_REGISTRATION_RECORD; SegFs 0x50 u32; Edi 0x54 u32;
  Esi 0x58 u32; Ebx 0x5c u32; Ebp 0x60 u32; ErrCode 0x64 u32; Eip 0x68 u32; SegCs 0x6c u32; EFlags 0x70 u32;
  HardwareEsp 0x74 u32; HardwareSegSs 0x78 u32; V86Es 0x7c u32; V86Ds 0x80 u32; V86Fs 0x84 u32; V86Gs 0x88 u32
_KTSS 0x20ac: Backlink 0x0 u16; Esp0 0x4 u32; Ss0 0x8 u16; CR3 0x1c u32; Eip 0x20 u32; EFlags 0x24 u32; Eax 0x28 u32;
  Ecx 0x2c u32; Edx 0x30 u32; Ebx 0x34 u32; Esp 0x38 u32; Ebp 0x3c u32; Esi 0x40 u32; Edi 0x44 u32; Es 0x48 u16;
  Cs 0x4c u16; Ss 0x50 u16; Ds 0x54 u16; Fs 0x58 u16; Gs 0x5c u16; LDT 0x60 u16; Flags 0x64 u16; IoMapBase 0x66 u16;
  IntDirectionMap 0x208c [32]u8
_KUSER_SHARED_DATA 0x5f0: TickCountLowDeprecated 0x0 u32; TickCountMultiplier 0x4 u32;
  InterruptTime 0x8 _KSYSTEM_TIME; SystemTime 0x14 _KSYSTEM_TIME; TimeZoneBias 0x20 _KSYSTEM_TIME;
  ImageNumberLow 0x2c u16; ImageNumberHigh 0x2e u16; NtSystemRoot 0x30 [260]wchar;
  NtProductType 0x264 enum _NT_PRODUCT_TYPE; ProductTypeIsValid 0x268 u8;
  NtMajorVersion 0x26c u32; NtMinorVersion 0x270 u32; SuiteMask 0x2d0 u32; KdDebuggerEnabled 0x2d4 u8;
  NumberOfPhysicalPages 0x2e8 u32; SafeBootMode 0x2ec u8; TickCount 0x320 _KSYSTEM_TIME; TickCountQuad 0x320 u64;
  ActiveProcessorCount 0x3c0 u32
_KWAIT_BLOCK 0x18: WaitListEntry 0x0 _LIST_ENTRY; Thread 0x8 *_KTHREAD; Object 0xc *void;
  NextWaitBlock 0x10 *_KWAIT_BLOCK; WaitKey 0x14 u16; WaitType 0x16 u8; BlockState 0x17 u8
_LARGE_INTEGER 0x8: LowPart 0x0 u32; u 0x0 _unnamed_0; QuadPart 0x0 i64; HighPart 0x4 i32
_LDR_DATA_TABLE_ENTRY 0x78: InLoadOrderLinks 0x0 _LIST_ENTRY; InMemoryOrderLinks 0x8 _LIST_ENTRY;
  InInitializationOrderLinks 0x10 _LIST_ENTRY; DllBase 0x18 *void; EntryPoint 0x1c *void; SizeOfImage 0x20 u32;
  FullDllName 0x24 _UNICODE_STRING; BaseDllName 0x2c _UNICODE_STRING; Flags 0x34 u32; LoadCount 0x38 u16;
  TlsIndex 0x3a u16; HashLinks 0x3c _LIST_ENTRY; SectionPointer 0x3c *void; CheckSum 0x40 u32; TimeDateStamp 0x44 u32;
  LoadTime 0x70 _LARGE_INTEGER
_LIST_ENTRY 0x8: Flink 0x0 *_LIST_ENTRY; Blink 0x4 *_LIST_ENTRY
_LUID 0x8: LowPart 0x0 u32; HighPart 0x4 i32
_MMADDRESS_NODE 0x14: u1 0x0 _unnamed_6; LeftChild 0x4 *_MMADDRESS_NODE; RightChild 0x8 *_MMADDRESS_NODE;
  StartingVpn 0xc u32; EndingVpn 0x10 u32
_MMPTE_HARDWARE 0x8: Valid 0x0 u64:0:1; Dirty1 0x0 u64:1:1; Owner 0x0 u64:2:1; WriteThrough 0x0 u64:3:1;
  CacheDisable 0x0 u64:4:1; Accessed 0x0 u64:5:1; Dirty 0x0 u64:6:1; LargePage 0x0 u64:7:1; Global 0x0 u64:8:1;
  CopyOnWrite 0x0 u64:9:1; Write 0x0 u64:11:1; PageFrameNumber 0x0 u64:12:26
_MMPTE_PROTOTYPE 0x8: Valid 0x0 u64:0:1; Protection 0x0 u64:11:5; Prototype 0x0 u64:10:1; ProtoAddress 0x0 u64:32:32
_MMPTE_SOFTWARE 0x8: Valid 0x0 u64:0:1; PageFileLow 0x0 u64:1:4; Protection 0x0 u64:5:5; Prototype 0x0 u64:10:1;
  Transition 0x0 u64:11:1; InStore 0x0 u64:12:1; PageFileHigh 0x0 u64:32:32
_MMPTE_SUBSECTION 0x8: Valid 0x0 u64:0:1; Protection 0x0 u64:5:5; Prototype 0x0 u64:10:1;
  SubsectionAddress 0x0 u64:32:32
_MMPTE_TRANSITION 0x8: Valid 0x0 u64:0:1; Write 0x0 u64:1:1; Protection 0x0 u64:5:5; Prototype 0x0 u64:10:1;
  Transition 0x0 u64:11:1; PageFrameNumber 0x0 u64:12:26
_MMSECTION_FLAGS 0x4: Image 0x0 u32:5:1; Based 0x0 u32:6:1; File 0x0 u32:7:1; PhysicalMemory 0x0 u32:10:1;
  Reserve 0x0 u32:12:1; Commit 0x0 u32:13:1; UserReference 0x0 u32:16:1; FilePointerNull 0x0 u32:19:1
_MMSUBSECTION_FLAGS 0x4: Protection 0x0 u16:1:5; SubsectionStatic 0x2 u16:0:1
_MMSUPPORT 0x6c: MinimumWorkingSetSize 0x30 u32; WorkingSetSize 0x34 u32; MaximumWorkingSetSize 0x3c u32;
  PeakWorkingSetSize 0x4c u32; PageFaultCount 0x5c u32
_MMVAD 0x3c: u1 0x0 _unnamed_3; LeftChild 0x4 *_MMVAD; RightChild 0x8 *_MMVAD; StartingVpn 0xc u32;
  EndingVpn 0x10 u32; u 0x14 _unnamed_2; u2 0x20 _unnamed_4; Subsection 0x24 *_SUBSECTION;
  FirstPrototypePte 0x28 *void; LastContiguousPte 0x2c *void; ViewLinks 0x30 _LIST_ENTRY; VadsProcess 0x38 *_EPROCESS
_MMVAD_FLAGS 0x4: CommitCharge 0x0 u32:0:19; NoChange 0x0 u32:19:1; VadType 0x0 u32:20:3; MemCommit 0x0 u32:23:1;
  Protection 0x0 u32:24:5; Spare 0x0 u32:29:2; PrivateMemory 0x0 u32:31:1
_MMVAD_FLAGS2 0x4: FileOffset 0x0 u32:0:24; Inherit 0x0 u32:30:1; CopyOnWrite 0x0 u32:31:1
_MMVAD_SHORT 0x20: u1 0x0 _unnamed_3; LeftChild 0x4 *_MMVAD; RightChild 0x8 *_MMVAD; StartingVpn 0xc u32;
  EndingVpn 0x10 u32; u 0x14 _unnamed_2; u5 0x1c _unnamed_5
_MM_AVL_TABLE 0x20: BalancedRoot 0x0 _MMADDRESS_NODE; DepthOfTree 0x14 u32:0:5;
  NumberGenericTableElements 0x14 u32:8:24; NodeHint 0x18 *void
_MM_SESSION_SPACE 0x2040: ReferenceCount 0x0 i32; u 0x4 _unnamed_1; SessionId 0x8 u32; ProcessList 0x10 _LIST_ENTRY
_NT_TIB 0x1c: ExceptionList 0x0 *_EXCEPTION_REGISTRATION_RECORD; StackBase 0x4 *void; StackLimit 0x8 *void;
  SubSystemTib 0xc *void; FiberData 0x10 *void; Version 0x10 u32; ArbitraryUserPointer 0x14 *void; Self 0x18 *_NT_TIB
_OBJECT_DIRECTORY 0xac: HashBuckets 0x0 [37]*_OBJECT_DIRECTORY_ENTRY; Lock 0x94 _EX_PUSH_LOCK; DeviceMap 0x98 *void;
  SessionId 0x9c u32; NamespaceEntry 0xa0 *void; SessionObject 0xa4 *void; Flags 0xa8 u32
_OBJECT_DIRECTORY_ENTRY 0xc: ChainLink 0x0 *_OBJECT_DIRECTORY_ENTRY; Object 0x4 *void; HashValue 0x8 u32
_OBJECT_HEADER 0x20: PointerCount 0x0 i32; HandleCount 0x4 i32; NextToFree 0x4 *void; Lock 0x8 _EX_PUSH_LOCK;
  TypeIndex 0xc u8; TraceFlags 0xd u8; InfoMask 0xe u8; Flags 0xf u8; ObjectCreateInfo 0x10 *void;
  QuotaBlockCharged 0x10 *void; SecurityDescriptor 0x14 *void; Body 0x18 _QUAD
_OBJECT_HEADER_CREATOR_INFO 0x10: TypeList 0x0 _LIST_ENTRY; CreatorUniqueProcess 0x8 *void;
  CreatorBackTraceIndex 0xc u16; Reserved 0xe u16
_OBJECT_HEADER_HANDLE_INFO 0x8: HandleCountDataBase 0x0 *void
_OBJECT_HEADER_NAME_INFO 0x10: Directory 0x0 *void; Name 0x4 _UNICODE_STRING; ReferenceCount 0xc i32
_OBJECT_HEADER_PROCESS_INFO 0x8: ExclusiveProcess 0x0 *_EPROCESS; Reserved 0x4 u32
_OBJECT_HEADER_QUOTA_INFO 0x10: PagedPoolCharge 0x0 u32; NonPagedPoolCharge 0x4 u32; SecurityDescriptorCharge 0x8 u32;
  SecurityDescriptorQuotaBlock 0xc *void
_OBJECT_NAME_INFORMATION 0x8: Name 0x0 _UNICODE_STRING
_OBJECT_SYMBOLIC_LINK 0x18: CreationTime 0x0 _LARGE_INTEGER; LinkTarget 0x8 _UNICODE_STRING;
  DosDeviceDriveIndex 0x10 u32; Flags 0x14 u32
_OBJECT_TYPE 0x88: TypeList 0x0 _LIST_ENTRY; Name 0x8 _UNICODE_STRING; Index 0x14 u8; TotalNumberOfObjects 0x18 u32;
  TotalNumberOfHandles 0x1c u32; Key 0x7c u32
_OWNER_ENTRY 0x8: OwnerThread 0x0 u32; OwnerCount 0x4 u32:2:30; TableSize 0x4 u32
_PEB 0x248: InheritedAddressSpace 0x0 u8; ReadImageFileExecOptions 0x1 u8; BeingDebugged 0x2 u8; Mutant 0x4 *void;
  ImageBaseAddress 0x8 *void; Ldr 0xc *_PEB_LDR_DATA; ProcessParameters 0x10 *_RTL_USER_PROCESS_PARAMETERS;
  SubSystemData 0x14 *void; ProcessHeap 0x18 *void; NumberOfProcessors 0x64 u32; NtGlobalFlag 0x68 u32;
  NumberOfHeaps 0x88 u32; MaximumNumberOfHeaps 0x8c u32; ProcessHeaps 0x90 **void; OSMajorVersion 0xa4 u32;
  OSMinorVersion 0xa8 u32; OSBuildNumber 0xac u16; SessionId 0x1d4 u32
_PEB_LDR_DATA 0x30: Length 0x0 u32; Initialized 0x4 u8; SsHandle 0x8 *void; InLoadOrderModuleList 0xc _LIST_ENTRY;
  InMemoryOrderModuleList 0x14 _LIST_ENTRY; InInitializationOrderModuleList 0x1c _LIST_ENTRY
_PHYSICAL_MEMORY_DESCRIPTOR 0x10: NumberOfRuns 0x0 u32; NumberOfPages 0x4 u32; Run 0x8 [1]_PHYSICAL_MEMORY_RUN
_PHYSICAL_MEMORY_RUN 0x8: BasePage 0x0 u32; PageCount 0x4 u32
_POOL_DESCRIPTOR 0x1140: TotalBigPages 0x48 i32; TotalBytes 0x50 u32; TotalPages 0xc0 i32
_POOL_HEADER 0x8: PreviousSize 0x0 u16:0:9; PoolIndex 0x0 u16:9:7; Ulong1 0x0 u32; BlockSize 0x2 u16:0:9;
  PoolType 0x2 u16:9:7; PoolTag 0x4 u32; AllocatorBackTraceIndex 0x4 u16; PoolTagHash 0x6 u16
_POOL_TRACKER_BIG_PAGES 0x10: Va 0x0 *void; Key 0x4 u32; PoolType 0x8 u32; NumberOfBytes 0xc u32
_PORT_MESSAGE 0x18: ClientId 0x8 _CLIENT_ID; MessageId 0x10 u32; ClientViewSize 0x14 u32; CallbackId 0x14 u32
_QUAD 0x8: UseThisFieldToCopy 0x0 i64; DoNotUseThisField 0x0 double
_RTL_AVL_TREE 0x4: Root 0x0 *_RTL_BALANCED_NODE
_RTL_BALANCED_NODE 0xc: Children 0x0 [2]*_RTL_BALANCED_NODE; Left 0x0 *_RTL_BALANCED_NODE;
  Right 0x4 *_RTL_BALANCED_NODE; Red 0x8 u8:0:1; Balance 0x8 u8:0:2; ParentValue 0x8 u32
_RTL_CRITICAL_SECTION 0x18: DebugInfo 0x0 *void; LockCount 0x4 i32; RecursionCount 0x8 i32; OwningThread 0xc *void;
  LockSemaphore 0x10 *void; SpinCount 0x14 u32
_RTL_CRITICAL_SECTION_DEBUG 0x20: Type 0x0 u16; CriticalSection 0x4 *_RTL_CRITICAL_SECTION;
  ProcessLocksList 0x8 _LIST_ENTRY; EntryCount 0x10 u32; ContentionCount 0x14 u32
_RTL_USER_PROCESS_PARAMETERS 0x298: MaximumLength 0x0 u32; Length 0x4 u32; Flags 0x8 u32;
  CurrentDirectory 0x24 _CURDIR; DllPath 0x30 _UNICODE_STRING; ImagePathName 0x38 _UNICODE_STRING;
  CommandLine 0x40 _UNICODE_STRING; Environment 0x48 *void; WindowTitle 0x70 _UNICODE_STRING;
  EnvironmentSize 0x290 u32
_SECTION_OBJECT_POINTERS 0xc: DataSectionObject 0x0 *void; SharedCacheMap 0x4 *void; ImageSectionObject 0x8 *void
_SEGMENT 0x38: ControlArea 0x0 *_CONTROL_AREA; TotalNumberOfPtes 0x4 u32; NumberOfCommittedPages 0xc u32;
  SizeOfSegment 0x10 u64; PrototypePte 0x28 *void
_SE_AUDIT_PROCESS_CREATION_INFO 0x4: ImageFileName 0x0 *_OBJECT_NAME_INFORMATION
_SHARED_CACHE_MAP 0x160: NodeTypeCode 0x0 i16; NodeByteSize 0x2 i16
_SINGLE_LIST_ENTRY 0x4: Next 0x0 *_SINGLE_LIST_ENTRY
_STRING 0x8: Length 0x0 u16; MaximumLength 0x2 u16; Buffer 0x4 *u8
_SUBSECTION 0x20: ControlArea 0x0 *_CONTROL_AREA; SubsectionBase 0x4 *void; NextSubsection 0x8 *_SUBSECTION;
  PtesInSubsection 0xc u32; u 0x14 _unnamed_10; StartingSector 0x18 u32; NumberOfFullSectors 0x1c u32
_TEB 0xfe4: NtTib 0x0 _NT_TIB; ClientId 0x20 _CLIENT_ID; ThreadLocalStoragePointer 0x2c *void;
  ProcessEnvironmentBlock 0x30 *_PEB; LastErrorValue 0x34 u32; DeallocationStack 0xe0c *void; Vdm 0xf18 *void
_TOKEN 0x1e8: TokenSource 0x0 _TOKEN_SOURCE; TokenId 0x10 _LUID; SessionId 0x74 u32; UserAndGroupCount 0x78 u32;
  UserAndGroups 0x90 *void
_TOKEN_SOURCE 0x10: SourceName 0x0 [8]u8; SourceIdentifier 0x8 _LUID
_ULARGE_INTEGER 0x8: QuadPart 0x0 u64; LowPart 0x0 u32; HighPart 0x4 u32
_UNICODE_STRING 0x8: Length 0x0 u16; MaximumLength 0x2 u16; Buffer 0x4 *u16
_VACB 0x20: BaseAddress 0x0 *void
_VPB 0x58: Type 0x0 i16; Size 0x2 i16; Flags 0x4 u16; VolumeLabelLength 0x6 u16; DeviceObject 0x8 *_DEVICE_OBJECT;
  RealDevice 0xc *_DEVICE_OBJECT; SerialNumber 0x10 u32; ReferenceCount 0x14 u32; VolumeLabel 0x18 [32]wchar
_WORK_QUEUE_ITEM 0x10: List 0x0 _LIST_ENTRY; WorkerRoutine 0x8 *void; Parameter 0xc *void
_XSAVE_FORMAT 0x200: ControlWord 0x0 u16; StatusWord 0x2 u16; TagWord 0x4 u8; MxCsr 0x18 u32; MxCsr_Mask 0x1c u32
_unnamed_0 0x8: LowPart 0x0 u32; HighPart 0x4 i32
_unnamed_8 0x28: DeviceQueueEntry 0x0 _KDEVICE_QUEUE_ENTRY; DriverContext 0x0 [4]*void; Thread 0x10 *_ETHREAD;
  AuxiliaryBuffer 0x14 *u8; ListEntry 0x18 _LIST_ENTRY; CurrentStackLocation 0x20 *_IO_STACK_LOCATION;
  PacketType 0x20 u32; OriginalFileObject 0x24 *_FILE_OBJECT
_unnamed_7 0x30: Overlay 0x0 _unnamed_8; CompletionKey 0x0 *void
_unnamed_3 0x4: Balance 0x0 i32:0:2; Parent 0x0 *_MMVAD
_unnamed_2 0x4: LongFlags 0x0 u32; VadFlags 0x0 _MMVAD_FLAGS
_unnamed_5 0x4: LongFlags3 0x0 u32
_unnamed_6 0x4: Balance 0x0 i32:0:2; Parent 0x0 *_MMADDRESS_NODE
_unnamed_4 0x4: LongFlags2 0x0 u32; VadFlags2 0x0 _MMVAD_FLAGS2
_unnamed_1 0x4: LongFlags 0x0 u32
_unnamed_9 0x4: LongFlags 0x0 u32; Flags 0x0 _MMSECTION_FLAGS
_unnamed_10 0x4: LongFlags 0x0 u32; SubsectionFlags 0x0 _MMSUBSECTION_FLAGS
enum _NT_PRODUCT_TYPE u32: NtProductWinNt=1 NtProductLanManNt=2 NtProductServer=3
"""
