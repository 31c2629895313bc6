"""What the gates of the made-up x86 kernels lead to, in the notation of functions.py.

Names: public listings of interrupt tables.
"""

KERNEL = """
-- exceptions
KiTrap01 interrupt : #6 CommonDispatchException
KiTrap04 interrupt : #6 CommonDispatchException
KiTrap05 interrupt : #6 CommonDispatchException
KiTrap06 interrupt : #6 CommonDispatchException
KiTrap07 interrupt : #6 CommonDispatchException
KiTrap08 naked frame=10 save=ebx,esi : #5 KeBugCheck2
KiTrap09 interrupt : #6 CommonDispatchException
KiTrap0A trap : #6 CommonDispatchException
KiTrap0B trap : #6 CommonDispatchException
KiTrap0C trap : #6 CommonDispatchException
KiTrap0F interrupt : #6 CommonDispatchException
KiTrap10 interrupt : #6 CommonDispatchException
KiTrap11 trap : #6 CommonDispatchException
KiTrap13 interrupt : #6 CommonDispatchException
KiGetTickCount interrupt : #6
KiCallbackReturn interrupt : #6
KiRaiseAssertion interrupt : #6 CommonDispatchException
KiDebugService interrupt : #6 CommonDispatchException
KiSystemService interrupt : #8 *service #2
-- interrupts of devices
KiChainedDispatch interrupt : #5 *isr #2
KiInterruptMessageDispatch frame=8 save=ebx : #3 *message #1
KiUnexpectedInterrupt thunks : KiUnexpectedInterruptTail
KiUnexpectedInterruptTail interrupt : #5 *report #2
-- 16-bit programs
VdmDispatchBop PAGE frame=20 save=ebx,esi,edi : #4 KeWaitForSingleObject #2
"""

HAL = """
HalpIpiHandler frame=8 save=ebx : #4
HalpLocalApicErrorService frame=8 save=ebx : #4
HalpPerfInterrupt frame=8 save=ebx : #4
HalpMcaExceptionHandlerWrapper naked frame=10 save=ebx : #3 HalpMcaExceptionHandler #2
HalpMcaExceptionHandler frame=60 save=ebx,esi,edi : #5 nt!KeBugCheckEx #2
"""
