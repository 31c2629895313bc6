"""Who says where a processor's descriptor table is, and whether they agree.

Best first: the registers that a container saved with the image are the processor's own at that moment; the KPCR's
pointers are made when a processor is started; the special registers in the KPRCB are those of its last stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from volplugins.descriptors.table import TableRegister, register_notes

CONTAINER, KPCR, SAVED = "the container", "the KPCR", "the saved special registers"


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says of a table.

    Attributes:
        source: who, in words; base: linear address, 0 where it says nothing.
        limit: the last byte, relative to the base; None where the source has none.
    """

    source: str
    base: int
    limit: int | None = None

    def text(self, verb: str) -> str:
        """``the KPCR says 0x80036000``."""
        limit = f", limit {self.limit:#x}" if self.limit is not None else ""
        return f"{self.source}{verb} {self.base:#x}{limit}"


def register_of(said: Sequence[Said], usual: Sequence[int], virtual_bits: int, size: int) -> TableRegister | None:
    """The table's register by the best source, with notes on all; None where nobody says anything.

    Args:
        said: best first; usual: the limits that Windows gives the table, the most usual first.
        size: bytes of an entry.
    """
    known = [each for each in said if each.base]
    if not known:
        return None
    base = known[0].base
    limit = next((each.limit for each in known if each.base == base and each.limit is not None), usual[0])
    notes = [*_agreement(known), *_limits(known, base)]
    if limit not in usual:
        notes.append(f"limit {limit:#x} where Windows has {usual[0]:#x}")
    return TableRegister(base, limit, (*notes, *register_notes(TableRegister(base, limit), virtual_bits, size)))


def _agreement(known: Sequence[Said]) -> list[str]:
    if len({each.base for each in known}) > 1:
        return [", ".join([known[0].text(" says"), *(each.text("") for each in known[1:])])]
    if len(known) > 1:
        names = [each.source for each in known]
        return [f"{', '.join(names[:-1])} and {names[-1]} agree"]
    if known[0].limit is None:
        return [f"base from {known[0].source}; the processor saved none, and the limit is Windows' usual one"]
    return [f"base and limit from {known[0].source} alone"]


def _limits(known: Sequence[Said], base: int) -> list[str]:
    """That two sources of the same table say different limits."""
    told = [(each.source, each.limit) for each in known if each.base == base and each.limit is not None]
    if len({limit for _, limit in told}) < 2:
        return []
    return ["limits differ: " + ", ".join(f"{limit:#x} by {source}" for source, limit in told)]
