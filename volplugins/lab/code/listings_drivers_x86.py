"""Made-up x86 drivers and user images, in the notation of functions.py; see listings_drivers_x64.py."""

HAL = """
HalpHaltSystem export frame=8 : #3
HalReturnToFirmware export frame=8 : #4
HalHandleNMI export frame=8 save=ebx,edi : #4 HalBugCheckSystem
HalBugCheckSystem export frame=10 save=ebx,esi : #3 nt!KeBugCheckEx
KeQueryPerformanceCounter export frame=8 : #3
HalpDispatchPnp frame=4 save=ebx : #3
HalpDispatchPower frame=4 save=ebx : #2
HalpDispatchWmi frame=8 : #2
HalpAddDevice frame=4 save=ebx : nt!IoCreateDevice #2
HalpDriverEntry frame=20 save=ebx : #3
"""

ACMEDRV = """
DriverEntry entry frame=18 save=ebx,esi : #2 nt!IoCreateDevice #4
AcmeDispatchDeviceControl frame=14 save=ebx,esi,edi : #3 AcmeReadRegister #2 AcmeNotify #2 AcmeFreeBuffer #2 \
  AcmeCopyRequest #2 AcmeServiceRequest AcmeWriteRegister AcmeStopDevice AcmeParseTree
AcmeReadRegister frame=8 save=ebx : #3 =8b01@fault #2 nt!KefAcquireSpinLockAtDpcLevel
AcmeWriteRegister frame=8 save=ebx : #3 =8901@fault #2
AcmeCopyRequest frame=c save=ebx,esi : #3 =8b02@fault #3 nt!ExAllocatePoolWithTag
AcmeNotify frame=8 save=ebx,edi : #2 nt!KeSetEvent #2
AcmeFreeBuffer frame=4 save=ebx : #2 nt!ExFreePoolWithTag #2
AcmeServiceRequest frame=18 save=ebx,esi,edi : #4 =8b4318@fault #2
AcmeWorkRoutine frame=10 save=ebx,esi : #2 AcmeFlushQueue #2
AcmeFlushQueue frame=c save=ebx,esi,edi : #3 =8b4e10@fault #2 nt!IoFreeIrp
AcmeDispatchPower frame=8 save=ebx,esi : nt!PoStartNextPowerIrp nt!PoCallDriver nt!IofCompleteRequest
AcmeParseTree frame=60 save=ebx,esi,edi : #3 =8bce@recurse AcmeParseTree #2
AcmeUnload frame=4 save=ebx : nt!IoDeleteDevice
AcmeInternalDeviceControl frame=10 save=ebx,esi : #3 AcmeRunCallback #2
AcmeRunCallback frame=8 save=ebx : #2 *routine #3
AcmeCallbackWork frame=c save=ebx,edi : #2 AcmeRunCallback #1
AcmeScaleRate frame=8 save=ebx : #3 =f7f1@divide #2
AcmeDispatchRead frame=10 save=ebx,esi,edi : #3 nt!IofCompleteRequest #1
AcmeStartIo frame=8 save=ebx,esi : #3 AcmeWriteRegister #1
AcmeAddDevice frame=8 save=ebx,esi : #2 nt!IoCreateDevice #2
AcmeRequestComplete frame=8 save=ebx,esi : #3 AcmeNotify #1
AcmeCancelRequest frame=8 save=ebx,esi : #2 nt!IofCompleteRequest #1
AcmeStopDevice frame=8 save=ebx,esi : #2 nt!KeWaitForSingleObject #2
AcmeLockedWork frame=10 save=ebx,esi : #2 nt!KeWaitForSingleObject #2 *acquire #2
AcmeInterruptService frame=8 save=ebx,esi : #3 AcmeReadRegister #2
"""

MYFAULT = """
DriverEntry entry frame=20 save=ebx : nt!IoCreateDevice #3
MyfaultDispatch frame=10 save=ebx,esi,edi : #3 MyfaultDeviceControl #2
MyfaultDeviceControl frame=18 save=ebx,esi,edi : #4 MyfaultTouchPaged #2
MyfaultTouchPaged frame=8 save=ebx : #4 =8b03@fault #3 nt!ExAllocatePoolWithTag
MyfaultUnload frame=4 save=ebx : nt!IoDeleteDevice
"""

