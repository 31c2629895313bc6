"""One thread's stack as rows, equal stacks as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from volplugins.kernel.process import Process
from volplugins.kernel.thread import Thread
from volplugins.kernel.thread_words import state_word, wait_word
from volplugins.stack.frame import Trust
from volplugins.stack.functions import Bounds
from volplugins.stack.segmented import SegmentedRegisters
from volplugins.threads.thread_walk import ThreadFrame
from volplugins.vol.commands.stacks.row import RegistersRow, StackRow
from volplugins.vol.output.table import Detailed

_OF_EVERY_FRAME = ("rip", "rsp", "eip", "esp")
_MOST_NAMED = 64  # threads of equal stacks


@dataclass(frozen=True, slots=True)
class ThreadStack:
    """One thread's frames with their names, and why they end.

    ``bounds``: of frames that no symbol names, the function that unwind data say they are in.
    """

    process: Process
    thread: Thread
    frames: tuple[ThreadFrame, ...]
    names: tuple[str, ...]
    arguments: tuple[str, ...]
    stop: str
    text: str
    note: str
    bounds: tuple[Bounds | None, ...] = ()

    def bounds_of(self, number: int) -> Bounds | None:
        """Those of one frame."""
        return self.bounds[number] if self.bounds else None

    def all_bounds(self) -> tuple[Bounds | None, ...]:
        """Those of every frame."""
        return self.bounds or (None,) * len(self.frames)


@dataclass(slots=True)
class Alike:
    """Equal stacks: the first, how many there are, and the threads that are named."""

    first: ThreadStack
    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, stack: ThreadStack) -> None:
        self.count += 1
        if len(self.names) < _MOST_NAMED:
            self.names.append(pid_tid(stack))

    @property
    def note(self) -> str:
        if self.count == 1:
            return "1 thread"
        more = f" and {self.count - len(self.names)} more" if self.count > len(self.names) else ""
        return f"{self.count} threads: {', '.join(self.names)}{more}"


def pid_tid(stack: ThreadStack) -> str:
    """PID and TID in hexadecimal, as WinDbg writes them and --thread takes them."""
    pid, tid = stack.process.pid, stack.thread.tid
    return f"{pid:x}.{tid:x}" if pid is not None and tid is not None else f"{stack.thread.ethread:#x}"


def kind(stack: ThreadStack) -> tuple[object, ...]:
    """What makes two stacks equal: names where there are any, else functions, else addresses; and the end.

    A frame that unwind data alone place in a function is equal to any other of that function.
    """
    calls = tuple(
        (function_of(name, bounds),) if bounds is not None and name else name or each.frame.ip
        for name, each, bounds in zip(stack.names, stack.frames, stack.all_bounds(), strict=True)
    )
    return (*calls, stack.stop)


def function_of(name: str, bounds: Bounds | None) -> str:
    """A frame's function by its name, without displacement; ``module+0x…`` of its start where only unwind data know it.

    Args:
        name: ``module!symbol+0x…``, ``module+0x…`` or empty.
    """
    if "!" in name or bounds is None:
        return name.split("+", 1)[0] if "!" in name else name
    return f"{name.split('+', 1)[0]}+{bounds.start:#x}" if name else name


def shown(stack: ThreadStack, note: str, registers: bool) -> Iterator[StackRow | Detailed]:
    """The rows, each with its registers where they are asked for."""
    for row in _rows(stack, note):
        if registers and row.frame is not None:
            yield Detailed(row, RegistersRow(_registers_text(stack.frames[row.frame])))
        else:
            yield row


def _registers_text(found: ThreadFrame) -> str:
    """The registers that are known at a frame, as ``name=value``, at their full width."""
    registers = found.frame.registers
    if found.selectors is not None:
        return _segmented_registers(found.selectors)
    if registers is None:
        return ""
    known = registers.named()
    if found.frame.trust is Trust.SCAN:  # what the search goes on with is as much a guess as the frame
        known = {name: value for name, value in known.items() if name in _OF_EVERY_FRAME}
    return " ".join(f"{name}={value:0{registers.bits // 4}x}" for name, value in known.items())


def _segmented_registers(found: SegmentedRegisters) -> str:
    """Registers of code that is not flat: pointers as segment and offset, then the other segments and registers."""
    values, digits, first = found.values, 4 if found.virtual else 8, 1 if found.virtual else 0
    pairs = (("cs", "eip"), ("ss", "esp"), ("ss", "ebp"))
    shown = [f"{left}:{right[first:]}={values[left]:04x}:{values[right]:0{digits}x}" for left, right in pairs]
    shown += [f"{name}={values[name]:04x}" for name in ("ds", "es", "fs", "gs") if name in values]
    rest = ("eax", "ebx", "ecx", "edx", "esi", "edi", "efl")
    return " ".join([*shown, *(f"{name}={values[name]:08x}" for name in rest if name in values)])


def _rows(stack: ThreadStack, note: str) -> Iterator[StackRow]:
    thread = stack.thread
    head = (
        stack.process.pid, stack.process.name, thread.tid, thread.ethread, state_word(thread.state),
        wait_word(thread.state, thread.wait_reason),
    )  # fmt: skip
    end = "; ".join(part for part in (stack.text, note) if part)
    if not stack.frames:
        yield StackRow(*head, None, "", None, None, None, "", "", "", stack.stop, end)
        return
    last = len(stack.frames) - 1
    for number, found in enumerate(stack.frames):
        frame = found.frame
        following = stack.frames[number + 1].frame.ip if number < last else None
        text = end if number == last else _checked(found) if number else ""
        bounds = stack.bounds_of(number)
        text = "; ".join(part for part in (_segmented(found), text) if part)
        yield StackRow(
            *head, number, found.ring, frame.sp, following, frame.ip, stack.names[number], frame.trust.value,
            stack.arguments[number] if stack.arguments else "", stack.stop if number == last else "",
            "; ".join(filter(None, [str(bounds or ""), found.shadow, text or (note if number == 0 else "")])),
        )  # fmt: skip


def _segmented(found: ThreadFrame) -> str:
    """For code that is not flat: which mode, its registers at the first frame, how the others were found."""
    if found.segmented is None:
        return ""
    if found.selectors is None:
        return found.segmented.note
    mode = "virtual-8086 mode" if found.selectors.virtual else "code of the LDT"
    return f"{mode}: {_segmented_registers(found.selectors)}"


def _checked(found: ThreadFrame) -> str:
    """For a scanned frame, and for a frame pointer's that is not proved: whether a call was seen before it."""
    frame = found.frame
    if found.segmented is not None:
        return ""
    if frame.trust is Trust.FRAME_POINTER:
        return {True: "", False: "no call ends there", None: "the code before it is not in memory"}[frame.call_checked]
    if frame.trust is not Trust.SCAN:
        return ""
    return "a call ends there" if found.frame.call_checked else "the code before it is not in memory"
