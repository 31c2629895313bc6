"""The made-up x64 kernel: its functions in the notation of functions.py.

Names, who calls whom and the sizes of the stack frames are those seen in public stack listings of real crashes;
the code itself is made by the lab.
"""

KERNEL = """
-- crash path
KeBugCheckEx export save=rbx frame=20 : #4 KeBugCheck2
KeBugCheck2 save=rbp,rbx,rsi,rdi frame=7f8 : KeGetCurrentIrql #6 *callback #2
KiBugCheckDispatch frame=138 : #6 KeBugCheckEx #1
KiPageFault trap : #6 MmAccessFault #3 KiBugCheckDispatch #2 KiExceptionDispatch
KiGeneralProtectionFault trap : #6 KiExceptionDispatch #2
KiDoubleFaultAbort trap : #4 KiBugCheckDispatch
KiBreakpointTrap interrupt : #6 KiExceptionDispatch
KiDivideErrorFault interrupt : #6 KiExceptionDispatch
KiExceptionDispatch frame=1d8 : #8 KiDispatchException KxExceptionDispatchOnExceptionStack
KiDispatchException save=rbp,rbx,rsi,rdi,r12,r13,r14,r15 frame=678 : #6 KdTrap #2 RtlDispatchException #4 KeBugCheckEx
RtlDispatchException export save=rbp,rbx,rsi,rdi,r12,r13,r14,r15 frame=6d8 : #5 RtlLookupFunctionEntry \
  RtlpExecuteHandlerForException #3
RtlpExecuteHandlerForException frame=28 : *handler #1
RtlLookupFunctionEntry export save=rbx,rsi,rdi frame=20 : #7
__C_specific_handler export save=rbx,rbp,rsi,rdi,r12,r14 frame=38 : #4 *filter #3
KiSystemServiceHandler frame=28 : #3 KiBugCheckDispatch #2
PspSystemThreadStartup$filt$0 save=rbp frame=30 : #2 KeBugCheckEx
MmAccessFault export save=rbp,rbx,rsi,rdi,r12,r13 frame=128 : #6 MiSystemFault #4 KeWaitForSingleObject #2
MiSystemFault save=rbp,rbx,rsi,rdi,r12,r14 frame=e8 : #6 KeBugCheckEx #3
KeGetCurrentIrql export leaf : #2
KdTrap save=rbx frame=40 : KdpReport
KdpReport save=rbx,rsi frame=38 : KdpReportExceptionStateChange
KdpReportExceptionStateChange save=rbx,rsi frame=108 : KdpSendWaitContinue
KdpSendWaitContinue save=rbp,rbx,rsi,rdi,r14 frame=80 : #4 KdpCauseBugCheck #2
KdpCauseBugCheck frame=38 : #2 KeBugCheckEx
DbgBreakPointWithStatus export leaf : =cc@break
DbgBreakPoint export leaf : =cc@break
KdCheckForDebugBreak frame=28 : DbgBreakPointWithStatus
-- system calls
KiSystemCall64 syscall : :KiSystemServiceUser #4 :KiSystemServiceStart #3 :KiSystemServiceRepeat #4 \
  :KiSystemServiceGdiTebAccess #2 :KiSystemServiceCopyStart #6 :KiSystemServiceCopyEnd #5 *service #2 \
  :KiSystemServiceExit #3 KiBugCheckDispatch
NtDeviceIoControlFile PAGE export frame=68 : #2 IopXxxControlFile #1
IopXxxControlFile PAGE save=rbx,rsi,rdi,r12,r13,r14,r15 frame=150 : #5 IopAllocateIrpPrivate #3 \
  IopSynchronousServiceTail #2
IopSynchronousServiceTail PAGE save=rbx,rbp,rsi,rdi,r14 frame=60 : #3 IofCallDriver #2 KeWaitForSingleObject #2
IopAllocateIrpPrivate save=rbx,rsi,rdi frame=20 : #4
IofCallDriver export frame=38 : #3 *dispatch #1
IofCompleteRequest export frame=28 : IopfCompleteRequest
IopfCompleteRequest save=rbx,rbp,rsi,rdi,r12,r14,r15 frame=70 : #4 *completion #3
NtReadFile PAGE export save=rbx,rsi,rdi,r12,r13,r14,r15 frame=c0 : #4 IopSynchronousServiceTail
NtWriteFile PAGE export save=rbx,rsi,rdi,r12,r13,r14,r15 frame=d0 : #4 IopSynchronousServiceTail
NtClose PAGE export save=rbx,rsi frame=28 : ObReferenceObjectByHandle
NtTerminateProcess PAGE export save=rbx,rsi,rdi,r14 frame=48 : #3 PspTerminateProcess
PspTerminateProcess PAGE save=rbx,rbp,rsi,rdi frame=38 : #3 PspCatchCriticalBreak #2 PspTerminateAllThreads
PspCatchCriticalBreak PAGE save=rbx,rsi,rdi,r14 frame=58 : #3 KeBugCheckEx
PspTerminateAllThreads PAGE save=rbx,rsi,rdi frame=30 : #3
NtWaitForSingleObject export save=rbx,rsi frame=48 : ObReferenceObjectByHandle KeWaitForSingleObject
ObReferenceObjectByHandle PAGE export save=rbx,rsi,rdi frame=50 : #4
KeWaitForSingleObject export save=rbx,rbp,rsi,rdi,r14 frame=60 : #2 KiCommitThreadWait
KeWaitForMultipleObjects export save=rbx,rbp,rsi,rdi,r12,r13 frame=a8 : #2 KiCommitThreadWait
KeRemoveQueueEx export save=rbx,rbp,rsi,rdi,r14 frame=60 : #2 KiCommitThreadWait
KeDelayExecutionThread export save=rbx,rbp,rsi,rdi frame=58 : #2 KiCommitThreadWait
KiCommitThreadWait save=rbx,rbp,rsi,rdi,r12,r13,r14 frame=60 : #3 KiSwapThread #2
KiSwapThread save=rbx,rbp,rsi,rdi,r12,r13,r14 frame=b0 : #3 KiSwapContext #1
KiSwapContext frame=138 : #2 SwapContext #2
SwapContext save=rbp frame=30 : #6
-- system threads
KiStartSystemThread frame=28 : #1 *start
PspSystemThreadStartup export save=rbx,rbp,rsi frame=30 : #2 *routine #2
ExpWorkerThread save=rbx,rbp,rsi,rdi,r14 frame=60 : #2 KeRemoveQueueEx *work #3
MmZeroPageThread save=rbx,rsi frame=38 : KeWaitForMultipleObjects
IopProcessWorkItem frame=28 save=rbx,rdi : #1 *routine
-- interrupts, clock, deferred calls, idle
KiInterruptDispatch interrupt : #4 KiInterruptSubDispatch #2
KiInterruptDispatchNoLockNoEtw interrupt : #4 KiInterruptSubDispatchNoLockNoEtw #2
KiInterruptSubDispatch frame=30 save=rbx : #2 KiCallInterruptServiceRoutine
KiInterruptSubDispatchNoLockNoEtw frame=30 save=rbx : #2 KiCallInterruptServiceRoutine
KiCallInterruptServiceRoutine save=rbx,rsi,rdi frame=30 : #2 *isr HalpTimerClockInterrupt #2
HalpTimerClockInterrupt frame=38 : #2 KeClockInterruptNotify
KeClockInterruptNotify save=rbx,rsi,rdi,r14 frame=48 : #3 KeAccumulateTicks #2
KeAccumulateTicks save=rbp,rbx,rsi,rdi,r12,r14 frame=38 : #2 KdCheckForDebugBreak #3 KeBugCheckEx #2
KiIdleLoop frame=28 : #2 KiRetireDpcList #2 PoIdle #1
KiRetireDpcList save=rbp,rbx,rsi,rdi,r12,r13,r14,r15 frame=278 : #3 KiExecuteAllDpcs #2
KiExecuteAllDpcs save=rbx,rbp,rsi,rdi,r12,r13,r14,r15 frame=128 : #3 *deferred KiProcessExpiredTimerList #2
KiProcessExpiredTimerList save=rbx,rbp,rsi,rdi,r14 frame=90 : #3 *deferred #2
PopIrpWatchdog save=rbx,rsi frame=38 : PopIrpWatchdogBugcheck
PopIrpWatchdogBugcheck save=rbx,rsi,rdi frame=30 : #3 KeBugCheckEx
PoIdle save=rbp,rbx,rsi,rdi,r14 frame=80 : #2 PpmIdleExecuteTransition
PpmIdleExecuteTransition save=rbp,rbx,rsi,rdi,r12,r14 frame=108 : #2 PpmIdleDefaultExecute
PpmIdleDefaultExecute frame=28 : HalProcessorIdle
HalProcessorIdle export frame=28 : =f4@hlt #1
KiNmiInterrupt interrupt : #3 KxNmiInterrupt #2
KxNmiInterrupt frame=138 : #2 KiProcessNMI
KiProcessNMI save=rbx,rsi frame=38 : #2 KiHandleNmi HalHandleNMI
KiHandleNmi save=rbx frame=20 : #3
HalHandleNMI export save=rbx,rdi frame=38 : HalBugCheckSystem
HalBugCheckSystem export save=rbx,rbp,rsi,rdi frame=38 : #2 KeBugCheckEx
-- services that drivers call
KeSetEvent export save=rbx,rbp,rsi,rdi frame=38 : #2 =488b4908@fault #2 =f0480fba2900@lock #2
KeInitializeEvent export leaf : #3
KeInsertQueueDpc export save=rbx,rsi frame=38 : #4
KeSetTimer export save=rbx frame=40 : #4
KeAcquireSpinLockRaiseToDpc export leaf : =f0480fba2900@fault #2
KeReleaseSpinLock export leaf : #2
ExAllocatePoolWithTag export save=rbx,rsi,rdi,r14 frame=48 : #5
ExFreePoolWithTag export frame=28 : ExFreeHeapPool
ExFreePool export frame=28 : ExFreeHeapPool
ExFreeHeapPool save=rbx,rsi,rdi,r14,r15 frame=80 : #4 KeBugCheckEx #2
ExQueueWorkItem export save=rbx frame=30 : #3
RtlInitUnicodeString export leaf : #4
RtlCopyMemory export leaf : =8a0411@fault #3
IoCreateDevice export PAGE save=rbx,rsi,rdi,r12 frame=118 : #4
IoDeleteDevice export save=rbx frame=30 : #3 KeBugCheckEx
IoAllocateIrp export frame=28 : IopAllocateIrpPrivate
IoFreeIrp export frame=28 : #3
ZwClose export frame=28 : NtClose
MmGetSystemRoutineAddress export PAGE save=rbx frame=70 : #3
MmMapIoSpace export save=rbx,rsi frame=48 : #3
PsGetCurrentProcessId export leaf : #1
PsCreateSystemThread export PAGE save=rbx,rsi,rdi frame=90 : #4
PoStartNextPowerIrp export leaf : #1
PoCallDriver export frame=28 : IofCallDriver
ExfPrivateOrdinal leaf : #2
KiSystemStartup entry save=rbx,rsi frame=68 : #4
-- what leaves the interrupted stack: the word 10h below the new stack's top leads back to the trap frame
KiInterruptDispatchNoLock interrupt : #4 KiInterruptSubDispatchNoLock #2
KiInterruptSubDispatchNoLock switch : =65488b042558870000 =488948f0 =488d60b0 #2 KiCallInterruptServiceRoutine #2
KiDpcInterrupt interrupt : #4 KxRetireDpcList #2
KxRetireDpcList switch : =65488b042590320000 =488948f0 =488d60b0 #2 KiRetireDpcList #2
-- __fastfail
KiRaiseSecurityCheckFailure interrupt : #6 KiFastFailDispatch #2
KiFastFailDispatch frame=1d8 : #4 KiBugCheckDispatch #1
-- exceptions whose dispatch goes on on a stack of the processor
KxExceptionDispatchOnExceptionStack onto : =65488b0425a8800000 =488d60e0 KiDispatchException #1
MmFreePoolcodeStub POOLCODE leaf : #4
-- dispatch routines of the drivers that live in the kernel, and the one of every function that a driver has none for
IopInvalidDeviceRequest frame=28 : #2 IofCompleteRequest #1
IopPnPDispatch save=rbx,rdi frame=38 : #3 IofCompleteRequest #2
IopPowerDispatch save=rbx frame=20 : #2 PoStartNextPowerIrp IofCompleteRequest #1
RawDispatch save=rbx,rsi frame=48 : #3 IofCallDriver #2
WmipIrpDispatch save=rbx,rdi frame=38 : #3 IofCompleteRequest #1
IopPnPDriverEntry save=rbx frame=40 : #3 IoCreateDevice #2
WmipDriverEntry save=rbx frame=40 : #3 IoCreateDevice #2
RawInitialize save=rbx frame=40 : #3 IoCreateDevice #2
PopRequestCompletion save=rbx,rsi frame=38 : #3
-- power and Plug and Play: what completes requests and waits for devices
PopSystemIrpCompletion save=rbx,rsi frame=38 : #3 KeBugCheckEx
PnpDeviceActionWorker save=rbx,rsi,rdi frame=60 : #3 IopSynchronousCall #1 \
  PnpDeviceCompletionQueueGetCompletedRequest
IopSynchronousCall save=rbx,rsi,rdi frame=90 : #2 IofCallDriver #2 KeWaitForSingleObject
PnpDeviceCompletionQueueGetCompletedRequest save=rbx,rdi frame=38 : #2 KeWaitForSingleObject #2
-- what notices that devices do not answer (names of the lab's own)
PopDripsWatchdogWorker save=rbx,rsi frame=38 : #3 KeBugCheckEx
PnpWatchdogWorker save=rbx,rsi frame=38 : #3 KeBugCheckEx
-- waits: services, and what takes locks
NtWaitForMultipleObjects PAGE export save=rbx,rsi,rdi,r12 frame=298 : #4 ObWaitForMultipleObjects #1
ObWaitForMultipleObjects PAGE save=rbx,rsi,rdi,r12,r14 frame=c0 : #4 KeWaitForMultipleObjects #1
NtDelayExecution PAGE export save=rbx frame=40 : #3 KeDelayExecutionThread #1
NtWaitForKeyedEvent PAGE export save=rbx,rsi,rdi frame=50 : #3 KeWaitForSingleObject #2
NtWaitForAlertByThreadId export save=rbx frame=30 : #2 KeWaitForAlertByThreadId #1
KeWaitForAlertByThreadId save=rbx,rsi,rdi frame=40 : #3 KiCommitThreadWait #1
NtAlpcSendWaitReceivePort PAGE export save=rbx,rsi,rdi,r12,r14 frame=a0 : #3 AlpcpProcessSynchronousRequest #2
AlpcpProcessSynchronousRequest PAGE save=rbx,rsi,rdi,r14 frame=b8 : #3 AlpcpReceiveSynchronousReply #2
AlpcpReceiveSynchronousReply PAGE save=rbx,rsi,rdi frame=50 : #3 AlpcpSignalAndWait #1
AlpcpSignalAndWait save=rbx,rsi,rdi frame=40 : #3 KeWaitForSingleObject #1
ExAcquireResourceExclusiveLite export save=rbx,rsi,rdi,r14 frame=68 : #4 ExpWaitForResource #2
ExAcquireResourceSharedLite export save=rbx,rsi,rdi,r14 frame=68 : #4 ExpWaitForResource #2
ExpWaitForResource save=rbx,rsi,rdi frame=d0 : #4 KeWaitForSingleObject #3
ExAcquireFastMutex export save=rbx frame=30 : #3 ExpAcquireFastMutexContended #1
ExpAcquireFastMutexContended save=rbx,rsi frame=48 : #3 KeWaitForSingleObject #1
KeAcquireGuardedMutex export save=rbx frame=30 : #3 KiAcquireGuardedMutex #1
KiAcquireGuardedMutex save=rbx,rsi frame=38 : #3 KeWaitForGate #1
KeWaitForGate export save=rbx,rsi,rdi frame=30 : #2 KiCommitThreadWait #1
ExfAcquirePushLockExclusive export save=rbx,rsi,rdi frame=90 : #4 KeWaitForGate KeWaitForSingleObject #2
"""

