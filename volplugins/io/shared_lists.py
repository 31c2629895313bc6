"""What walking many lists of one kind may cost together: no entry is in two of them where memory is whole."""

from __future__ import annotations

from dataclasses import dataclass, field

_EACH = 256  # beyond those that are remembered one by one, every so many


@dataclass(slots=True)
class SharedLists:
    """The entries that lists have led to, so that a ring to which many heads lead is walked once.

    Attributes:
        most: how many entries of all these lists together are given.
        remembered: so many entries are remembered one by one; behind them every 256th is, which ends a walk over
            a longer ring within 256 entries.
        again: so many entries, of all lists together, may be given that another list led to: a stale head must not
            hide what is in a list in use.
        given: how many entries were given.
    """

    most: int
    remembered: int = 1 << 18
    again: int = 0
    given: int = 0
    _led: dict[int, int] = field(default_factory=dict)

    @property
    def spent(self) -> bool:
        """Whether no more entries are given."""
        return self.given >= self.most

    def fault(self, entry: int, head: int) -> str:
        """Why the list at ``head`` ends before ``entry``, in words; empty where it goes on."""
        by = self._led.get(entry)
        if by == head:
            return f"it runs in a loop at {entry:#x}"
        if by is not None and not self.again:
            return f"it leads to {entry:#x} of the list at {by:#x}"
        return f"more than {self.most} entries of such lists together" if self.spent else ""

    def take(self, entry: int, head: int) -> None:
        """``entry`` is given, of the list at ``head``."""
        if self.again and entry in self._led:
            self.again -= 1
        if self.given < self.remembered or self.given % _EACH == 0:
            self._led[entry] = head
        self.given += 1