NTFS = """
DriverEntry entry frame=30 save=ebx,esi : #3 nt!IoCreateDevice
NtfsFsdRead frame=20 save=ebx,esi,edi : #2 NtfsCommonRead
NtfsCommonRead frame=a0 save=ebx,esi,edi : #4 nt!ExAllocatePoolWithTag nt!IofCallDriver #2
NtfsFsdWrite frame=20 save=ebx,esi,edi : #3 nt!KeWaitForSingleObject
NtfsFsdDispatch frame=10 save=ebx,esi,edi : #3 nt!IofCompleteRequest #2
NtfsMasterIrpSyncCompletionRoutine frame=4 save=ebx : #2 nt!KeSetEvent
NtfsCopyReadA frame=10 save=ebx,esi,edi : #4
NtfsCopyWriteA frame=10 save=ebx,esi,edi : #4
NtfsFastQueryBasicInfo frame=8 save=ebx,esi : #3
"""

FLTMGR = """
DriverEntry entry frame=20 save=ebx : nt!IoCreateDevice
FltpDispatch frame=10 save=ebx,esi : #2 FltpLegacyProcessingAfterPreCallbacksCompleted
FltpLegacyProcessingAfterPreCallbacksCompleted frame=20 save=ebx,esi,edi : #2 nt!IofCallDriver
FltGetRoutineAddress export frame=8 : #3
FltpPassThrough frame=8 save=ebx,esi : #2 nt!IofCallDriver #1
FltpPassThroughCompletion frame=4 save=ebx : #3
FltpFastIoRead frame=8 save=ebx,esi : #3
FltpFastIoWrite frame=8 save=ebx,esi : #3
"""

I8042PRT = """
DriverEntry entry frame=20 save=ebx : nt!IoCreateDevice
I8042KeyboardInterruptService frame=18 save=ebx,esi,edi : #3 I8xProcessCrashDump #3 nt!KeInsertQueueDpc
I8xProcessCrashDump frame=8 save=ebx,esi : #3 nt!KeBugCheckEx
I8xInternalDeviceControl frame=8 save=ebx,esi : #3 nt!IofCompleteRequest #1
I8xAddDevice frame=4 save=ebx : nt!IoCreateDevice #2
I8xStartIo frame=8 save=ebx,esi : #3 nt!IofCompleteRequest #1
"""

KBDHID = """
DriverEntry entry frame=20 save=ebx : nt!IoCreateDevice
KbdHid_ReadComplete frame=18 save=ebx,esi,edi : #3 KbdHidProcessCrashDump #3
KbdHidProcessCrashDump frame=8 save=ebx : #3 nt!KeBugCheckEx
KbdHid_IOCTL frame=8 save=ebx,esi : #3 nt!IofCallDriver #1
KbdHid_AddDevice frame=4 save=ebx : nt!IoCreateDevice #2
"""

KBDCLASS = """
DriverEntry entry frame=20 save=ebx : nt!IoCreateDevice
KeyboardClassServiceCallback frame=18 save=ebx,esi,edi : #3 nt!IofCompleteRequest
KeyboardClassRead frame=8 save=ebx,esi : #3
KeyboardClassPassThrough frame=4 save=ebx : nt!IofCallDriver #1
KeyboardAddDevice frame=4 save=ebx : nt!IoCreateDevice #2
KeyboardClassPowerComplete frame=4 save=ebx : #3
"""

VENDFLT = """
DriverEntry entry frame=20 save=ebx : nt!IoCreateDevice
VendPreOperation frame=10 save=ebx,esi : #3 nt!ExAllocatePoolWithTag nt!ExFreePoolWithTag
VendPassThrough frame=4 save=ebx : #2 nt!IofCallDriver #1
VendCompletion frame=4 save=ebx : #3
VendAddDevice frame=4 save=ebx : nt!IoCreateDevice #2
"""

USBPORT = """
DriverEntry entry frame=20 save=ebx : nt!IoCreateDevice
UsbportTransferDpc frame=20 save=ebx,esi,edi : #4 nt!IofCompleteRequest #2
UsbportDispatchPower frame=8 save=ebx : nt!PoCallDriver
USBPORT_Dispatch frame=8 save=ebx,esi : #3 nt!IofCompleteRequest #1
USBPORT_PdoDispatch frame=8 save=ebx,esi : #3
USBPORT_AddDevice frame=4 save=ebx : nt!IoCreateDevice #2
USBPORT_InterruptService frame=8 save=ebx,esi : #4 nt!KeInsertQueueDpc #2
"""