DATA = (
    ("KdDebuggerDataBlock", 0x380), ("KdVersionBlock", 0x28), ("PsLoadedModuleList", 0x10),
    ("PsActiveProcessHead", 0x10), ("KeNumberProcessors", 4), ("KiProcessorBlock", 0x200), ("MmUnloadedDrivers", 8),
    ("MmLastUnloadedDriver", 4), ("NtBuildLab", 0x100), ("NtBuildLabEx", 0x100), ("CmNtCSDVersion", 4),
    ("PspCidTable", 8), ("KiBugcheckData", 0x28), ("MmPfnDatabase", 8), ("MmHighestUserAddress", 8),
    ("MmSystemRangeStart", 8), ("MmUserProbeAddress", 8), ("NtBuildNumber", 4), ("PsInitialSystemProcess", 8),
    ("PsIdleProcess", 8), ("ObTypeIndexTable", 0x200), ("ObHeaderCookie", 4), ("ObpRootDirectoryObject", 8),
    ("PoolBigPageTable", 8), ("PoolBigPageTableSize", 8), ("PsProcessType", 8), ("PsThreadType", 8),
    ("KeLoaderBlock", 8), ("CmpHiveListHead", 0x10), ("PopWatchdogTriage", 0x60), ("IopFunctionTable", 0x40),
    ("MmPhysicalMemoryBlock", 8),
    ("MmProtectToValue", 0x80),
    ("ObpInfoMaskToOffset", 0x40),
    ("IopRootDeviceNode", 8), ("IoDriverObjectType", 8), ("IoDeviceObjectType", 8), ("IoFileObjectType", 8),
    ("ObpDirectoryObjectType", 8), ("PopIrpList", 0x10), ("KiBugCheckDriver", 8),
    ("ExpSystemResourcesList", 0x10), ("IopDriverLoadResource", 0x68), ("ExWorkerQueue", 0x108),
)  # fmt: skip

