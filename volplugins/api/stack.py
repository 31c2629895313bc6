"""One thread's stack as the library gives it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volplugins.api.columns import FRAMES
from volplugins.api.frames import to_arrow, to_pandas
from volplugins.api.html import table_html
from volplugins.kernel.process import Process
from volplugins.kernel.thread import Thread
from volplugins.stack.frame import Trust
from volplugins.stack.registers import Registers

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from volplugins.vol.commands.stacks.shown import ThreadStack


@dataclass(frozen=True, slots=True)
class StackFrame:
    """One frame.

    Attributes:
        number: 0 is the innermost.
        ring: ``kernel``, ``user`` or ``wow64``.
        ip, sp: instruction and stack pointer of this frame.
        symbol: ``module!symbol+0x…``, ``module+0x…``, or empty.
        trust: how ``ip`` was found.
        call_checked: whether a call was seen before ``ip``; None where the code is not there to look at.
        registers: all that is known of the processor here, or None.
    """

    number: int
    ring: str
    ip: int
    sp: int
    symbol: str
    trust: Trust
    call_checked: bool | None
    registers: Registers | None = None


@dataclass(frozen=True, slots=True)
class Stack:
    """The frames of one thread, innermost first; a sequence of them as well.

    Attributes:
        process: None where the thread's process is not known.
        stop: why there are no more frames, in the words of docs/output.md; ``text`` says more.
    """

    thread: Thread
    process: Process | None
    frames: tuple[StackFrame, ...]
    stop: str
    text: str = ""

    def __iter__(self) -> Iterator[StackFrame]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> StackFrame:
        return self.frames[index]

    def __str__(self) -> str:
        lines = (f"{each.number:02d} {each.ip:#x} {each.symbol}  ({each.trust.value})" for each in self.frames)
        return "\n".join([*lines, f"{self.stop}{f': {self.text}' if self.text else ''}"])

    def _repr_html_(self) -> str:
        name = f"{self.process.name} {self.process.pid}" if self.process is not None else "process not known"
        end = f"{self.stop}{f': {self.text}' if self.text else ''}"
        return table_html(f"thread {self.thread.tid} of {name}", FRAMES, self.frames, [end])

    def to_pandas(self) -> pandas.DataFrame:
        """The frames as a frame of pandas; ImportError where it is not installed."""
        return to_pandas(FRAMES, self.frames)

    def to_arrow(self) -> pyarrow.Table:
        """The frames as a table of Arrow; ImportError where it is not installed."""
        return to_arrow(FRAMES, self.frames)


def stack_of(walked: ThreadStack) -> Stack:
    """The stack as the commands' own walk gave it."""
    frames = tuple(
        StackFrame(
            number, each.ring, each.frame.ip, each.frame.sp, name, each.frame.trust, each.frame.call_checked,
            each.frame.registers,
        )
        for number, (each, name) in enumerate(zip(walked.frames, walked.names, strict=True))
    )  # fmt: skip
    return Stack(walked.thread, walked.process, frames, walked.stop, walked.text)
