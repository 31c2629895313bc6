"""How much one run may give out: rows, bytes, seconds and memory, by what the dump itself holds.

No true dump comes near: the largest output there is, every page that every process maps, has fewer rows than four for
each page in the file. One that is made to grow without end is stopped, and the last row says so.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

VARIABLE = "VOLPLUGINS_BUDGET"
_PAGE = 0x1000
_LOOKED_AT_EVERY = 1024  # rows between two looks at the memory
_STATM = Path("/proc/self/statm")  # Linux; elsewhere memory is not counted


class BudgetError(ValueError):
    """A factor that is none; one line for the user."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use: bytes of its rows as JSON lines; memory is what it adds, without the dump's pages."""

    rows: int
    bytes: int
    seconds: float
    memory: int

    def times(self, factor: float) -> Limits:
        """As many times as much; 0: without end."""
        if not factor:
            return Limits(*4 * (1 << 62,))
        return Limits(
            int(self.rows * factor), int(self.bytes * factor), self.seconds * factor, int(self.memory * factor)
        )  # fmt: skip


def limits_of(pages: int) -> Limits:
    """The limits for a dump that holds so many pages.

    A machine of 64 GiB has 67 million rows, 64 GiB, nine hours and 10 GiB of memory; a dump of 20 MiB a million rows,
    276 MiB, a quarter of an hour and 2 GiB.
    """
    return Limits(1_000_000 + 4 * pages, (256 << 20) + pages * _PAGE, 900 + pages / 500, (2 << 30) + pages * 512)


def factor_of(text: str | float | None, variable: str = VARIABLE) -> float:
    """The factor that an option or the environment gives; 1 where neither does.

    Raises:
        BudgetError: it is no number, or less than 0.
    """
    said = os.environ.get(variable, "") if text in (None, "") else text
    try:
        factor = float(said or 1)
    except ValueError:
        factor = -1.0
    if not 0 <= factor < math.inf:
        raise BudgetError(f"{said}: no budget (a number: 10 is ten times as much as usual, 0 without end)")
    return factor


def resident_memory() -> int:
    """Bytes of this process's own memory, without pages of mapped files; 0 where the system does not say."""
    try:
        resident, shared = (int(word) for word in _STATM.read_text().split()[1:3])
    except (OSError, ValueError):
        return 0
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Budget:
    """What is left of the limits. Rows are taken one by one; ``why`` is set when one of the limits is reached."""

    limits: Limits
    rows: int = 0
    bytes: int = 0
    why: str = ""
    clock: Callable[[], float] = time.monotonic
    memory: Callable[[], int] = resident_memory
    held: int = -1  # bytes that the process had before: they are not this run's
    _since: float = field(init=False)

    def __post_init__(self) -> None:
        self._since = self.clock()
        self.held = self.memory() if self.held < 0 else self.held

    @property
    def seconds(self) -> float:
        """How long it has been in use."""
        return self.clock() - self._since

    def takes(self, size: int) -> bool:
        """Whether a row of ``size`` bytes may still be given out."""
        limits = self.limits
        if self.rows >= limits.rows:
            self.why = f"{limits.rows} rows"
        elif self.bytes + size > limits.bytes:
            self.why = f"{limits.bytes >> 20} MiB of rows" if limits.bytes >> 20 else f"{limits.bytes} bytes of rows"
        elif self.seconds > limits.seconds:
            self.why = f"{limits.seconds:.0f} seconds"
        elif self.rows % _LOOKED_AT_EVERY == 0 and self.memory() - self.held > limits.memory:
            self.why = f"{limits.memory >> 20} MiB of memory"
        else:
            self.rows += 1
            self.bytes += size
            return True
        return False

    def part(self) -> Budget:
        """Half of what is left, for one of several that share this budget; ``give_back`` what it used."""
        left = Limits(
            (self.limits.rows - self.rows + 1) // 2, (self.limits.bytes - self.bytes + 1) // 2,
            max(self.limits.seconds - self.seconds, 0.0) / 2, self.limits.memory,
        )  # fmt: skip
        return Budget(left, clock=self.clock, memory=self.memory, held=self.held)

    def used(self, part: Budget) -> None:
        """Count in what a part has used."""
        self.rows += part.rows
        self.bytes += part.bytes
