"""What walking many lists of one kind may cost together: no entry is in two of them where memory is whole."""

from __future__ import annotations

from dataclasses import dataclass, field

_EACH = 64  # beyond those that are remembered one by one, every so many


@dataclass(slots=True)
class SharedLists:
    """The entries that lists have led to, so that a ring to which many heads lead is walked once.

    Attributes:
        most: how many entries of all these lists together are given.
        remembered: so many entries are remembered one by one; behind them every 64th is, which ends a walk over a
            longer ring within 64 entries.
        given: how many entries were given.
    """

    most: int
    remembered: int = 1 << 18
    given: int = 0
    _led: dict[int, int] = field(default_factory=dict)

    @property
    def spent(self) -> bool:
        """Whether no more entries are given."""
        return self.given >= self.most

    def fault(self, entry: int, head: int) -> str:
        """Why the list at ``head`` ends before ``entry``, in words; empty where it goes on."""
        by = self._led.get(entry)
        if by is not None:
            return (
                f"it runs in a loop at {entry:#x}" if by == head else f"it leads to {entry:#x} of the list at {by:#x}"
            )
        return f"more than {self.most} entries of such lists together" if self.spent else ""

    def take(self, entry: int, head: int) -> None:
        """``entry`` is given, of the list at ``head``."""
        if self.given < self.remembered or self.given % _EACH == 0:
            self._led[entry] = head
        self.given += 1