TCPIP = """
DriverEntry entry frame=20 save=ebx : nt!IoCreateDevice
TcpPeriodicTimeoutHandler frame=30 save=ebx,esi,edi : #3 nt!KeSetTimer
TCPDispatch frame=8 save=ebx,esi : #3 nt!IofCompleteRequest #1
TCPDispatchInternalDeviceControl frame=8 save=ebx,esi : #3
"""

PCI = """
DriverEntry entry frame=4 save=ebx : nt!IoCreateDevice #2
PciDispatchIrp frame=8 save=ebx,esi : #3 nt!IofCompleteRequest #1
PciDispatchPower frame=4 save=ebx : nt!PoStartNextPowerIrp #2
PciAddDevice frame=8 save=ebx,esi : nt!IoCreateDevice #2
"""

ATAPI = """
DriverEntry entry frame=4 save=ebx : nt!IoCreateDevice #2
IdePortDispatch frame=8 save=ebx,esi : #3 nt!IofCompleteRequest #1
IdePortDispatchPower frame=4 save=ebx : nt!PoStartNextPowerIrp #2
IdePortAddDevice frame=8 save=ebx,esi : nt!IoCreateDevice #2
IdePortStartIo frame=8 save=ebx,esi : #4
IdePortInterrupt frame=8 save=ebx,esi : #4 nt!KeInsertQueueDpc #2
"""

DISK = """
DriverEntry entry frame=4 save=ebx : nt!IoCreateDevice #2
ClassGlobalDispatch frame=8 save=ebx,esi : #3 nt!IofCallDriver #1
ClassDispatchPower frame=4 save=ebx : nt!PoCallDriver #1
ClassAddDevice frame=8 save=ebx,esi : nt!IoCreateDevice #2
ClassIoComplete frame=8 save=ebx,esi : #3 nt!IofCompleteRequest #1
"""

VOLMGR = """
DriverEntry entry frame=4 save=ebx : nt!IoCreateDevice #2
VmReadWrite frame=8 save=ebx,esi : #3 nt!IofCallDriver #1
VmDeviceControl frame=8 save=ebx,esi : #3
VmPower frame=4 save=ebx : nt!PoCallDriver #1
VmAddDevice frame=8 save=ebx,esi : nt!IoCreateDevice #2
VmReadWriteCompletionRoutine frame=8 save=ebx,esi : #3 nt!IofCompleteRequest #1
"""

E1EXPRESS = """
DriverEntry entry frame=4 save=ebx : nt!IoCreateDevice #2
E1Dispatch frame=8 save=ebx,esi : #3 nt!IofCompleteRequest #1
E1DispatchPower frame=4 save=ebx : nt!PoCallDriver #1
E1AddDevice frame=8 save=ebx,esi : nt!IoCreateDevice #2
E1MessageInterrupt frame=8 save=ebx,esi : #4 nt!KeInsertQueueDpc #2
"""

NTDLL = """
KiFastSystemCall export leaf : =8bd4 =0f34 :KiFastSystemCallRet
NtDeviceIoControlFile export naked frame=0 : =b842000000 =ba0003fe7f *system
NtTerminateProcess export naked frame=0 : =b801010000 =ba0003fe7f *system
NtWaitForSingleObject export naked frame=0 : =b80f010000 =ba0003fe7f *system
NtReadFile export naked frame=0 : =b811010000 =ba0003fe7f *system
NtWaitForMultipleObjects export naked frame=0 : =b80e010000 =ba0003fe7f *system
NtDelayExecution export naked frame=0 : =b83b000000 =ba0003fe7f *system
NtWaitForKeyedEvent export naked frame=0 : =b81a010000 =ba0003fe7f *system
NtAlpcSendWaitReceivePort export naked frame=0 : =b827000000 =ba0003fe7f *system
RtlUserThreadStart export frame=18 : *start #2
DbgBreakPoint export leaf : =cc
LdrInitializeThunk export frame=10 : #4
"""

PROGRAM = """
WinMain entry frame=18 save=ebx,esi : #3 Work #2
Work frame=30 save=ebx,esi,edi : #3 ntdll!NtDeviceIoControlFile ntdll!NtWaitForSingleObject \
  ntdll!NtTerminateProcess ntdll!NtReadFile #2 =8b01@touch #1 \
  ntdll!NtWaitForMultipleObjects ntdll!NtWaitForKeyedEvent ntdll!NtDelayExecution ntdll!NtAlpcSendWaitReceivePort \
  *other #1
"""

LIBRARY = """
LibraryMain entry frame=8 : #3
LibraryOpen export frame=10 save=ebx : #4
"""
