"""Made-up x64 drivers and user images, in the notation of functions.py.

Microsoft's drivers and NotMyFault's have the names seen in public stack listings; ``acmedrv.sys`` and
``vendflt.sys`` are invented third-party drivers, the first of them faulty in every way the scenarios ask for.
"""

HAL = """
HalpHaltSystem export frame=28 : #3
HalReturnToFirmware export frame=38 : #4
HalMakeBeep export frame=28 : #4
KeQueryPerformanceCounter export frame=28 : #3
HalpDispatchPnp save=rbx frame=20 : #3
HalpDispatchPower save=rbx frame=20 : #2
HalpDispatchWmi frame=28 : #2
HalpAddDevice save=rbx frame=20 : nt!IoCreateDevice #2
HalpDriverEntry save=rbx frame=40 : #3
"""

ACMEDRV = """
DriverEntry entry save=rbx,rsi frame=48 : #2 nt!IoCreateDevice #4
AcmeDispatchDeviceControl save=rbx,rsi,rdi frame=40 : #3 AcmeReadRegister #2 AcmeNotify #2 AcmeFreeBuffer #2 \
  AcmeCopyRequest #2 AcmeServiceRequest AcmeWriteRegister AcmeParseTree AcmeStopDevice
AcmeReadRegister save=rbx frame=30 : #3 =8b01@fault #2 nt!KeAcquireSpinLockRaiseToDpc
AcmeWriteRegister save=rbx frame=30 : #3 =8901@fault #2
AcmeCopyRequest save=rbx,rsi frame=38 : #3 =488b02@fault #3 nt!ExAllocatePoolWithTag
AcmeNotify save=rbx,rdi frame=38 : #2 nt!KeSetEvent #2
AcmeFreeBuffer save=rbx frame=20 : #2 nt!ExFreePoolWithTag #2
AcmeServiceRequest save=rbx,rsi,rdi frame=50 : #4 =488b4318@fault #2
AcmeWorkRoutine save=rbx,rsi frame=48 : #2 AcmeFlushQueue #2
AcmeFlushQueue save=rbx,rsi,rdi frame=30 : #3 =488b4e10@fault #2 nt!IoFreeIrp
AcmeDpcRoutine save=rbx,rsi frame=38 : #2 AcmePollHardware #2
AcmePollHardware save=rbx frame=20 : #2 =f390@spin #1 =ebfc
AcmeDispatchPower save=rbx,rsi frame=38 : nt!PoStartNextPowerIrp nt!PoCallDriver nt!IofCompleteRequest
AcmeParseTree save=rbx,rsi,rdi frame=a0 : #3 =488bce@recurse AcmeParseTree #2
AcmeUnload save=rbx frame=20 : nt!IoDeleteDevice
AcmeInternalDeviceControl save=rbx,rsi frame=38 : #3 AcmeRunCallback #2
AcmeRunCallback save=rbx frame=20 : #2 *routine #3
AcmeInterruptService save=rbx,rsi frame=28 : #3 AcmeReadRegister #2
AcmeDeferredRead save=rbx frame=20 : #2 AcmeReadRegister #2
AcmeCallbackWork save=rbx,rdi frame=28 : #2 AcmeRunCallback #1
AcmeUnlinkRequest save=rbx frame=20 : #2 =488b02 =48395008 =b903000000 =cd29@fastfail #2
AcmeDispatchRead save=rbx,rsi,rdi frame=40 : #3 nt!IofCompleteRequest #1
AcmeStartIo save=rbx,rsi frame=38 : #3 AcmeWriteRegister #1
AcmeAddDevice save=rbx,rsi frame=38 : #2 nt!IoCreateDevice #2
AcmeRequestComplete save=rbx,rsi frame=38 : #3 AcmeNotify #1
AcmeCancelRequest save=rbx,rsi frame=38 : #2 nt!IofCompleteRequest #1
AcmeStopDevice save=rbx,rsi frame=38 : #2 nt!KeWaitForSingleObject #2
AcmeLockedWork save=rbx,rsi frame=38 : #2 nt!KeWaitForSingleObject #2 *acquire #2
"""

MYFAULT = """
DriverEntry entry save=rbx frame=60 : nt!IoCreateDevice #3
MyfaultDispatch save=rbx,rsi,rdi frame=40 : #3 MyfaultDeviceControl #2
MyfaultDeviceControl save=rbx,rsi,rdi,r14 frame=58 : #4 MyfaultTouchPaged #2
MyfaultTouchPaged save=rbx frame=30 : #4 =8b03@fault #3 nt!ExAllocatePoolWithTag
MyfaultUnload save=rbx frame=20 : nt!IoDeleteDevice
"""

