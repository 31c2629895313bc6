"""Which frames of a stack prove that its thread was there."""

from __future__ import annotations

# frames that nothing before them can spoil, and those that are as good as what they were reached from
_ANEW = ("context", "switch-frame", "trap-frame")
# what the Note of a frame pointer's frame says where its return address follows no call that is known
_UNPROVED = ("the code before it is not in memory", "no call ends there")


class TrustedFrames:
    """Which frames of windows.kd.stacks prove that a thread was there: none that was scanned, or rests on one.

    A frame pointer's counts where a call ends before its return address.
    """

    def __init__(self) -> None:
        self._thread: object = None
        self._sound = True

    def take(self, thread: object, trust: str | None, note: str | None) -> bool:
        """Whether this frame is sound; frames of a thread follow one another, innermost first.

        Args:
            thread: whose frame it is; trust, note: as in the columns of windows.kd.stacks.
        """
        if thread != self._thread or trust in _ANEW:
            self._thread, self._sound = thread, True
        if trust == "scan" or any(each in (note or "") for each in _UNPROVED):
            self._sound = False
        return self._sound