# what the debugger's data block is encoded with in memory: Windows 8 and later, x64 (public symbol tables)
ENCODING_DATA = (("KiWaitNever", 8), ("KiWaitAlways", 8), ("KdpDataBlockEncoded", 1))

# what the pointers from timers to their deferred calls are encoded with: Windows 7, x64
TIMER_DATA = (("KiWaitNever", 8), ("KiWaitAlways", 8))
# the memory manager's counters: variables up to Windows 8.1, structures since Windows 10 (public symbol tables)
COUNTER_DATA = (("MmNumberOfPhysicalPages", 8), ("MmMaximumNonPagedPoolInBytes", 8), ("MmTotalCommitLimit", 8),
                ("MmTotalCommittedPages", 8), ("MmAvailablePages", 8), ("NonPagedPoolDescriptor", 0x100))  # fmt: skip
STATE_DATA = (("MiState", 0x3280), ("MiSystemPartition", 0x2D00), ("KiTimer2Collections", 0x78))
# the ready threads, which are members of KPRCB since Vista
OLD_QUEUES = (("KiReadySummary", 4), ("KiDispatcherReadyListHead", 0x100))

EXPORTED_DATA = (
    "PsInitialSystemProcess",
    "PsLoadedModuleList",
    "NtBuildNumber",
    "MmHighestUserAddress",
    "KeNumberProcessors",
    "KeLoaderBlock",
)
