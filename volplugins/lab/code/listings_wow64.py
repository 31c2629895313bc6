"""Code of a 32-bit process on x64: the WOW64 images (x64), and its own program and ntdll (x86).

Names and who calls whom are those seen in public stack listings of WOW64 threads; the code itself is made by the lab.
A system call leaves 32-bit code by ``call fs:[C0h]`` on Windows 7 and by ``call edx`` on Windows 10.
"""

WOW64 = """
Wow64LdrpInitialize export save=rbx,rsi frame=48 : #3 RunCpuSimulation #2
RunCpuSimulation save=rbx frame=40 : #2 *cpu #1
Wow64SystemServiceEx export save=rbx,rsi,rdi frame=50 : #4 *service #3
whNtWaitForSingleObject save=rbx frame=40 : #3 ntdll!NtWaitForSingleObject #2 *other #1
"""

WOW64CPU = """
BTCpuSimulate export frame=28 : #1 RunSimulatedCode #1
RunSimulatedCode save=rbx,rsi,rdi,r14 frame=78 : #4 :ServiceNoTurbo #2 wow64!Wow64SystemServiceEx #2
"""

# {leave} is the call that leaves 32-bit code
NTDLL32 = """
NtDeviceIoControlFile export naked frame=0 : =b807000000 ={leave}@leave #1
NtTerminateProcess export naked frame=0 : =b82c000000 ={leave}@leave #1
NtWaitForSingleObject export naked frame=0 : =b804000000 ={leave}@leave #1
NtReadFile export naked frame=0 : =b806000000 ={leave}@leave #1
NtWaitForKeyedEvent export naked frame=0 : =b8d4010000 ={leave}@leave #1
NtWaitForMultipleObjects export naked frame=0 : =b85b000000 ={leave}@leave #1
NtDelayExecution export naked frame=0 : =b834000000 ={leave}@leave #1
NtAlpcSendWaitReceivePort export naked frame=0 : =b88b000000 ={leave}@leave #1
NtWaitForAlertByThreadId export naked frame=0 : =b8d3010000 ={leave}@leave #1
RtlUserThreadStart export frame=18 : *start #2
DbgBreakPoint export leaf : =cc
LdrInitializeThunk export frame=10 : #4
NtReadFile export naked frame=0 : =b806000000 ={leave}@leave #1
"""
LEAVE_WINDOWS_7, LEAVE_WINDOWS_10 = "64ff15c0000000", "ffd2"

# who called whom before a wait, outermost first
CALLS_64 = (
    "wow64!Wow64LdrpInitialize", "wow64!RunCpuSimulation", "wow64cpu!BTCpuSimulate", "wow64cpu!RunSimulatedCode",
    "wow64!Wow64SystemServiceEx", "wow64!whNtWaitForSingleObject",
)  # fmt: skip
