"""What each vector of Windows' interrupt tables is: handlers of exceptions, task gates, interrupts without objects.

Names and vectors: public listings of interrupt tables (``!idt -a``); stacks: which of the TSS's interrupt stacks (IST)
Windows gives a vector.
"""

from __future__ import annotations

from collections.abc import Mapping

EXCEPTIONS_64: Mapping[int, str] = {
    0x00: "KiDivideErrorFault", 0x01: "KiDebugTrapOrFault", 0x02: "KiNmiInterrupt", 0x03: "KiBreakpointTrap",
    0x04: "KiOverflowTrap", 0x05: "KiBoundFault", 0x06: "KiInvalidOpcodeFault", 0x07: "KiNpxNotAvailableFault",
    0x08: "KiDoubleFaultAbort", 0x09: "KiNpxSegmentOverrunAbort", 0x0A: "KiInvalidTssFault",
    0x0B: "KiSegmentNotPresentFault", 0x0C: "KiStackFault", 0x0D: "KiGeneralProtectionFault", 0x0E: "KiPageFault",
    0x10: "KiFloatingErrorFault", 0x11: "KiAlignmentFault", 0x12: "KiMcheckAbort", 0x13: "KiXmmException",
    0x1F: "KiApcInterrupt", 0x29: "KiRaiseSecurityCheckFailure", 0x2C: "KiRaiseAssertion", 0x2D: "KiDebugServiceTrap",
    0x2F: "KiDpcInterrupt", 0xE1: "KiIpiInterrupt",
}  # fmt: skip
EXCEPTIONS_32: Mapping[int, str] = {
    **{vector: f"KiTrap{vector:02X}" for vector in (*range(8), *range(9, 0x12), 0x13) if vector != 2},
    0x2A: "KiGetTickCount", 0x2B: "KiCallbackReturn", 0x2C: "KiRaiseAssertion", 0x2D: "KiDebugService",
    0x2E: "KiSystemService",
}  # fmt: skip
#: Vectors that user code may raise itself.
OF_USERS_64 = frozenset((0x03, 0x04, 0x29, 0x2C, 0x2D))
OF_USERS_32 = frozenset((0x03, 0x04, 0x2A, 0x2B, 0x2C, 0x2D, 0x2E))
#: x64: which interrupt stack a vector runs on; the other vectors stay on the stack they came on.
INTERRUPT_STACKS: Mapping[int, int] = {0x08: 1, 0x12: 2, 0x02: 3}
#: x86: selectors of the TSSs of NMIs, double faults and machine checks.
DOUBLE_FAULT_TASK, NMI_TASK, MACHINE_CHECK_TASK = 0x50, 0x58, 0xA0
TASK_GATES: Mapping[int, int] = {0x02: NMI_TASK, 0x08: DOUBLE_FAULT_TASK, 0x12: MACHINE_CHECK_TASK}
#: x86: what leads to code of kernel or HAL without an interrupt object.
DIRECT_32: Mapping[int, str] = {
    0xD1: "nt!KiClockInterrupt", 0xE1: "hal!HalpIpiHandler", 0xE3: "hal!HalpLocalApicErrorService",
    0xFE: "hal!HalpPerfInterrupt",
}  # fmt: skip
FIRST_UNEXPECTED = 0x30  # x86: from here on a vector without a service leads to a stub of its own
THUNK_64, THUNK_32 = 8, 10  # bytes of each stub
