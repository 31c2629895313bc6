"""Structures of Windows 11 24H2 x64, build 26100: the members that the lab fills in or its symbol tables state.

Sources: public type listings of build 26100 for processes, threads and ranges of addresses (what they do not tell is
left out), and of build 22000 for everything else. The processor block's members from 7E00h on lie 140h bytes higher
than
there: kernels that can be patched while they run have grown, and where is another matter in every revision. Notation:
structures.py of this room.
"""

TABLE = """
_ALPC_COMMUNICATION_INFO 0x50: ConnectionPort 0x0 *_ALPC_PORT; ServerCommunicationPort 0x8 *_ALPC_PORT;
  ClientCommunicationPort 0x10 *_ALPC_PORT; CommunicationList 0x18 _LIST_ENTRY
_ALPC_PORT 0x1d8: PortListEntry 0x0 _LIST_ENTRY; CommunicationInfo 0x10 *_ALPC_COMMUNICATION_INFO;
  OwnerProcess 0x18 *_EPROCESS; CompletionPort 0x20 *void; PortContext 0x38 *void; MainQueue 0x90 _LIST_ENTRY;
  LargeMessageQueue 0xa0 _LIST_ENTRY; PendingQueue 0xb8 _LIST_ENTRY; WaitQueue 0xe8 _LIST_ENTRY;
  SequenceNo 0x190 i32; MainQueueLength 0x1c0 u32; LargeMessageQueueLength 0x1c4 u32; PendingQueueLength 0x1c8 u32;
  WaitQueueLength 0x1d4 u32
_CLIENT_ID 0x10: UniqueProcess 0x0 *void; UniqueThread 0x8 *void
_CMHIVE 0x12d8: Hive 0x0 _HHIVE
_CM_KEY_BODY 0x70: Type 0x0 u32; KeyControlBlock 0x8 *void
_CM_KEY_NODE 0x50: Signature 0x0 u16; Flags 0x2 u16
_CM_KEY_VALUE 0x18: Signature 0x0 u16; NameLength 0x2 u16
_CONTEXT 0x4d0: P1Home 0x0 u64; P2Home 0x8 u64; P3Home 0x10 u64; P4Home 0x18 u64; P5Home 0x20 u64; P6Home 0x28 u64;
  ContextFlags 0x30 u32; MxCsr 0x34 u32; SegCs 0x38 u16; SegDs 0x3a u16; SegEs 0x3c u16; SegFs 0x3e u16;
  SegGs 0x40 u16; SegSs 0x42 u16; EFlags 0x44 u32; Dr0 0x48 u64; Dr1 0x50 u64; Dr2 0x58 u64; Dr3 0x60 u64;
  Dr6 0x68 u64; Dr7 0x70 u64; Rax 0x78 u64; Rcx 0x80 u64; Rdx 0x88 u64; Rbx 0x90 u64; Rsp 0x98 u64; Rbp 0xa0 u64;
  Rsi 0xa8 u64; Rdi 0xb0 u64; R8 0xb8 u64; R9 0xc0 u64; R10 0xc8 u64; R11 0xd0 u64; R12 0xd8 u64; R13 0xe0 u64;
  R14 0xe8 u64; R15 0xf0 u64; Rip 0xf8 u64; FltSave 0x100 _XSAVE_FORMAT
_CONTROL_AREA 0x80: Segment 0x0 *_SEGMENT; NumberOfSectionReferences 0x18 u64; NumberOfPfnReferences 0x20 u64;
  NumberOfMappedViews 0x28 u64; NumberOfUserReferences 0x30 u64; u 0x38 _unnamed_8; FilePointer 0x40 _EX_FAST_REF
_CURDIR 0x18: DosPath 0x0 _UNICODE_STRING; Handle 0x10 *void
_DBGKD_GET_VERSION64 0x28: MajorVersion 0x0 u16; MinorVersion 0x2 u16; ProtocolVersion 0x4 u8;
  KdSecondaryVersion 0x5 u8; Flags 0x6 u16; MachineType 0x8 u16; MaxPacketType 0xa u8; MaxStateChange 0xb u8;
  MaxManipulate 0xc u8; Simulation 0xd u8; Unused 0xe [1]u16; KernBase 0x10 u64; PsLoadedModuleList 0x18 u64;
  DebuggerDataList 0x20 u64
_DEVICE_NODE 0x310: Sibling 0x0 *_DEVICE_NODE; Child 0x8 *_DEVICE_NODE; Parent 0x10 *_DEVICE_NODE;
  LastChild 0x18 *_DEVICE_NODE; PhysicalDeviceObject 0x20 *_DEVICE_OBJECT; InstancePath 0x28 _UNICODE_STRING;
  ServiceName 0x38 _UNICODE_STRING; PendingIrp 0x48 *_IRP; Level 0x98 u32; State 0x12c u32; PreviousState 0x130 u32;
  StateHistory 0x134 [20]u32; StateHistoryEntry 0x184 u32; CompletionStatus 0x188 i32; Flags 0x18c u32;
  UserFlags 0x190 u32; Problem 0x194 u32; ProblemStatus 0x198 i32; DuplicatePDO 0x1b0 *_DEVICE_OBJECT;
  InterfaceType 0x1c0 u32; BusNumber 0x1c4 u32; ChildInterfaceType 0x1c8 u32; ChildBusNumber 0x1cc u32;
  CapabilityFlags 0x230 u32
_DEVICE_OBJECT 0x150: Type 0x0 i16; Size 0x2 u16; ReferenceCount 0x4 i32; DriverObject 0x8 *_DRIVER_OBJECT;
  NextDevice 0x10 *_DEVICE_OBJECT; AttachedDevice 0x18 *_DEVICE_OBJECT; CurrentIrp 0x20 *_IRP; Timer 0x28 *void;
  Flags 0x30 u32; Characteristics 0x34 u32; Vpb 0x38 *_VPB; DeviceExtension 0x40 *void; DeviceType 0x48 u32;
  StackSize 0x4c i8; Queue 0x50 _LIST_ENTRY; DeviceQueue 0xa0 _KDEVICE_QUEUE; Dpc 0xc8 _KDPC;
  ActiveThreadCount 0x108 u32; SecurityDescriptor 0x110 *void; SectorSize 0x130 u16;
  DeviceObjectExtension 0x138 *_DEVOBJ_EXTENSION
_DEVOBJ_EXTENSION 0x70: Type 0x0 i16; Size 0x2 u16; DeviceObject 0x8 *_DEVICE_OBJECT; PowerFlags 0x10 u32;
  Dope 0x18 *void; ExtensionFlags 0x20 u32; DeviceNode 0x28 *_DEVICE_NODE; AttachedTo 0x30 *_DEVICE_OBJECT;
  Vpb 0x48 *_VPB
_DISPATCHER_HEADER 0x18: Type 0x0 u8; Lock 0x0 i32; Signalling 0x1 u8; Absolute 0x1 u8:0:1; Size 0x2 u8;
  Inserted 0x3 u8:6:1; SignalState 0x4 i32; WaitListHead 0x8 _LIST_ENTRY
_DRIVER_EXTENSION 0x50: DriverObject 0x0 *_DRIVER_OBJECT; AddDevice 0x8 *void; Count 0x10 u32;
  ServiceKeyName 0x18 _UNICODE_STRING; ClientDriverExtension 0x28 *void; FsFilterCallbacks 0x30 *void;
  KseCallbacks 0x38 *void; DvCallbacks 0x40 *void; VerifierContext 0x48 *void
_DRIVER_OBJECT 0x150: Type 0x0 i16; Size 0x2 i16; DeviceObject 0x8 *_DEVICE_OBJECT; Flags 0x10 u32;
  DriverStart 0x18 *void; DriverSize 0x20 u32; DriverSection 0x28 *void; DriverExtension 0x30 *_DRIVER_EXTENSION;
  DriverName 0x38 _UNICODE_STRING; HardwareDatabase 0x48 *_UNICODE_STRING; FastIoDispatch 0x50 *void;
  DriverInit 0x58 *void; DriverStartIo 0x60 *void; DriverUnload 0x68 *void; MajorFunction 0x70 [28]*void
_EPROCESS 0x840: Pcb 0x0 _KPROCESS; PageDirectoryPte 0x328 u64; UniqueProcessId 0x1d0 *void;
  ActiveProcessLinks 0x1d8 _LIST_ENTRY; RundownProtect 0x1e8 _EX_RUNDOWN_REF; Flags2 0x1f0 u32; Flags 0x1f4 u32;
  CreateTime 0x1f8 _LARGE_INTEGER; VirtualSize 0x228 u64; Token 0x248 _EX_FAST_REF; NumberOfPrivatePages 0x288 u64;
  Job 0x2a0 *void; SectionBaseAddress 0x2b0 *void; InheritedFromUniqueProcessId 0x2d0 *void; Peb 0x2e0 *_PEB;
  Session 0x2e8 *_PSP_SESSION_SPACE; ObjectTable 0x300 *_HANDLE_TABLE; WoW64Process 0x310 *_EWOW64PROCESS;
  ImageFileName 0x338 [15]u8; SeAuditProcessCreationInfo 0x350 _SE_AUDIT_PROCESS_CREATION_INFO;
  ThreadListHead 0x370 _LIST_ENTRY; ActiveThreads 0x380 u32; CommitCharge 0x3d8 u64; Vm 0x400 _MMSUPPORT_FULL;
  ExitStatus 0x554 i32; VadRoot 0x558 _RTL_AVL_TREE; VadCount 0x568 u64; ExitTime 0x5c0 _LARGE_INTEGER;
  Protection 0x5fa _PS_PROTECTION; SectionObject 0x2a8 *void; ImageFilePointer 0x330 *_FILE_OBJECT;
  AlpcContext 0x580 u64; SignatureLevel 0x5f8 u8; Flags3 0x5fc u32; SequenceNumber 0x678 u64; Machine 0x6ec u16;
  MitigationFlags 0x750 u32; MitigationFlags2 0x754 u32
_ERESOURCE 0x68: SystemResourcesList 0x0 _LIST_ENTRY; OwnerTable 0x10 *_OWNER_ENTRY; ActiveCount 0x18 i16;
  Flag 0x1a u16; SharedWaiters 0x20 *void; ExclusiveWaiters 0x28 *void; OwnerEntry 0x30 _OWNER_ENTRY;
  ActiveEntries 0x40 u32; ContentionCount 0x44 u32; NumberOfSharedWaiters 0x48 u32;
  NumberOfExclusiveWaiters 0x4c u32; SpinLock 0x60 u64
_ETHREAD 0x788: Tcb 0x0 _KTHREAD; CreateTime 0x4c0 _LARGE_INTEGER; ExitTime 0x4c8 _LARGE_INTEGER;
  KeyedWaitChain 0x4c8 _LIST_ENTRY; StartAddress 0x4e0 *void; Cid 0x508 _CLIENT_ID;
  AlpcWaitSemaphore 0x518 _KSEMAPHORE; KeyedWaitSemaphore 0x518 _KSEMAPHORE; IrpList 0x540 _LIST_ENTRY;
  Win32StartAddress 0x560 *void; ThreadListEntry 0x578 _LIST_ENTRY; CrossThreadFlags 0x5a0 u32;
  AlpcMessageId 0x5b8 u64; AlpcMessage 0x5c0 *void; ExitStatus 0x5d8 i32; ThreadName 0x6a0 *_UNICODE_STRING;
  OwnerEntryListHead 0x6b8 _LIST_ENTRY
_EWOW64PROCESS 0x10: Peb 0x0 *void; NtdllType 0x8 enum _SYSTEM_DLL_TYPE
_EXCEPTION_POINTERS 0x10: ExceptionRecord 0x0 *_EXCEPTION_RECORD; ContextRecord 0x8 *_CONTEXT
_EXCEPTION_RECORD 0x98: ExceptionCode 0x0 i32; ExceptionFlags 0x4 u32; ExceptionRecord 0x8 *_EXCEPTION_RECORD;
  ExceptionAddress 0x10 *void; NumberParameters 0x18 u32; ExceptionInformation 0x20 [15]u64
_EXCEPTION_RECORD32 0x50: ExceptionCode 0x0 i32; ExceptionFlags 0x4 u32; ExceptionRecord 0x8 u32;
  ExceptionAddress 0xc u32; NumberParameters 0x10 u32; ExceptionInformation 0x14 [15]u32
_EXCEPTION_RECORD64 0x98: ExceptionCode 0x0 i32; ExceptionFlags 0x4 u32; ExceptionRecord 0x8 u64;
  ExceptionAddress 0x10 u64; NumberParameters 0x18 u32; __unusedAlignment 0x1c u32; ExceptionInformation 0x20 [15]u64
_EXCEPTION_REGISTRATION_RECORD 0x10: Next 0x0 *_EXCEPTION_REGISTRATION_RECORD; Handler 0x8 *void
_EX_FAST_REF 0x8: Object 0x0 *void; RefCnt 0x0 u64:0:4; Value 0x0 u64
_EX_PUSH_LOCK 0x8: Value 0x0 u64; Ptr 0x0 *void
_EX_RUNDOWN_REF 0x8: Count 0x0 u64; Ptr 0x0 *void
_EX_WORK_QUEUE 0x2e0: WorkPriQueue 0x0 _KPRIQUEUE; WorkItemsProcessed 0x2c0 u32;
  WorkItemsProcessedLastPass 0x2c4 u32; ThreadCount 0x2c8 i32; MaxThreads 0x2d0 i32; QueueIndex 0x2d4 u32
_FAST_IO_DISPATCH 0xe0: SizeOfFastIoDispatch 0x0 u32; FastIoCheckIfPossible 0x8 *void; FastIoRead 0x10 *void;
  FastIoWrite 0x18 *void; FastIoQueryBasicInfo 0x20 *void; FastIoQueryStandardInfo 0x28 *void; FastIoLock 0x30 *void;
  FastIoUnlockSingle 0x38 *void; FastIoUnlockAll 0x40 *void; FastIoUnlockAllByKey 0x48 *void;
  FastIoDeviceControl 0x50 *void; AcquireFileForNtCreateSection 0x58 *void; ReleaseFileForNtCreateSection 0x60 *void;
  FastIoDetachDevice 0x68 *void; FastIoQueryNetworkOpenInfo 0x70 *void; AcquireForModWrite 0x78 *void;
  MdlRead 0x80 *void; MdlReadComplete 0x88 *void; PrepareMdlWrite 0x90 *void; MdlWriteComplete 0x98 *void;
  FastIoReadCompressed 0xa0 *void; FastIoWriteCompressed 0xa8 *void; MdlReadCompleteCompressed 0xb0 *void;
  MdlWriteCompleteCompressed 0xb8 *void; FastIoQueryOpen 0xc0 *void; ReleaseForModWrite 0xc8 *void;
  AcquireForCcFlush 0xd0 *void; ReleaseForCcFlush 0xd8 *void
_FAST_MUTEX 0x38: Count 0x0 i32; Owner 0x8 *void; Contention 0x10 u32; Event 0x18 _KEVENT; OldIrql 0x30 u32
_FILE_OBJECT 0xd8: Type 0x0 i16; Size 0x2 i16; DeviceObject 0x8 *_DEVICE_OBJECT; Vpb 0x10 *_VPB;
  FsContext 0x18 *void; FsContext2 0x20 *void; SectionObjectPointer 0x28 *_SECTION_OBJECT_POINTERS;
  PrivateCacheMap 0x30 *void; FinalStatus 0x38 i32; RelatedFileObject 0x40 *_FILE_OBJECT; LockOperation 0x48 u8;
  DeletePending 0x49 u8; ReadAccess 0x4a u8; WriteAccess 0x4b u8; DeleteAccess 0x4c u8; SharedRead 0x4d u8;
  SharedWrite 0x4e u8; SharedDelete 0x4f u8; Flags 0x50 u32; FileName 0x58 _UNICODE_STRING;
  CurrentByteOffset 0x68 _LARGE_INTEGER; Waiters 0x70 u32; Busy 0x74 u32; LastLock 0x78 *void; Lock 0x80 _KEVENT;
  Event 0x98 _KEVENT; CompletionContext 0xb0 *void; IrpListLock 0xb8 u64; IrpList 0xc0 _LIST_ENTRY;
  FileObjectExtension 0xd0 *void
_HANDLE_TABLE 0x80: NextHandleNeedingPool 0x0 u32; TableCode 0x8 u64; QuotaProcess 0x10 *_EPROCESS;
  HandleTableList 0x18 _LIST_ENTRY; UniqueProcessId 0x28 u32; Flags 0x2c u32
_HANDLE_TABLE_ENTRY 0x10 union: VolatileLowValue 0x0 i64; LowValue 0x0 i64; HighValue 0x8 i64;
  GrantedAccessBits 0x8 u32:0:25
_HEAP 0x2c0: Entry 0x0 _HEAP_ENTRY; Segment 0x0 _HEAP_SEGMENT; SegmentSignature 0x10 u32; SegmentFlags 0x14 u32;
  SegmentListEntry 0x18 _LIST_ENTRY; Heap 0x28 *_HEAP; BaseAddress 0x30 *void; NumberOfPages 0x38 u32;
  FirstEntry 0x40 *_HEAP_ENTRY; LastValidEntry 0x48 *_HEAP_ENTRY; NumberOfUnCommittedPages 0x50 u32;
  NumberOfUnCommittedRanges 0x54 u32; UCRSegmentList 0x60 _LIST_ENTRY; Flags 0x70 u32; ForceFlags 0x74 u32;
  Signature 0x98 u32; SegmentReserve 0xa0 u64; SegmentCommit 0xa8 u64; ProcessHeapsListIndex 0xd0 u16;
  VirtualAllocdBlocks 0x110 _LIST_ENTRY; SegmentList 0x120 _LIST_ENTRY; FrontEndHeap 0x198 *void;
  FrontEndHeapType 0x1a2 u8
_HEAP_ENTRY 0x10: Size 0x8 u16; Flags 0xa u8; SmallTagIndex 0xb u8; PreviousSize 0xc u16; SegmentOffset 0xe u8;
  UnusedBytes 0xf u8
_HEAP_SEGMENT 0x70: Entry 0x0 _HEAP_ENTRY; SegmentSignature 0x10 u32; SegmentFlags 0x14 u32;
  SegmentListEntry 0x18 _LIST_ENTRY; Heap 0x28 *_HEAP; BaseAddress 0x30 *void; NumberOfPages 0x38 u32;
  FirstEntry 0x40 *_HEAP_ENTRY; LastValidEntry 0x48 *_HEAP_ENTRY; NumberOfUnCommittedPages 0x50 u32;
  NumberOfUnCommittedRanges 0x54 u32; UCRSegmentList 0x60 _LIST_ENTRY
_HHIVE 0x608: Signature 0x0 u32
_HMAP_ENTRY 0x18: BlockOffset 0x0 u64; PermanentBinAddress 0x8 u64; MemAlloc 0x10 u32
_IMAGE_DOS_HEADER 0x40: e_magic 0x0 u16; e_cblp 0x2 u16; e_cp 0x4 u16; e_crlc 0x6 u16; e_cparhdr 0x8 u16;
  e_minalloc 0xa u16; e_maxalloc 0xc u16; e_ss 0xe u16; e_sp 0x10 u16; e_csum 0x12 u16; e_ip 0x14 u16; e_cs 0x16 u16;
  e_lfarlc 0x18 u16; e_ovno 0x1a u16; e_res 0x1c [4]u16; e_oemid 0x24 u16; e_oeminfo 0x26 u16; e_res2 0x28 [10]u16;
  e_lfanew 0x3c i32
_IO_STACK_LOCATION 0x48: MajorFunction 0x0 u8; MinorFunction 0x1 u8; Flags 0x2 u8; Control 0x3 u8;
  Parameters 0x8 [4]*void; DeviceObject 0x28 *_DEVICE_OBJECT; FileObject 0x30 *_FILE_OBJECT;
  CompletionRoutine 0x38 *void; Context 0x40 *void
_IO_STATUS_BLOCK 0x10: Pointer 0x0 *void; Status 0x0 i32; Information 0x8 u64
_IRP 0xd0: Type 0x0 i16; Size 0x2 u16; MdlAddress 0x8 *void; Flags 0x10 u32; AssociatedIrp 0x18 *void;
  ThreadListEntry 0x20 _LIST_ENTRY; IoStatus 0x30 _IO_STATUS_BLOCK; RequestorMode 0x40 i8; PendingReturned 0x41 u8;
  StackCount 0x42 i8; CurrentLocation 0x43 i8; Cancel 0x44 u8; CancelIrql 0x45 u8; ApcEnvironment 0x46 i8;
  AllocationFlags 0x47 u8; UserIosb 0x48 *_IO_STATUS_BLOCK; UserEvent 0x50 *_KEVENT; CancelRoutine 0x68 *void;
  UserBuffer 0x70 *void; Tail 0x78 _unnamed_6
_KALPC_MESSAGE 0x118: Entry 0x0 _LIST_ENTRY; PortQueue 0x10 *_ALPC_PORT; OwnerPort 0x18 *_ALPC_PORT;
  WaitingThread 0x20 *_ETHREAD; SequenceNo 0x2c i32; QuotaProcess 0x30 *_EPROCESS;
  CancelSequencePort 0x38 *_ALPC_PORT; CancelQueuePort 0x40 *_ALPC_PORT; CancelListEntry 0x50 _LIST_ENTRY;
  CommunicationInfo 0xb8 *_ALPC_COMMUNICATION_INFO; ConnectionPort 0xc0 *_ALPC_PORT; ServerThread 0xc8 *_ETHREAD;
  PortMessage 0xf0 _PORT_MESSAGE
_KAPC_STATE 0x30: ApcListHead 0x0 [2]_LIST_ENTRY; Process 0x20 *_KPROCESS; InProgressFlags 0x28 u8;
  KernelApcInProgress 0x28 u8:0:1; SpecialApcInProgress 0x28 u8:1:1; KernelApcPending 0x29 u8;
  SpecialUserApcPending 0x2a u8:0:1; UserApcPending 0x2a u8:1:1; UserApcPendingAll 0x2a u8
_KDESCRIPTOR 0x10: Pad 0x0 [3]u16; Limit 0x6 u16; Base 0x8 *void
_KDEVICE_QUEUE 0x28: Type 0x0 i16; Size 0x2 i16; DeviceListHead 0x8 _LIST_ENTRY; Lock 0x18 u64; Busy 0x20 u8;
  Hint 0x20 i64:8:56; Reserved 0x20 i64:0:8
_KDEVICE_QUEUE_ENTRY 0x18: DeviceListEntry 0x0 _LIST_ENTRY; SortKey 0x10 u32; Inserted 0x14 u8
_KDPC 0x40: TargetInfoAsUlong 0x0 u32; Type 0x0 u8; Importance 0x1 u8; Number 0x2 u16;
  DpcListEntry 0x8 _SINGLE_LIST_ENTRY; ProcessorHistory 0x10 u64; DeferredRoutine 0x18 *void;
  DeferredContext 0x20 *void; SystemArgument1 0x28 *void; SystemArgument2 0x30 *void; DpcData 0x38 *void
_KDPC_DATA 0x30: DpcList 0x0 _KDPC_LIST; DpcLock 0x10 u64; DpcQueueDepth 0x18 i32; DpcCount 0x1c u32;
  ActiveDpc 0x20 *_KDPC
_KDPC_LIST 0x10: ListHead 0x0 _SINGLE_LIST_ENTRY; LastEntry 0x8 *_SINGLE_LIST_ENTRY
_KEVENT 0x18: Header 0x0 _DISPATCHER_HEADER
_KEXCEPTION_FRAME 0x140: P1Home 0x0 u64; P2Home 0x8 u64; P3Home 0x10 u64; P4Home 0x18 u64; P5 0x20 u64;
  TrapFrame 0xd0 u64; OutputBuffer 0xd8 u64; OutputLength 0xe0 u64; MxCsr 0xf0 u64; Rbp 0xf8 u64; Rbx 0x100 u64;
  Rdi 0x108 u64; Rsi 0x110 u64; R12 0x118 u64; R13 0x120 u64; R14 0x128 u64; R15 0x130 u64; Return 0x138 u64
_KGATE 0x18: Header 0x0 _DISPATCHER_HEADER
_KLDR_DATA_TABLE_ENTRY 0xa0: InLoadOrderLinks 0x0 _LIST_ENTRY; ExceptionTable 0x10 *void;
  ExceptionTableSize 0x18 u32; GpValue 0x20 *void; NonPagedDebugInfo 0x28 *void; DllBase 0x30 *void;
  EntryPoint 0x38 *void; SizeOfImage 0x40 u32; FullDllName 0x48 _UNICODE_STRING; BaseDllName 0x58 _UNICODE_STRING;
  Flags 0x68 u32; LoadCount 0x6c u16; u1 0x6e _unnamed_1; SectionPointer 0x70 *void; CheckSum 0x78 u32;
  CoverageSectionSize 0x7c u32; CoverageSection 0x80 *void; LoadedImports 0x88 *void; Spare 0x90 *void;
  SizeOfImageNotRounded 0x98 u32; TimeDateStamp 0x9c u32
_KLOCK_ENTRY 0x60: EntryFlags 0x10 u32; AcquiredByte 0x12 u8; LockState 0x0 _KLOCK_ENTRY_LOCK_STATE;
  LockUnsafe 0x0 *void; SessionId 0x8 u32; SessionState 0x8 *void; EntryLock 0x50 u64
_KLOCK_ENTRY_LOCK_STATE 0x10: LockState 0x0 *void; SessionState 0x8 *void
_KMUTANT 0x38: Header 0x0 _DISPATCHER_HEADER; MutantListEntry 0x18 _LIST_ENTRY; OwnerThread 0x28 *_KTHREAD;
  AbEnabled 0x30 u8:1:1; Abandoned 0x30 u8:0:1; Abandoned2 0x30 u8:0:1; MutantFlags 0x30 u8; Spare1 0x30 u8:1:7;
  Spare2 0x30 u8:2:6; ApcDisable 0x31 u8
_KINTERRUPT 0x120: Type 0x0 i16; Size 0x2 i16; InterruptListEntry 0x8 _LIST_ENTRY; ServiceRoutine 0x18 *void;
  MessageServiceRoutine 0x20 *void; MessageIndex 0x28 u32; ServiceContext 0x30 *void; SpinLock 0x38 u64;
  TickCount 0x40 u32; ActualLock 0x48 *u64; DispatchAddress 0x50 *void; Vector 0x58 u32; Irql 0x5c u8;
  SynchronizeIrql 0x5d u8; FloatingSave 0x5e u8; Connected 0x5f u8; Number 0x60 u32; ShareVector 0x64 u8;
  EmulateActiveBoth 0x65 u8; ActiveCount 0x66 u16; InternalState 0x68 i32; Mode 0x6c u32; Polarity 0x70 u32;
  ServiceCount 0x74 u32; DispatchCount 0x78 u32; PassiveEvent 0x80 *_KEVENT; TrapFrame 0x88 *_KTRAP_FRAME;
  DisconnectData 0x90 *void; ServiceThread 0x98 *_KTHREAD; ConnectionData 0xa0 *void
_KPCR 0xc1c0: NtTib 0x0 _NT_TIB; GdtBase 0x0 *void; TssBase 0x8 *_KTSS64; UserRsp 0x10 u64; Self 0x18 *_KPCR;
  CurrentPrcb 0x20 *_KPRCB; LockArray 0x28 *void; Used_Self 0x30 *void; IdtBase 0x38 *void; Unused 0x40 [2]u64;
  Irql 0x50 u8; MajorVersion 0x60 u16; MinorVersion 0x62 u16; StallScaleFactor 0x64 u32; KdVersionBlock 0x108 *void;
  Prcb 0x180 _KPRCB
_KPRCB 0xc040: MxCsr 0x0 u32; LegacyNumber 0x4 u8; CurrentThread 0x8 *_KTHREAD; NextThread 0x10 *_KTHREAD;
  IdleThread 0x18 *_KTHREAD; NestingLevel 0x20 u8; Number 0x24 u32; RspBase 0x28 u64; CpuType 0x40 i8; CpuID 0x41 i8;
  CpuStep 0x42 u16; CpuStepping 0x42 u8; CpuModel 0x43 u8; MHz 0x44 u32; MinorVersion 0x88 u16;
  MajorVersion 0x8a u16; GroupSetMember 0xc8 u64; Group 0xd0 u8; GroupIndex 0xd1 u8;
  ProcessorState 0x100 _KPROCESSOR_STATE; DeferredReadyListHead 0x2d08 _SINGLE_LIST_ENTRY; KeSystemCalls 0x2d38 u32;
  KeContextSwitches 0x2d3c u32; CurrentDpcRoutine 0x3320 *void; DpcData 0x3340 [2]_KDPC_DATA; DpcStack 0x33a0 *void;
  DpcRoutineActive 0x33ba u8; InterruptObject 0x3400 [256]*void; RspBaseShadow 0x9fc8 u64; UserRspShadow 0x9fd0 u64;
  ShadowFlags 0x9fd8 u32; TimerTable 0x3c00 _KTIMER_TABLE; ExceptionStackActive 0x83a6 u8;
  ExceptionStack 0x83a8 *void; DpcWatchdogCount 0x7fec i32; ReadySummary 0x8018 u32;
  DispatcherReadyListHead 0x8080 [32]_LIST_ENTRY; InterruptCount 0x8280 u32; KernelTime 0x8284 u32;
  UserTime 0x8288 u32; DpcTime 0x828c u32; InterruptTime 0x8290 u32; ReadyThreadCount 0x82b4 u32;
  SharedReadyQueueMask 0x8980 u64; SharedReadyQueue 0x8988 *_KSHARED_READY_QUEUE; DpcWatchdogProfile 0x89e8 **void;
  VendorString 0x8ad0 [13]u8; FeatureBits 0x8ae0 u64; Context 0x8b00 *_CONTEXT; IsrStack 0x8b18 *void
_KPRIQUEUE 0x2b0: Header 0x0 _DISPATCHER_HEADER; EntryListHead 0x18 [32]_LIST_ENTRY; CurrentCount 0x218 [32]i32;
  MaximumCount 0x298 u32; ThreadListHead 0x2a0 _LIST_ENTRY
_KPROCESS 0x1c8: Header 0x0 _DISPATCHER_HEADER; ProfileListHead 0x18 _LIST_ENTRY; DirectoryTableBase 0x28 u64;
  ThreadListHead 0x30 _LIST_ENTRY
_KPROCESSOR_STATE 0x5c0: SpecialRegisters 0x0 _KSPECIAL_REGISTERS; ContextFrame 0xf0 _CONTEXT
_KQUEUE 0x40: Header 0x0 _DISPATCHER_HEADER; EntryListHead 0x18 _LIST_ENTRY; CurrentCount 0x28 u32;
  MaximumCount 0x2c u32; ThreadListHead 0x30 _LIST_ENTRY
_KSEMAPHORE 0x20: Header 0x0 _DISPATCHER_HEADER; Limit 0x18 i32
_KSHARED_READY_QUEUE 0x2b0: Lock 0x0 u64; ReadySummary 0x8 u32; ReadyListHead 0x10 [32]_LIST_ENTRY; Span 0x290 u8;
  QueueIndex 0x292 u8; ProcCount 0x294 u8; ScanOwner 0x295 u8; Affinity 0x298 u64; ReadyThreadCount 0x2a0 u32
_KSPECIAL_REGISTERS 0xf0: Cr0 0x0 u64; Cr2 0x8 u64; Cr3 0x10 u64; Cr4 0x18 u64; KernelDr0 0x20 u64;
  KernelDr1 0x28 u64; KernelDr2 0x30 u64; KernelDr3 0x38 u64; KernelDr6 0x40 u64; KernelDr7 0x48 u64;
  Gdtr 0x50 _KDESCRIPTOR; Idtr 0x60 _KDESCRIPTOR; Tr 0x70 u16; Ldtr 0x72 u16; Cr8 0xa0 u64; MsrGsBase 0xa8 u64;
  MsrGsSwap 0xb0 u64; MsrStar 0xb8 u64; MsrLStar 0xc0 u64; MsrCStar 0xc8 u64; MsrSyscallMask 0xd0 u64
_KSYSTEM_TIME 0xc: LowPart 0x0 u32; High1Time 0x4 i32; High2Time 0x8 i32
_KTHREAD 0x4c0: Header 0x0 _DISPATCHER_HEADER; InitialStack 0x28 *void; StackLimit 0x30 *void; StackBase 0x38 *void;
  CycleTime 0x48 u64; KernelStack 0x58 *void; Running 0x71 u8; Alertable 0x74 u32:4:1;
  KernelStackResident 0x78 u32:17:1; SystemCallNumber 0x80 u32; ReadyTime 0x84 u32; FirstArgument 0x88 *void;
  TrapFrame 0x90 *_KTRAP_FRAME; ApcState 0x98 _KAPC_STATE; Priority 0xc3 i8; UserIdealProcessor 0xc4 u32;
  WaitStatus 0xc8 i64; WaitBlockList 0xd0 *_KWAIT_BLOCK; WaitListEntry 0xd8 _LIST_ENTRY;
  Queue 0xe8 *_DISPATCHER_HEADER; Teb 0xf0 *void; Timer 0x100 _KTIMER; WaitBlock 0x140 [4]_KWAIT_BLOCK;
  ContextSwitches 0x154 u32; State 0x184 u8; WaitIrql 0x186 u8; WaitMode 0x187 i8; WaitTime 0x1b4 u32;
  Win32Thread 0x1c8 *void; KernelApcDisable 0x1e4 i16; SpecialApcDisable 0x1e6 i16; QueueListEntry 0x208 _LIST_ENTRY;
  NextProcessor 0x218 u32; Process 0x220 *_KPROCESS; PreviousMode 0x232 i8; BasePriority 0x233 i8;
  PriorityDecrement 0x234 i8; AdjustReason 0x236 u8; ApcStateIndex 0x24a u8; WaitBlockCount 0x24b u8;
  IdealProcessor 0x24c u32; WaitReason 0x283 u8; SuspendCount 0x284 i8; KernelTime 0x28c u32; WaitPrcb 0x2c8 *_KPRCB;
  UserTime 0x2dc u32; SuspendEvent 0x2e0 _KEVENT; ThreadListEntry 0x2f8 _LIST_ENTRY;
  MutantListHead 0x308 _LIST_ENTRY; AbEntrySummary 0x318 u8; MiscFlags 0x74 u32; CetUserShadowStack 0x74 u32:20:1;
  CetKernelShadowStack 0x74 u32:22:1; KernelShadowStack 0x408 *void; KernelShadowStackInitial 0x410 *void;
  KernelShadowStackBase 0x418 *void; KernelShadowStackLimit 0x420 u64; StateSaveArea 0x60 *_XSAVE_FORMAT
_KTIMER 0x40: Header 0x0 _DISPATCHER_HEADER; DueTime 0x18 _ULARGE_INTEGER; TimerListEntry 0x20 _LIST_ENTRY;
  Dpc 0x30 *_KDPC; Processor 0x38 u16; TimerType 0x3a u16; Period 0x3c u32
_KTIMER2 0x88: Header 0x0 _DISPATCHER_HEADER; RbNodes 0x18 [2]_RTL_BALANCED_NODE; DueTime 0x48 [2]u64;
  Period 0x58 i64; Callback 0x60 *void; CallbackContext 0x68 *void; CollectionIndex 0x82 [2]u8
_KTIMER2_COLLECTION 0x18: Tree 0x0 _RTL_RB_TREE; NextDueTime 0x10 u64
_KTIMER_TABLE 0x4218: TimerExpiry 0x0 [64]*_KTIMER; TimerEntries 0x200 [2][256]_KTIMER_TABLE_ENTRY;
  TableState 0x4200 _KTIMER_TABLE_STATE
_KTIMER_TABLE_ENTRY 0x20: Lock 0x0 u64; Entry 0x8 _LIST_ENTRY; Time 0x18 _ULARGE_INTEGER
_KTIMER_TABLE_STATE 0x18: LastTimerExpiration 0x0 [2]u64; LastTimerHand 0x10 [2]u32
_KTRAP_FRAME 0x190: P1Home 0x0 u64; P2Home 0x8 u64; P3Home 0x10 u64; P4Home 0x18 u64; P5 0x20 u64;
  PreviousMode 0x28 i8; PreviousIrql 0x29 u8; FaultIndicator 0x2a u8; ExceptionActive 0x2b u8; MxCsr 0x2c u32;
  Rax 0x30 u64; Rcx 0x38 u64; Rdx 0x40 u64; R8 0x48 u64; R9 0x50 u64; R10 0x58 u64; R11 0x60 u64; GsBase 0x68 u64;
  GsSwap 0x68 u64; FaultAddress 0xd0 u64; ContextRecord 0xd0 u64; Dr1 0xe0 u64; Dr2 0xe8 u64; Dr3 0xf0 u64;
  Dr6 0xf8 u64; Dr7 0x100 u64; SegDs 0x130 u16; SegEs 0x132 u16; SegFs 0x134 u16; SegGs 0x136 u16;
  TrapFrame 0x138 u64; Rbx 0x140 u64; Rdi 0x148 u64; Rsi 0x150 u64; Rbp 0x158 u64; ErrorCode 0x160 u64;
  ExceptionFrame 0x160 u64; Rip 0x168 u64; SegCs 0x170 u16; Logging 0x173 u8; EFlags 0x178 u32; Rsp 0x180 u64;
  SegSs 0x188 u16; ShadowStackFrame 0xd8 u64
_KTSS64 0x68: Reserved0 0x0 u32; Rsp0 0x4 u64; Rsp1 0xc u64; Rsp2 0x14 u64; Ist 0x1c [8]u64; IoMapBase 0x66 u16
_KUSER_SHARED_DATA 0x730: TickCountLowDeprecated 0x0 u32; TickCountMultiplier 0x4 u32;
  InterruptTime 0x8 _KSYSTEM_TIME; SystemTime 0x14 _KSYSTEM_TIME; TimeZoneBias 0x20 _KSYSTEM_TIME;
  ImageNumberLow 0x2c u16; ImageNumberHigh 0x2e u16; NtSystemRoot 0x30 [260]wchar; NtBuildNumber 0x260 u32;
  NtProductType 0x264 enum _NT_PRODUCT_TYPE; ProductTypeIsValid 0x268 u8; NtMajorVersion 0x26c u32;
  NtMinorVersion 0x270 u32; BootId 0x2c4 u32; SuiteMask 0x2d0 u32; KdDebuggerEnabled 0x2d4 u8;
  NumberOfPhysicalPages 0x2e8 u32; SafeBootMode 0x2ec u8; TickCount 0x320 _KSYSTEM_TIME; TickCountQuad 0x320 u64;
  ActiveProcessorCount 0x3c0 u32
_KWAIT_BLOCK 0x30: WaitListEntry 0x0 _LIST_ENTRY; WaitType 0x10 u8; BlockState 0x11 u8; WaitKey 0x12 u16;
  Thread 0x18 *_KTHREAD; Object 0x20 *void
_LARGE_INTEGER 0x8 union: LowPart 0x0 u32; QuadPart 0x0 i64; u 0x0 _unnamed_0; HighPart 0x4 i32
_LDR_DATA_TABLE_ENTRY 0x138: InLoadOrderLinks 0x0 _LIST_ENTRY; InMemoryOrderLinks 0x10 _LIST_ENTRY;
  InInitializationOrderLinks 0x20 _LIST_ENTRY; DllBase 0x30 *void; EntryPoint 0x38 *void; SizeOfImage 0x40 u32;
  FullDllName 0x48 _UNICODE_STRING; BaseDllName 0x58 _UNICODE_STRING; Flags 0x68 u32; ObsoleteLoadCount 0x6c u16;
  TlsIndex 0x6e u16; HashLinks 0x70 _LIST_ENTRY; TimeDateStamp 0x80 u32; LoadTime 0x100 _LARGE_INTEGER;
  LoadReason 0x10c enum _LDR_DLL_LOAD_REASON
_LIST_ENTRY 0x10: Flink 0x0 *_LIST_ENTRY; Blink 0x8 *_LIST_ENTRY
_LUID 0x8: LowPart 0x0 u32; HighPart 0x4 i32
_MACHINE_FRAME 0x28: Rip 0x0 u64; SegCs 0x8 u16; Fill1 0xa [3]u16; EFlags 0x10 u32; Fill2 0x14 u32; Rsp 0x18 u64;
  SegSs 0x20 u16; Fill3 0x22 [3]u16
_MI_PARTITION 0x53c0: Vp 0x4140 _MI_VISIBLE_PARTITION
_MI_SYSTEM_INFORMATION 0x50c0: Vs 0x4400 _MI_VISIBLE_STATE
_MI_VISIBLE_PARTITION 0x1280: NumberOfPhysicalPages 0x10 u64; AvailablePages 0xc0 u64; TotalCommittedPages 0x228 u64;
  TotalCommitLimit 0x318 u64
_MI_VISIBLE_STATE 0xcc0: MaximumNonPagedPoolInPages 0x30 u64; NonPagedPoolCommit 0x98 u64
_MMPTE_HARDWARE 0x8: Valid 0x0 u64:0:1; Dirty1 0x0 u64:1:1; Owner 0x0 u64:2:1; WriteThrough 0x0 u64:3:1;
  CacheDisable 0x0 u64:4:1; Accessed 0x0 u64:5:1; Dirty 0x0 u64:6:1; LargePage 0x0 u64:7:1; Global 0x0 u64:8:1;
  CopyOnWrite 0x0 u64:9:1; Write 0x0 u64:11:1; PageFrameNumber 0x0 u64:12:40; NoExecute 0x0 u64:63:1
_MMPTE_PROTOTYPE 0x8: Valid 0x0 u64:0:1; SwizzleBit 0x0 u64:4:1; Protection 0x0 u64:5:5; Prototype 0x0 u64:10:1;
  ProtoAddress 0x0 i64:16:48
_MMPTE_SOFTWARE 0x8: Valid 0x0 u64:0:1; SwizzleBit 0x0 u64:4:1; Protection 0x0 u64:5:5; Prototype 0x0 u64:10:1;
  Transition 0x0 u64:11:1; PageFileLow 0x0 u64:12:4; UsedPageTableEntries 0x0 u64:16:10; PageFileHigh 0x0 u64:32:32
_MMPTE_SUBSECTION 0x8: Valid 0x0 u64:0:1; Protection 0x0 u64:5:5; Prototype 0x0 u64:10:1;
  SubsectionAddress 0x0 i64:16:48
_MMPTE_TRANSITION 0x8: Valid 0x0 u64:0:1; Write 0x0 u64:1:1; SwizzleBit 0x0 u64:4:1; Protection 0x0 u64:5:5;
  Prototype 0x0 u64:10:1; Transition 0x0 u64:11:1; PageFrameNumber 0x0 u64:12:40
_MMSECTION_FLAGS 0x4: Image 0x0 uint:5:1; Based 0x0 uint:6:1; File 0x0 uint:7:1; PhysicalMemory 0x0 uint:10:1;
  Reserve 0x0 uint:12:1; Commit 0x0 uint:13:1; UserReference 0x0 uint:16:1; FilePointerNull 0x0 uint:19:1
_MMSUBSECTION_FLAGS 0x4: Protection 0x0 u16:1:5; SubsectionStatic 0x2 u16:0:1
_MMSUPPORT_FULL 0x140: Instance 0x0 _MMSUPPORT_INSTANCE
_MMSUPPORT_INSTANCE 0xc0: PageFaultCount 0x4 u32; MinimumWorkingSetSize 0x70 u64; WorkingSetSize 0x90 u64;
  MaximumWorkingSetSize 0x78 u64; PeakWorkingSetSize 0xa0 u64
_MMVAD 0x88: Core 0x0 _MMVAD_SHORT; u2 0x40 _unnamed_3; Subsection 0x48 *_SUBSECTION; FirstPrototypePte 0x50 *void;
  LastContiguousPte 0x58 *void; ViewLinks 0x60 _LIST_ENTRY; VadsProcess 0x70 *_EPROCESS
_MMVAD_FLAGS 0x4: DeleteInProgress 0x0 u32:2:1; Lock 0x0 u32:0:1; LockContended 0x0 u32:1:1; NoChange 0x0 u32:3:1;
  PageSize 0x0 u32:19:2; PreferredNode 0x0 u32:12:7; PrivateMemory 0x0 u32:21:1; Protection 0x0 u32:7:5;
  VadType 0x0 u32:4:3; MemCommit 0x0 u32:25:1; ShadowStack 0x0 u32:28:1
_MMVAD_FLAGS1 0x4: CommitCharge 0x0 u32
_MMVAD_FLAGS2 0x4: FileOffset 0x0 u32:0:24; Inherit 0x0 u32:26:1
_MMVAD_SHORT 0x40: VadNode 0x0 _RTL_BALANCED_NODE; StartingVpn 0x18 u32; EndingVpn 0x1c u32; StartingVpnHigh 0x20 u8;
  EndingVpnHigh 0x21 u8; CommitChargeHigh 0x22 u8; u 0x30 _unnamed_4; u1 0x34 _unnamed_5
_MMPFN 0x30: u1 0x0 u64; PteAddress 0x8 *void; PteLong 0x8 u64; OriginalPte 0x10 u64; u2 0x18 u64; u3 0x20 u32;
  u5 0x24 u32; u4 0x28 u64
_PSP_SESSION_SPACE 0x18: ReferenceCount 0x0 i32
_NT_TIB 0x38: ExceptionList 0x0 *_EXCEPTION_REGISTRATION_RECORD; StackBase 0x8 *void; StackLimit 0x10 *void;
  SubSystemTib 0x18 *void; FiberData 0x20 *void; Version 0x20 u32; ArbitraryUserPointer 0x28 *void;
  Self 0x30 *_NT_TIB
_OBJECT_DIRECTORY 0x158: HashBuckets 0x0 [37]*_OBJECT_DIRECTORY_ENTRY; Lock 0x128 _EX_PUSH_LOCK;
  DeviceMap 0x130 *void; ShadowDirectory 0x138 *_OBJECT_DIRECTORY; NamespaceEntry 0x140 *void;
  SessionObject 0x148 *void; Flags 0x150 u32; SessionId 0x154 u32
_OBJECT_DIRECTORY_ENTRY 0x18: ChainLink 0x0 *_OBJECT_DIRECTORY_ENTRY; Object 0x8 *void; HashValue 0x10 u32
_OBJECT_HEADER 0x38: PointerCount 0x0 i64; HandleCount 0x8 i64; NextToFree 0x8 *void; Lock 0x10 _EX_PUSH_LOCK;
  TypeIndex 0x18 u8; DbgRefTrace 0x19 u8:0:1; DbgTracePermanent 0x19 u8:1:1; TraceFlags 0x19 u8; InfoMask 0x1a u8;
  DefaultSecurityQuota 0x1b u8:5:1; DeletedInline 0x1b u8:7:1; ExclusiveObject 0x1b u8:3:1; Flags 0x1b u8;
  KernelObject 0x1b u8:1:1; KernelOnlyAccess 0x1b u8:2:1; NewObject 0x1b u8:0:1; PermanentObject 0x1b u8:4:1;
  SingleHandleEntry 0x1b u8:6:1; Reserved 0x1c u32; ObjectCreateInfo 0x20 *void; QuotaBlockCharged 0x20 *void;
  SecurityDescriptor 0x28 *void; Body 0x30 _QUAD
_OBJECT_HEADER_AUDIT_INFO 0x10: SecurityDescriptor 0x0 *void; Reserved 0x8 u64
_OBJECT_HEADER_CREATOR_INFO 0x20: TypeList 0x0 _LIST_ENTRY; CreatorUniqueProcess 0x10 *void;
  CreatorBackTraceIndex 0x18 u16; Reserved1 0x1a u16; Reserved2 0x1c u32
_OBJECT_HEADER_EXTENDED_INFO 0x10: Footer 0x0 *void; Reserved 0x8 u64
_OBJECT_HEADER_HANDLE_INFO 0x10: HandleCountDataBase 0x0 *void
_OBJECT_HEADER_NAME_INFO 0x20: Directory 0x0 *void; Name 0x8 _UNICODE_STRING; ReferenceCount 0x18 i32;
  Reserved 0x1c u32
_OBJECT_HEADER_PADDING_INFO 0x4: PaddingAmount 0x0 u32
_OBJECT_HEADER_PROCESS_INFO 0x10: ExclusiveProcess 0x0 *_EPROCESS; Reserved 0x8 u64
_OBJECT_HEADER_QUOTA_INFO 0x20: PagedPoolCharge 0x0 u32; NonPagedPoolCharge 0x4 u32;
  SecurityDescriptorCharge 0x8 u32; Reserved1 0xc u32; SecurityDescriptorQuotaBlock 0x10 *void; Reserved2 0x18 u64
_OBJECT_NAME_INFORMATION 0x10: Name 0x0 _UNICODE_STRING
_OBJECT_SYMBOLIC_LINK 0x28: CreationTime 0x0 _LARGE_INTEGER; LinkTarget 0x8 _UNICODE_STRING; Callback 0x8 *void;
  CallbackContext 0x10 *void; DosDeviceDriveIndex 0x18 u32; Flags 0x1c u32; AccessMask 0x20 u32
_OBJECT_TYPE 0xd8: TypeList 0x0 _LIST_ENTRY; Name 0x10 _UNICODE_STRING; Index 0x28 u8; TotalNumberOfObjects 0x2c u32;
  TotalNumberOfHandles 0x30 u32; Key 0xc0 u32
_OWNER_ENTRY 0x10: OwnerThread 0x0 u64; OwnerCount 0x8 u32:3:29; TableSize 0x8 u32
_PEB 0x7d0: InheritedAddressSpace 0x0 u8; ReadImageFileExecOptions 0x1 u8; BeingDebugged 0x2 u8; Mutant 0x8 *void;
  ImageBaseAddress 0x10 *void; Ldr 0x18 *_PEB_LDR_DATA; ProcessParameters 0x20 *_RTL_USER_PROCESS_PARAMETERS;
  SubSystemData 0x28 *void; ProcessHeap 0x30 *void; NumberOfProcessors 0xb8 u32; NtGlobalFlag 0xbc u32;
  NumberOfHeaps 0xe8 u32; MaximumNumberOfHeaps 0xec u32; ProcessHeaps 0xf0 **void; OSMajorVersion 0x118 u32;
  OSMinorVersion 0x11c u32; OSBuildNumber 0x120 u16; SessionId 0x2c0 u32
_PEB_LDR_DATA 0x58: Length 0x0 u32; Initialized 0x4 u8; SsHandle 0x8 *void; InLoadOrderModuleList 0x10 _LIST_ENTRY;
  InMemoryOrderModuleList 0x20 _LIST_ENTRY; InInitializationOrderModuleList 0x30 _LIST_ENTRY
_PHYSICAL_MEMORY_DESCRIPTOR 0x20: NumberOfRuns 0x0 u32; NumberOfPages 0x8 u64; Run 0x10 [1]_PHYSICAL_MEMORY_RUN
_PHYSICAL_MEMORY_RUN 0x10: BasePage 0x0 u64; PageCount 0x8 u64
_POOL_HEADER 0x10: PoolIndex 0x0 u16:8:8; PreviousSize 0x0 u16:0:8; Ulong1 0x0 u32; BlockSize 0x2 u16:0:8;
  PoolType 0x2 u16:8:8; PoolTag 0x4 u32; AllocatorBackTraceIndex 0x8 u16; ProcessBilled 0x8 *_EPROCESS;
  PoolTagHash 0xa u16
_POOL_TRACKER_BIG_PAGES 0x20: Va 0x0 u64; Key 0x8 u32; Pattern 0xc u32:0:8; PoolType 0xc u32:8:12;
  SlushSize 0xc u32:20:12; NumberOfBytes 0x10 u64
_POP_IRP_DATA 0x120: Link 0x0 _LIST_ENTRY; Irp 0x10 *_IRP; Pdo 0x18 *_DEVICE_OBJECT;
  TargetDevice 0x20 *_DEVICE_OBJECT; CurrentDevice 0x28 *_DEVICE_OBJECT; WatchdogStart 0x30 u64;
  MinorFunction 0xb8 u8; PowerStateType 0xbc u32; PowerState 0xc0 u32
_PORT_MESSAGE 0x28: ClientId 0x8 _CLIENT_ID; MessageId 0x18 u32; CallbackId 0x20 u32; ClientViewSize 0x20 u64
_PS_PROTECTION 0x1: Audit 0x0 u8:3:1; Level 0x0 u8; Signer 0x0 u8:4:4; Type 0x0 u8:0:3
_QUAD 0x8: DoNotUseThisField 0x0 double; UseThisFieldToCopy 0x0 i64
_RTL_AVL_TREE 0x8: Root 0x0 *_RTL_BALANCED_NODE
_RTL_BALANCED_NODE 0x18: Children 0x0 [2]*_RTL_BALANCED_NODE; Left 0x0 *_RTL_BALANCED_NODE;
  Right 0x8 *_RTL_BALANCED_NODE; Balance 0x10 u8:0:2; ParentValue 0x10 u64; Red 0x10 u8:0:1
_RTL_RB_TREE 0x10: Root 0x0 *_RTL_BALANCED_NODE; Encoded 0x8 u8:0:1; Min 0x8 *_RTL_BALANCED_NODE
_RTL_CRITICAL_SECTION 0x28: DebugInfo 0x0 *void; LockCount 0x8 i32; RecursionCount 0xc i32; OwningThread 0x10 *void;
  LockSemaphore 0x18 *void; SpinCount 0x20 u64
_RTL_CRITICAL_SECTION_DEBUG 0x30: Type 0x0 u16; CriticalSection 0x8 *_RTL_CRITICAL_SECTION;
  ProcessLocksList 0x10 _LIST_ENTRY; EntryCount 0x20 u32; ContentionCount 0x24 u32
_RTL_USER_PROCESS_PARAMETERS 0x440: MaximumLength 0x0 u32; Length 0x4 u32; Flags 0x8 u32;
  CurrentDirectory 0x38 _CURDIR; DllPath 0x50 _UNICODE_STRING; ImagePathName 0x60 _UNICODE_STRING;
  CommandLine 0x70 _UNICODE_STRING; Environment 0x80 *void; WindowTitle 0xb0 _UNICODE_STRING;
  EnvironmentSize 0x3f0 u64
_SECTION_OBJECT_POINTERS 0x18: DataSectionObject 0x0 *void; SharedCacheMap 0x8 *void; ImageSectionObject 0x10 *void
_SEGMENT 0x48: ControlArea 0x0 *_CONTROL_AREA; TotalNumberOfPtes 0x8 u32; NumberOfCommittedPages 0x10 u64;
  SizeOfSegment 0x18 u64; PrototypePte 0x40 *void
_SE_AUDIT_PROCESS_CREATION_INFO 0x8: ImageFileName 0x0 *_OBJECT_NAME_INFORMATION
_SHARED_CACHE_MAP 0x258: NodeTypeCode 0x0 i16; NodeByteSize 0x2 i16
_SINGLE_LIST_ENTRY 0x8: Next 0x0 *_SINGLE_LIST_ENTRY
_STRING 0x10: Length 0x0 u16; MaximumLength 0x2 u16; Buffer 0x8 *i8
_SUBSECTION 0x38: ControlArea 0x0 *_CONTROL_AREA; SubsectionBase 0x8 *void; NextSubsection 0x10 *_SUBSECTION;
  u 0x20 _unnamed_9; StartingSector 0x24 u32; NumberOfFullSectors 0x28 u32; PtesInSubsection 0x2c u32
_TEB 0x1850: NtTib 0x0 _NT_TIB; ClientId 0x40 _CLIENT_ID; ThreadLocalStoragePointer 0x58 *void;
  ProcessEnvironmentBlock 0x60 *_PEB; LastErrorValue 0x68 u32; DeallocationStack 0x1478 *void;
  TlsSlots 0x1480 [64]*void; WowTebOffset 0x180c i32
_TOKEN 0x498: TokenSource 0x0 _TOKEN_SOURCE; TokenId 0x10 _LUID; SessionId 0x78 u32; UserAndGroupCount 0x7c u32;
  UserAndGroups 0x98 *void
_TOKEN_SOURCE 0x10: SourceName 0x0 [8]i8; SourceIdentifier 0x8 _LUID
_TRIAGE_9F_PNP 0x20: Signature 0x0 u16; Revision 0x2 u16; CompletionQueue 0x8 *void; DelayedWorkQueue 0x10 *void
_TRIAGE_9F_POWER 0x28: Signature 0x0 u16; Revision 0x2 u16; IrpList 0x8 *_LIST_ENTRY; ThreadList 0x10 *_LIST_ENTRY;
  DelayedWorkQueue 0x18 *void; DelayedIoWorkQueue 0x20 *void
_TRIAGE_DEVICE_NODE 0x58: Sibling 0x0 *_TRIAGE_DEVICE_NODE; Child 0x8 *_TRIAGE_DEVICE_NODE;
  Parent 0x10 *_TRIAGE_DEVICE_NODE; LastChild 0x18 *_TRIAGE_DEVICE_NODE; PhysicalDeviceObject 0x20 *_DEVICE_OBJECT;
  InstancePath 0x28 _UNICODE_STRING; ServiceName 0x38 _UNICODE_STRING; PendingIrp 0x48 *_IRP; FxDevice 0x50 *void
_TRIAGE_POP_FX_DEVICE 0x38: Link 0x0 _LIST_ENTRY; Irp 0x10 *_IRP; IrpData 0x18 *void; Status 0x20 i32;
  DeviceNode 0x30 *_TRIAGE_DEVICE_NODE
_ULARGE_INTEGER 0x8 union: QuadPart 0x0 u64; LowPart 0x0 u32; HighPart 0x4 u32
_UNICODE_STRING 0x10: Length 0x0 u16; MaximumLength 0x2 u16; Buffer 0x8 *wchar
_VACB 0x28: BaseAddress 0x0 *void
_VPB 0x60: Type 0x0 i16; Size 0x2 i16; Flags 0x4 u16; VolumeLabelLength 0x6 u16; DeviceObject 0x8 *_DEVICE_OBJECT;
  RealDevice 0x10 *_DEVICE_OBJECT; SerialNumber 0x18 u32; ReferenceCount 0x1c u32; VolumeLabel 0x20 [32]wchar
_WORK_QUEUE_ITEM 0x20: List 0x0 _LIST_ENTRY; WorkerRoutine 0x10 *void; Parameter 0x18 *void
_XSAVE_FORMAT 0x200: ControlWord 0x0 u16; StatusWord 0x2 u16; TagWord 0x4 u8; MxCsr 0x18 u32; MxCsr_Mask 0x1c u32
_unnamed_0 0x8: LowPart 0x0 u32; HighPart 0x4 i32
_unnamed_7 0x58: DeviceQueueEntry 0x0 _KDEVICE_QUEUE_ENTRY; DriverContext 0x0 [4]*void; Thread 0x20 *_ETHREAD;
  AuxiliaryBuffer 0x28 *i8; ListEntry 0x30 _LIST_ENTRY; CurrentStackLocation 0x40 *_IO_STACK_LOCATION;
  PacketType 0x40 u32; OriginalFileObject 0x48 *_FILE_OBJECT; IrpExtension 0x50 *void
_unnamed_6 0x58 union: CompletionKey 0x0 *void; Overlay 0x0 _unnamed_7
_unnamed_4 0x4 union: LongFlags 0x0 u32; VadFlags 0x0 _MMVAD_FLAGS; VolatileVadLong 0x0 u32
_unnamed_5 0x4 union: LongFlags1 0x0 u32; VadFlags1 0x0 _MMVAD_FLAGS1
_unnamed_2 0x4 union: LongFlags 0x0 u32
_unnamed_1 0x2 union: EntireField 0x0 u16; SignatureLevel 0x0 u16:0:4; SignatureType 0x0 u16:4:3; Unused 0x0 u16:7:9
_unnamed_3 0x4 union: LongFlags2 0x0 u32; VadFlags2 0x0 _MMVAD_FLAGS2
_unnamed_8 0x4 union: LongFlags 0x0 u32; Flags 0x0 _MMSECTION_FLAGS
_unnamed_9 0x4 union: LongFlags 0x0 u32; SubsectionFlags 0x0 _MMSUBSECTION_FLAGS
enum _KOBJECTS u32: EventNotificationObject=0 EventSynchronizationObject=1 MutantObject=2 ProcessObject=3
  QueueObject=4 SemaphoreObject=5 ThreadObject=6 GateObject=7 TimerNotificationObject=8 TimerSynchronizationObject=9
  Spare2Object=10 Spare3Object=11 Spare4Object=12 Spare5Object=13 Spare6Object=14 Spare7Object=15 Spare8Object=16
  ProfileCallbackObject=17 ApcObject=18 DpcObject=19 DeviceQueueObject=20 PriQueueObject=21 InterruptObject=22
  ProfileObject=23 Timer2NotificationObject=24 Timer2SynchronizationObject=25 ThreadedDpcObject=26
  MaximumKernelObject=27
enum _KTHREAD_STATE u32: Initialized=0 Ready=1 Running=2 Standby=3 Terminated=4 Waiting=5 Transition=6
  DeferredReady=7 GateWaitObsolete=8 WaitingForProcessInSwap=9
enum _KWAIT_REASON u32: Executive=0 FreePage=1 PageIn=2 PoolAllocation=3 DelayExecution=4 Suspended=5 UserRequest=6
  WrExecutive=7 WrFreePage=8 WrPageIn=9 WrPoolAllocation=10 WrDelayExecution=11 WrSuspended=12 WrUserRequest=13
  WrSpare0=14 WrQueue=15 WrLpcReceive=16 WrLpcReply=17 WrVirtualMemory=18 WrPageOut=19 WrRendezvous=20
  WrKeyedEvent=21 WrTerminated=22 WrProcessInSwap=23 WrCpuRateControl=24 WrCalloutStack=25 WrKernel=26 WrResource=27
  WrPushLock=28 WrMutex=29 WrQuantumEnd=30 WrDispatchInt=31 WrPreempted=32 WrYieldExecution=33 WrFastMutex=34
  WrGuardedMutex=35 WrRundown=36 WrAlertByThreadId=37 WrDeferredPreempt=38 WrPhysicalFault=39 MaximumWaitReason=40
enum _LDR_DLL_LOAD_REASON u32: LoadReasonUnknown=-1 LoadReasonStaticDependency=0
  LoadReasonStaticForwarderDependency=1 LoadReasonDynamicForwarderDependency=2 LoadReasonDelayloadDependency=3
  LoadReasonDynamicLoad=4 LoadReasonAsImageLoad=5 LoadReasonAsDataLoad=6 LoadReasonEnclavePrimary=7
  LoadReasonEnclaveDependency=8
enum _NT_PRODUCT_TYPE u32: NtProductWinNt=1 NtProductLanManNt=2 NtProductServer=3
enum _POOL_TYPE u32: NonPagedPool=0 NonPagedPoolBase=0 NonPagedPoolExecute=0 PagedPool=1
  NonPagedPoolBaseMustSucceed=2 NonPagedPoolMustSucceed=2 DontUseThisType=3 NonPagedPoolBaseCacheAligned=4
  NonPagedPoolCacheAligned=4 PagedPoolCacheAligned=5 NonPagedPoolBaseCacheAlignedMustS=6
  NonPagedPoolCacheAlignedMustS=6 MaxPoolType=7 NonPagedPoolSession=32 PagedPoolSession=33
  NonPagedPoolMustSucceedSession=34 DontUseThisTypeSession=35 NonPagedPoolCacheAlignedSession=36
  PagedPoolCacheAlignedSession=37 NonPagedPoolCacheAlignedMustSSession=38 NonPagedPoolNx=512
  NonPagedPoolNxCacheAligned=516 NonPagedPoolSessionNx=544
enum _SYSTEM_DLL_TYPE int: PsNativeSystemDll=0 PsWowX86SystemDll=1 PsWowArm32SystemDll=2 PsWowAmd64SystemDll=3
  PsWowChpeX86SystemDll=4 PsVsmEnclaveRuntimeDll=5 PsSystemDllTotalTypes=6
"""