NTFS = """
DriverEntry entry save=rbx,rsi frame=78 : #3 nt!IoCreateDevice
NtfsFsdRead save=rbx,rsi,rdi frame=50 : #2 NtfsCommonRead
NtfsCommonRead save=rbx,rsi,rdi,r12,r14 frame=180 : #4 nt!ExAllocatePoolWithTag nt!IofCallDriver #2
NtfsFsdWrite save=rbx,rsi,rdi frame=50 : #3 nt!KeWaitForSingleObject
NtfsFsdClose save=rbx frame=40 : #3 nt!ExFreePoolWithTag
NtfsFsdDispatch save=rbx,rsi,rdi frame=40 : #3 nt!IofCompleteRequest #2
NtfsMasterIrpSyncCompletionRoutine save=rbx frame=20 : #2 nt!KeSetEvent
NtfsCopyReadA save=rbx,rsi,rdi frame=40 : #4
NtfsCopyWriteA save=rbx,rsi,rdi frame=40 : #4
NtfsFastQueryBasicInfo save=rbx,rsi frame=38 : #3
"""

FLTMGR = """
DriverEntry entry save=rbx frame=40 : nt!IoCreateDevice
FltpDispatch save=rbx,rbp,rsi frame=50 : #2 FltpLegacyProcessingAfterPreCallbacksCompleted
FltpLegacyProcessingAfterPreCallbacksCompleted save=rbx,rsi,rdi frame=80 : #2 nt!IofCallDriver
FltGetRoutineAddress export frame=28 : #3
FltpPassThrough save=rbx,rsi frame=38 : #2 nt!IofCallDriver #1
FltpPassThroughCompletion save=rbx frame=20 : #3
FltpFastIoRead save=rbx,rsi frame=38 : #3
FltpFastIoWrite save=rbx,rsi frame=38 : #3
"""

I8042PRT = """
DriverEntry entry save=rbx frame=40 : nt!IoCreateDevice
I8042KeyboardInterruptService save=rbx,rsi,rdi,r14 frame=68 : #3 I8xProcessCrashDump #3 nt!KeInsertQueueDpc
I8xProcessCrashDump save=rbx,rsi frame=28 : #3 nt!KeBugCheckEx
I8xQueueCurrentKeyboardInput save=rbx frame=20 : #3
I8xInternalDeviceControl save=rbx,rsi frame=38 : #3 nt!IofCompleteRequest #1
I8xAddDevice save=rbx frame=20 : nt!IoCreateDevice #2
I8xStartIo save=rbx,rsi frame=38 : #3 nt!IofCompleteRequest #1
"""

KBDHID = """
DriverEntry entry save=rbx frame=40 : nt!IoCreateDevice
KbdHid_ReadComplete save=rbx,rbp,rsi,rdi,r14 frame=60 : #3 KbdHidProcessCrashDump #3
KbdHidProcessCrashDump save=rbx frame=30 : #3 nt!KeBugCheckEx
KbdHid_IOCTL save=rbx,rsi frame=38 : #3 nt!IofCallDriver #1
KbdHid_AddDevice save=rbx frame=20 : nt!IoCreateDevice #2
"""

KBDCLASS = """
DriverEntry entry save=rbx frame=40 : nt!IoCreateDevice
KeyboardClassServiceCallback save=rbx,rsi,rdi frame=50 : #3 nt!IofCompleteRequest
KeyboardClassRead save=rbx,rsi frame=38 : #3
KeyboardClassPassThrough save=rbx frame=20 : nt!IofCallDriver #1
KeyboardAddDevice save=rbx frame=20 : nt!IoCreateDevice #2
KeyboardClassPowerComplete save=rbx frame=20 : #3
"""

VENDFLT = """
DriverEntry entry save=rbx frame=40 : nt!IoCreateDevice
VendPreOperation save=rbx,rsi frame=48 : #3 nt!ExAllocatePoolWithTag nt!ExFreePoolWithTag
VendDispatchPower save=rbx frame=40 : nt!PoCallDriver
VendPassThrough save=rbx frame=20 : #2 nt!IofCallDriver #1
VendCompletion save=rbx frame=20 : #3
VendAddDevice save=rbx frame=20 : nt!IoCreateDevice #2
"""

USBPORT = """
DriverEntry entry save=rbx frame=40 : nt!IoCreateDevice
UsbportTransferDpc save=rbx,rsi,rdi,r14 frame=78 : #4 nt!IofCompleteRequest #2
UsbportDispatchPower save=rbx frame=40 : nt!PoCallDriver
USBPORT_Dispatch save=rbx,rsi frame=38 : #3 nt!IofCompleteRequest #1
USBPORT_PdoDispatch save=rbx,rsi frame=38 : #3
USBPORT_AddDevice save=rbx frame=20 : nt!IoCreateDevice #2
USBPORT_InterruptService save=rbx,rsi frame=38 : #4 nt!KeInsertQueueDpc #2
"""

