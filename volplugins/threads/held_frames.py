"""A thread's frames held against its shadow stacks: each proved, or from the first difference on replaced by theirs."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout
from volplugins.stack.call_site import call_before
from volplugins.stack.frame import Frame
from volplugins.stack.scanner import Range
from volplugins.stack.shadow import Checked, check
from volplugins.stack.unwind_x64 import CodeMap
from volplugins.threads.shadow_stacks import kernel_shadow, user_shadow
from volplugins.threads.thread_frame import KERNEL, ThreadFrame

# how a note begins where a return address on the usual stack is not the one that the call put there
OVERWRITTEN = "first difference"
# what the end of a stack says that the shadow stack gave
BY_SHADOW = "by the shadow stack"
_CHAIN = 0x80  # bytes behind an overwritten return address in which further ones are looked for


@dataclass(frozen=True, slots=True)
class ShadowSource:
    """How a thread's shadow stacks are found: kernel memory, the thread, the layout of ETHREAD, whether it runs."""

    memory: MemoryReader
    ethread: int
    layout: Layout
    runs: bool

    def check(self, ring: str, frames: list[Frame], memory: MemoryReader, top: int) -> Checked | None:
        """The frames of one ring beside its shadow stack; None where that is not in memory.

        Args:
            memory: of the usual stack, which ends at ``top``.
        """
        if ring == KERNEL:
            shadow = kernel_shadow(memory, self.ethread, self.layout, self.runs)
        else:
            shadow = user_shadow(self.memory, memory, self.ethread, self.layout)
        return check(frames, shadow, memory, top) if shadow is not None else None


@dataclass(frozen=True, slots=True)
class HeldFrames:
    """The frames to be shown; ``differs``: whether they end with what the shadow stack has."""

    frames: tuple[ThreadFrame, ...]
    differs: bool = False


def held_frames(
    source: ShadowSource | None, ring: str, frames: list[Frame], memory: MemoryReader, code: CodeMap, stack: Range
) -> HeldFrames:
    """The frames, those on the thread's own stack held against its shadow stack, where that is in memory.

    Args:
        memory: of the usual stack; code: the images of its ring; stack: the thread's own stack, not a processor's.
    """
    plain = [ThreadFrame(ring, frame) for frame in frames]
    first = next((number for number, frame in enumerate(frames) if stack[0] <= frame.sp <= stack[1]), len(frames))
    known = source is not None and first < len(frames)
    checked = source.check(ring, frames[first:], memory, stack[1]) if known and source is not None else None
    if checked is None:
        return HeldFrames(tuple(plain))
    if checked.differs is None:
        last = ThreadFrame(ring, checked.frames[-1], shadow=f"shadow stack agrees ({checked.agreed} return addresses)")
        return HeldFrames((*plain[:first], *(ThreadFrame(ring, each) for each in checked.frames[:-1]), last))
    own = [ThreadFrame(ring, frame) for frame in checked.frames]
    note = _difference(checked, _chain(memory, code, checked))
    own[checked.differs] = ThreadFrame(ring, checked.frames[checked.differs], shadow=note, overwritten=checked.said)
    return HeldFrames((*plain[:first], *own), True)


def _chain(memory: MemoryReader, code: CodeMap, checked: Checked) -> str:
    """That words behind the overwritten return address are such addresses too; empty where they are not."""
    if checked.place is None:
        return ""
    try:
        data = memory.read(checked.place, _CHAIN)
    except ReadError:
        return ""
    words = [int.from_bytes(data[at : at + 8], "little") for at in range(0, _CHAIN, 8)]
    gadgets = [word for word in words if code.holds(word) and call_before(memory, word) is False]
    if len(gadgets) < 2:
        return ""
    named = ", ".join(f"{word:#x}" for word in gadgets[:4])
    return f"; a chain of returns: {len(gadgets)} words from there on lead to code that no call precedes ({named})"


def _difference(checked: Checked, chain: str = "") -> str:
    """What the usual stack has where it differs, or that the walk had nothing sure there."""
    if checked.said is not None:
        return f"{OVERWRITTEN}: the stack has {checked.said:#x} here, the shadow stack this return address{chain}"
    return "the shadow stack goes on where nothing else is sure"
