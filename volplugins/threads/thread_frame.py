"""A frame of a thread, the ring that it runs in, and what its shadow stack says of it."""

from __future__ import annotations

from dataclasses import dataclass

from volplugins.stack.frame import Frame
from volplugins.stack.segmented import SegmentedRegisters
from volplugins.stack.segmented_walk import SegmentedFrame

KERNEL, USER, WOW64, V86, LDT = "kernel", "user", "wow64", "v86", "ldt"


@dataclass(frozen=True, slots=True)
class ThreadFrame:
    """A frame and the ring it runs in: ``kernel``, ``user``, ``wow64``, ``v86`` (virtual-8086 mode) or ``ldt``.

    ``segmented`` has selectors and offsets of the last two; ``frame`` has linear addresses, and registers at the first.

    ``shadow``: what the shadow stack says of it, in words; on the last of a ring that all of them agree.
    ``overwritten``: the return address that the usual stack has here in place of the true one; None where it is right.
    """

    ring: str
    frame: Frame
    segmented: SegmentedFrame | None = None
    selectors: SegmentedRegisters | None = None
    shadow: str = ""
    overwritten: int | None = None