TCPIP = """
DriverEntry entry save=rbx frame=40 : nt!IoCreateDevice
TcpPeriodicTimeoutHandler save=rbx,rsi,rdi frame=90 : #3 nt!KeSetTimer
TCPDispatch save=rbx,rsi frame=38 : #3 nt!IofCompleteRequest #1
TCPDispatchInternalDeviceControl save=rbx,rsi frame=38 : #3
"""

PCI = """
DriverEntry entry save=rbx frame=20 : nt!IoCreateDevice #2
PciDispatchIrp save=rbx,rsi frame=38 : #3 nt!IofCompleteRequest #1
PciDispatchPower save=rbx frame=20 : nt!PoStartNextPowerIrp #2
PciAddDevice save=rbx,rsi frame=38 : nt!IoCreateDevice #2
"""

ATAPI = """
DriverEntry entry save=rbx frame=20 : nt!IoCreateDevice #2
IdePortDispatch save=rbx,rsi frame=38 : #3 nt!IofCompleteRequest #1
IdePortDispatchPower save=rbx frame=20 : nt!PoStartNextPowerIrp #2
IdePortAddDevice save=rbx,rsi frame=38 : nt!IoCreateDevice #2
IdePortStartIo save=rbx,rsi frame=38 : #4
IdePortInterrupt save=rbx,rsi frame=38 : #4 nt!KeInsertQueueDpc #2
"""

DISK = """
DriverEntry entry save=rbx frame=20 : nt!IoCreateDevice #2
ClassGlobalDispatch save=rbx,rsi frame=38 : #3 nt!IofCallDriver #1
ClassDispatchPower save=rbx frame=20 : nt!PoCallDriver #1
ClassAddDevice save=rbx,rsi frame=38 : nt!IoCreateDevice #2
ClassIoComplete save=rbx,rsi frame=38 : #3 nt!IofCompleteRequest #1
"""

VOLMGR = """
DriverEntry entry save=rbx frame=20 : nt!IoCreateDevice #2
VmReadWrite save=rbx,rsi frame=38 : #3 nt!IofCallDriver #1
VmDeviceControl save=rbx,rsi frame=38 : #3
VmPower save=rbx frame=20 : nt!PoCallDriver #1
VmAddDevice save=rbx,rsi frame=38 : nt!IoCreateDevice #2
VmReadWriteCompletionRoutine save=rbx,rsi frame=38 : #3 nt!IofCompleteRequest #1
"""

E1EXPRESS = """
DriverEntry entry save=rbx frame=20 : nt!IoCreateDevice #2
E1Dispatch save=rbx,rsi frame=38 : #3 nt!IofCompleteRequest #1
E1DispatchPower save=rbx frame=20 : nt!PoCallDriver #1
E1AddDevice save=rbx,rsi frame=38 : nt!IoCreateDevice #2
E1MessageInterrupt save=rbx,rsi frame=38 : #4 nt!KeInsertQueueDpc #2
"""

NTDLL = """
NtDeviceIoControlFile export leaf : =4c8bd1 =b807000000 =0f05 :NtDeviceIoControlFileReturn
NtTerminateProcess export leaf : =4c8bd1 =b82c000000 =0f05 :NtTerminateProcessReturn
NtWaitForSingleObject export leaf : =4c8bd1 =b804000000 =0f05 :NtWaitForSingleObjectReturn
NtReadFile export leaf : =4c8bd1 =b806000000 =0f05 :NtReadFileReturn
RtlUserThreadStart export frame=28 : *start #2
DbgBreakPoint export leaf : =cc
LdrInitializeThunk export frame=28 : #2 *initialize #1
NtWaitForMultipleObjects export leaf : =4c8bd1 =b85b000000 =0f05 :NtWaitForMultipleObjectsReturn
NtDelayExecution export leaf : =4c8bd1 =b834000000 =0f05 :NtDelayExecutionReturn
NtWaitForKeyedEvent export leaf : =4c8bd1 =b8d4010000 =0f05 :NtWaitForKeyedEventReturn
NtWaitForAlertByThreadId export leaf : =4c8bd1 =b8d3010000 =0f05 :NtWaitForAlertByThreadIdReturn
NtAlpcSendWaitReceivePort export leaf : =4c8bd1 =b88b000000 =0f05 :NtAlpcSendWaitReceivePortReturn
"""

PROGRAM = """
WinMain entry save=rbx,rsi frame=48 : #3 Work #2
Work save=rbx,rsi,rdi frame=80 : #3 ntdll!NtDeviceIoControlFile ntdll!NtWaitForSingleObject \
  ntdll!NtTerminateProcess ntdll!NtReadFile #2 =488b01@touch #1 \
  ntdll!NtWaitForMultipleObjects ntdll!NtWaitForKeyedEvent ntdll!NtWaitForAlertByThreadId ntdll!NtDelayExecution \
  ntdll!NtAlpcSendWaitReceivePort *other #1
"""

LIBRARY = """
LibraryMain entry frame=28 : #3
LibraryOpen export save=rbx frame=30 : #4
"""
