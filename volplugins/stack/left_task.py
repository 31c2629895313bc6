"""The task that was left for the one whose stack is walked (x86): its registers are in its task state segment.

A double fault, an NMI or a machine check switches tasks, so that nothing on the new stack leads back; a trap frame that
the handler makes up has no room for the stack pointer of kernel mode.
"""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.stack.frame import Frame, Trust
from volplugins.stack.registers import RBP, Registers
from volplugins.stack.scanner import Range
from volplugins.stack.segmented import SegmentedRegisters
from volplugins.stack.trap_frame import TrapFrame


@dataclass(frozen=True, slots=True)
class LeftTask:
    """A task that was left.

    Attributes:
        registers: as the processor stored them; user: whether they are of user mode.
        stack: the stack of the task that it was left for.
        segment: address of the task state segment that holds the registers.
        segmented: the same registers where they are of code that is not flat.
    """

    registers: Registers
    user: bool
    stack: Range
    segment: int
    segmented: SegmentedRegisters | None = None

    def frame(self, entered: int | None = None) -> Frame:
        """The frame that was left; ``entered``: the trap frame that led there."""
        return Frame(self.registers.sp, self.registers.ip, Trust.TASK_STATE, None, self.registers, entered)

    def of_trap_frame(self, trap: TrapFrame) -> Frame | None:
        """The frame in place of one that a trap frame of the new task describes; None where that is of other code."""
        same = (trap.ip, trap.registers["ebp"]) == (self.registers.ip, self.registers.general[RBP])
        return self.frame(trap.address) if same and not trap.user and not self.user else None

    def at_end_of(self, sp: int) -> bool:
        """Whether a walk that ends at ``sp`` ends on the new task's stack."""
        return self.stack[0] <= sp <= self.stack[1]
