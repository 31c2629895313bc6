"""What the gates of the made-up x64 kernel lead to, in the notation of functions.py.

Names: public listings of interrupt tables. Those that end in ``Shadow`` lie in the pages that user directories map too
where kernel addresses are shadowed (KVA shadow).
"""

KERNEL = """
-- exceptions
KiDebugTrapOrFault interrupt : #6 KiExceptionDispatch
KiOverflowTrap interrupt : #6 KiExceptionDispatch
KiBoundFault interrupt : #6 KiExceptionDispatch
KiInvalidOpcodeFault interrupt : #6 KiExceptionDispatch
KiNpxNotAvailableFault interrupt : #6 KiExceptionDispatch
KiNpxSegmentOverrunAbort interrupt : #6 KiExceptionDispatch
KiInvalidTssFault trap : #6 KiExceptionDispatch
KiSegmentNotPresentFault trap : #6 KiExceptionDispatch
KiStackFault trap : #6 KiExceptionDispatch
KiFloatingErrorFault interrupt : #6 KiExceptionDispatch
KiAlignmentFault trap : #6 KiExceptionDispatch
KiMcheckAbort interrupt : #3 KxMcheckAbort #2
KiXmmException interrupt : #6 KiExceptionDispatch
KiApcInterrupt interrupt : #6
KiRaiseAssertion interrupt : #6 KiExceptionDispatch
KiDebugServiceTrap interrupt : #6 KiExceptionDispatch
KiIpiInterrupt interrupt : #6 *service #2
KxMcheckAbort frame=138 : #3 HalHandleMcheck #2
HalHandleMcheck export save=rbx,rdi frame=48 : #4 KeBugCheckEx #2
-- interrupts of devices
KiIsrThunk thunks : KiIsrLinkage
KiIsrLinkage interrupt : #8 *dispatch #2
KiChainedDispatch interrupt : #5 KiScanInterruptObjectList #2
KiScanInterruptObjectList frame=50 save=rbx,rsi,rdi : #4 *isr #2
KiInterruptMessageDispatch save=rbx frame=20 : #3 *message #1
-- system calls of 32-bit code
KiSystemCall32 leaf : =0f01f8 #4 =0f05
-- KVA shadow
KiIsrThunkShadow thunks : KiIsrLinkageShadow
KiIsrLinkageShadow leaf : =0f01f8 #6
KiSystemCall64Shadow leaf : =0f01f8 #4
KiSystemCall32Shadow leaf : =0f01f8 #4
KiDivideErrorFaultShadow leaf : =0f01f8 #3
KiDebugTrapOrFaultShadow leaf : =0f01f8 #3
KiNmiInterruptShadow leaf : =0f01f8 #3
KiBreakpointTrapShadow leaf : =0f01f8 #3
KiOverflowTrapShadow leaf : =0f01f8 #3
KiBoundFaultShadow leaf : =0f01f8 #3
KiInvalidOpcodeFaultShadow leaf : =0f01f8 #3
KiNpxNotAvailableFaultShadow leaf : =0f01f8 #3
KiDoubleFaultAbortShadow leaf : =0f01f8 #3
KiNpxSegmentOverrunAbortShadow leaf : =0f01f8 #3
KiInvalidTssFaultShadow leaf : =0f01f8 #3
KiSegmentNotPresentFaultShadow leaf : =0f01f8 #3
KiStackFaultShadow leaf : =0f01f8 #3
KiGeneralProtectionFaultShadow leaf : =0f01f8 #3
KiPageFaultShadow leaf : =0f01f8 #3
KiFloatingErrorFaultShadow leaf : =0f01f8 #3
KiAlignmentFaultShadow leaf : =0f01f8 #3
KiMcheckAbortShadow leaf : =0f01f8 #3
KiXmmExceptionShadow leaf : =0f01f8 #3
KiApcInterruptShadow leaf : =0f01f8 #3
KiRaiseSecurityCheckFailureShadow leaf : =0f01f8 #3
KiRaiseAssertionShadow leaf : =0f01f8 #3
KiDebugServiceTrapShadow leaf : =0f01f8 #3
KiDpcInterruptShadow leaf : =0f01f8 #3
KiIpiInterruptShadow leaf : =0f01f8 #3
"""
