"""The made-up x86 kernels: their functions in the notation of functions.py.

Names and who calls whom are those seen in public stack listings of real crashes; the code itself is made by the lab.
"""

KERNEL = """
-- crash path
KeBugCheckEx export frame=0 : KeBugCheck2
KeBugCheck2 frame=394 save=ebx,esi,edi : #6 *callback #2
KiTrap0E trap : #8 MmAccessFault #4 KeBugCheck2 #2 CommonDispatchException
KiTrap0D trap : #6 CommonDispatchException
KiTrap03 interrupt : #6 CommonDispatchException
KiTrap02 interrupt : #8 HalHandleNMIThunk #2
CommonDispatchException naked frame=50 : #3 KiDispatchException #1
KiDispatchException frame=3a0 save=ebx,esi,edi : #4 KdpTrap #3 RtlDispatchException #3 KeBugCheckEx #2
RtlDispatchException export frame=78 save=ebx,esi,edi : #5 RtlpExecuteHandlerForException #3
RtlpExecuteHandlerForException naked frame=0 : ExecuteHandler2
ExecuteHandler2 frame=0 : *handler
_except_handler3 export frame=8 save=ebx,esi,edi : #3 *filter #2
PspUnhandledExceptionInSystemThread frame=0 : #1 KeBugCheckEx
MmAccessFault export frame=4c save=ebx,esi,edi : #6 KeBugCheckEx #4 KeWaitForSingleObject #2
KdpTrap frame=0 save=esi : #2 KdpReport
KdpReport frame=0 save=ebx,esi : #2 KdpReportExceptionStateChange
KdpReportExceptionStateChange frame=150 save=ebx,esi,edi : #3 KdpSendWaitContinue
KdpSendWaitContinue frame=48 save=ebx,esi,edi : #4 KdpCauseBugCheck #1
KdpCauseBugCheck frame=0 : #1 KeBugCheckEx
DbgBreakPointWithStatus export leaf : #1 =cc@break
DbgBreakPoint export leaf : =cc@break
KdCheckForDebugBreak naked frame=0 : DbgBreakPointWithStatus
-- system calls
KiFastCallEntry syscall : #10 *service :KiServiceExit #3 :KiServiceExit2 #2
NtDeviceIoControlFile PAGE export frame=0 : #2 IopXxxControlFile
IopXxxControlFile PAGE frame=80 save=ebx,esi,edi : #5 IopAllocateIrpPrivate #3 IopSynchronousServiceTail
IopSynchronousServiceTail PAGE frame=10 save=ebx,esi,edi : #3 IofCallDriver #2 KeWaitForSingleObject #1
IopAllocateIrpPrivate frame=8 save=esi,edi : #4
IofCallDriver export naked frame=0 save=esi : #3 *dispatch #1
IofCompleteRequest export naked frame=0 : IopfCompleteRequest
IopfCompleteRequest frame=24 save=ebx,esi,edi : #4 *completion #3
NtReadFile PAGE export frame=68 save=ebx,esi,edi : #4 IopSynchronousServiceTail
NtWriteFile PAGE export frame=68 save=ebx,esi,edi : #4 IopSynchronousServiceTail
NtClose PAGE export frame=10 save=ebx,esi : ObReferenceObjectByHandle
NtTerminateProcess PAGE export frame=18 save=ebx,esi,edi : #3 PspTerminateProcess
PspTerminateProcess PAGE frame=c save=ebx,esi,edi : #3 PspCatchCriticalBreak #1
PspCatchCriticalBreak PAGE frame=18 save=ebx,esi,edi : #3 KeBugCheckEx
NtWaitForSingleObject export frame=30 save=ebx,esi : ObReferenceObjectByHandle KeWaitForSingleObject
ObReferenceObjectByHandle PAGE export frame=20 save=ebx,esi,edi : #4
KeWaitForSingleObject export frame=2c save=ebx,esi,edi : #2 KiCommitThreadWait
KeWaitForMultipleObjects export frame=38 save=ebx,esi,edi : #2 KiCommitThreadWait
KeRemoveQueue export frame=24 save=ebx,esi,edi : #2 KiCommitThreadWait
KeDelayExecutionThread export frame=30 save=ebx,esi,edi : #2 KiCommitThreadWait
KiCommitThreadWait frame=10 save=ebx,esi,edi : #3 KiSwapThread
KiSwapThread naked frame=8 save=esi,edi : #3 KiSwapContext
KiSwapContext naked frame=0 save=ebx,esi,edi,ebp : #2 SwapContext
SwapContext naked frame=8 : #6
-- system threads
KiThreadStartup naked frame=0 : #1 *start
PspSystemThreadStartup export frame=20 save=ebx,esi : #2 *routine #2 PspUnhandledExceptionInSystemThread
ExpWorkerThread frame=18 save=ebx,esi,edi : #2 KeRemoveQueue *work #3
MmZeroPageThread frame=10 save=ebx,esi : #2 KeWaitForMultipleObjects
IopProcessWorkItem frame=0 save=esi : #1 *routine
-- interrupts, clock, deferred calls, idle
KiInterruptDispatch interrupt : #4 *isr #2
KiClockInterrupt interrupt : #4 KeUpdateSystemTime #2
KeUpdateSystemTime naked frame=10 : #4 KeUpdateRunTime #2
KeUpdateRunTime naked frame=c save=ebx : #4 KdCheckForDebugBreak #2
KiIdleLoop naked frame=10 : #2 KiRetireDpcList #2 *idle
KiRetireDpcList naked frame=28 save=ebx,esi : #3 *deferred KiTimerExpiration #2
KiTimerExpiration frame=30 save=ebx,esi,edi : #3 *deferred #1
PopIrpWatchdog frame=10 save=ebx,esi : #3 KeBugCheckEx
PoIdle frame=18 save=ebx,esi : #3 *processor
PopProcessorIdle frame=0 : #1 =fb =f4@hlt #1
HalHandleNMIThunk frame=4 : #2 hal!HalHandleNMI
-- services that drivers call
KeSetEvent export frame=8 save=ebx,esi,edi : #2 =8b4904@fault #3
KeInitializeEvent export leaf : #3
KeInsertQueueDpc export frame=8 save=ebx,esi : #4
KeSetTimer export frame=10 save=ebx : #4
KefAcquireSpinLockAtDpcLevel export leaf : =f00fba2900@fault #2
ExAllocatePoolWithTag export frame=14 save=ebx,esi,edi : #5
ExFreePoolWithTag export frame=24 save=ebx,esi,edi : #4 KeBugCheckEx #2
ExFreePool export frame=0 : ExFreePoolWithTag
ExQueueWorkItem export frame=8 save=ebx : #3
RtlInitUnicodeString export leaf : #4
IoCreateDevice export PAGE frame=60 save=ebx,esi,edi : #4
IoDeleteDevice export frame=4 save=ebx : #3 KeBugCheckEx
IoAllocateIrp export frame=0 : IopAllocateIrpPrivate
IoFreeIrp export frame=0 : #3
ZwClose export naked frame=0 : #3
PsCreateSystemThread export PAGE frame=30 save=ebx,esi,edi : #4
PoStartNextPowerIrp export leaf : #1
PoCallDriver export frame=0 : IofCallDriver
ExfPrivateOrdinal leaf : #2
KiSystemStartup entry frame=20 save=ebx,esi : #4
KiTrap00 interrupt : #6 KiSystemFatalException
KiSystemFatalException frame=90 save=esi : #2 KeBugCheckEx #1
MmFreePoolcodeStub POOLCODE leaf : #4
-- dispatch routines of the drivers that live in the kernel, and the one of every function that a driver has none for
IopInvalidDeviceRequest frame=0 : #2 IofCompleteRequest #1
IopPnPDispatch frame=8 save=ebx,edi : #3 IofCompleteRequest #2
IopPowerDispatch frame=0 save=ebx : #2 PoStartNextPowerIrp IofCompleteRequest #1
RawDispatch frame=10 save=ebx,esi : #3 IofCallDriver #2
WmipIrpDispatch frame=8 save=ebx,edi : #3 IofCompleteRequest #1
IopPnPDriverEntry frame=20 save=ebx : #3 IoCreateDevice #2
WmipDriverEntry frame=20 save=ebx : #3 IoCreateDevice #2
RawInitialize frame=20 save=ebx : #3 IoCreateDevice #2
PopRequestCompletion frame=8 save=ebx,esi : #3
-- power and Plug and Play: what completes requests and waits for devices
PopSystemIrpCompletion frame=8 save=ebx,esi : #3 KeBugCheckEx
PnpDeviceActionWorker frame=20 save=ebx,esi,edi : #3 IopSynchronousCall #1 \
  PnpDeviceCompletionQueueGetCompletedRequest
IopSynchronousCall frame=30 save=ebx,esi : #2 IofCallDriver #2 KeWaitForSingleObject
PnpDeviceCompletionQueueGetCompletedRequest frame=8 save=ebx,edi : #2 KeWaitForSingleObject #2
-- waits: services, and what takes locks
NtWaitForMultipleObjects PAGE export frame=110 save=ebx,esi,edi : #4 ObWaitForMultipleObjects #1
ObWaitForMultipleObjects PAGE frame=68 save=ebx,esi,edi : #4 KeWaitForMultipleObjects #1
NtDelayExecution PAGE export frame=18 save=ebx : #3 KeDelayExecutionThread #1
NtWaitForKeyedEvent PAGE export frame=28 save=ebx,esi,edi : #3 KeWaitForSingleObject #2
NtAlpcSendWaitReceivePort PAGE export frame=48 save=ebx,esi,edi : #3 AlpcpProcessSynchronousRequest #2
AlpcpProcessSynchronousRequest PAGE frame=58 save=ebx,esi,edi : #3 AlpcpReceiveSynchronousReply #2
AlpcpReceiveSynchronousReply PAGE frame=28 save=ebx,esi,edi : #3 AlpcpSignalAndWait #1
AlpcpSignalAndWait frame=18 save=ebx,esi,edi : #3 KeWaitForSingleObject #1
ExAcquireResourceExclusiveLite export frame=28 save=ebx,esi,edi : #4 ExpWaitForResource #2
ExAcquireResourceSharedLite export frame=28 save=ebx,esi,edi : #4 ExpWaitForResource #2
ExpWaitForResource frame=78 save=ebx,esi,edi : #4 KeWaitForSingleObject #3
ExAcquireFastMutex export frame=10 save=ebx : #3 ExpAcquireFastMutexContended #1
ExpAcquireFastMutexContended frame=18 save=ebx,esi : #3 KeWaitForSingleObject #1
KeAcquireGuardedMutex export frame=10 save=ebx : #3 KiAcquireGuardedMutex #1
KiAcquireGuardedMutex frame=18 save=ebx,esi : #3 KeWaitForGate #1
KeWaitForGate export frame=18 save=ebx,esi,edi : #2 KiCommitThreadWait #1
ExfAcquirePushLockExclusive export frame=58 save=ebx,esi,edi : #4 KeWaitForGate KeWaitForSingleObject #2
"""
