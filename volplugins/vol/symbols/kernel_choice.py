"""Which table at hand is a kernel's, by what a dump says of it without naming its PDB.

One is taken only where it is the only one that agrees with all of it, or where all that agree have the same symbols.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from volplugins.vol.symbols.kernel_index import kernels_at_hand, stamp_of
from volplugins.vol.symbols.symbol_files import PdbSymbols, forget, load_from
from volplugins.vol.symbols.table_facts import read_addresses

Place = tuple[tuple[str, ...], int]  # symbols, one of which is at this address


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the kernel.

    Attributes:
        addresses: relative virtual addresses by symbol, by which the index is asked: of those in table_facts.
        sizes: structure sizes in bytes, as the kernel's debugger data block states them.
        further: relative virtual addresses at which a table has one of these symbols, unless it has none of them.
    """

    addresses: Mapping[str, int]
    sizes: Mapping[str, int]
    further: tuple[Place, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """What one is told from others by."""
        return tuple(sorted(self.addresses.items())), tuple(sorted(self.sizes.items())), self.further

    @property
    def names(self) -> tuple[str, ...]:
        """The symbols of the further addresses."""
        return tuple(dict.fromkeys(name for names, _ in self.further for name in names))

    def allows(self, lookup: Callable[[str], int | None]) -> bool:
        """Whether a table with these symbols agrees with the further addresses."""
        for names, rva in self.further:
            places = {at for name in names if (at := lookup(name)) is not None}
            if places and rva not in places:
                return False
        return True


@dataclass(frozen=True, slots=True)
class Choice:
    """``symbols``: the table to use, or None; ``fitting``: ``name.pdb/GUID-age`` of all that agree."""

    symbols: PdbSymbols | None
    fitting: tuple[str, ...]


_NONE = Choice(None, ())
# what was told already: of these files and this evidence, the one to use and all that fit
_told: dict[tuple[object, ...], tuple[str, tuple[str, ...]]] = {}


def choose(evidence: Evidence) -> Choice:
    """The kernel's table where its debug record is not in the dump.

    Which come into question, the index says; a table itself is asked before it is used, and where it is another than
    the index says, the index is not believed. The same table in several places counts once.
    """
    for trusting in (True, False):
        near = list(recognised(evidence, trusting).values())
        if not near:
            return _NONE
        key = (evidence.key, *((each, stamp_of(each)) for each in near))
        if key not in _told:
            agreeing = _agreeing(evidence, near)
            if agreeing is None:
                continue
            _told[key] = _one_of(agreeing)
        location, fitting = _told[key]
        return Choice(load_from(location) if location else None, fitting)
    return _NONE


def recognised(evidence: Evidence, trusting: bool = True) -> dict[str, str]:
    """Where the tables are that fit, by identity; by the index (read anew where it is not to be trusted)."""
    at_hand = reversed(kernels_at_hand(trusting))  # of several places the first counts
    fitting = ((each, facts) for each, facts in at_hand if facts.fit(evidence.addresses, evidence.sizes))
    # GUID and age are the PDB's: under another name (ntkrla57.pdb beside ntkrnlmp.pdb) it is the same table
    return {facts.identity.rpartition("/")[2] or each: each for each, facts in fitting}


def _agreeing(evidence: Evidence, near: list[str]) -> list[str] | None:
    """The locations of those that agree as they are; None where one is another than the index says."""
    agreeing = []
    for location in near:
        if len(near) > 1 and not evidence.allows(read_addresses(location, evidence.names).get):
            continue  # telling one from others needs a few of their symbols only
        symbols = load_from(location)
        if symbols is None or not symbols.has_all(evidence.addresses) or not symbols.agrees(evidence.sizes):
            forget(location)
            return None
        if evidence.allows(symbols.lookup):
            agreeing.append(location)
        else:
            forget(location)
    return agreeing


def _one_of(agreeing: list[str]) -> tuple[str, tuple[str, ...]]:
    """The first of them, empty where they are not alike, and the identities of all."""
    first = load_from(agreeing[0]) if agreeing else None
    alike, fitting = first is not None, []
    for location in agreeing:
        symbols = load_from(location)
        if first is not None and symbols is not None:
            fitting.append(symbols.identity or location)
            alike = alike and _same(first, symbols)
        if symbols is not first:
            forget(location)
    if not alike and agreeing:
        forget(agreeing[0])
    return agreeing[0] if alike else "", tuple(fitting)


def _same(one: PdbSymbols, other: PdbSymbols) -> bool:
    """Whether two tables say the same of everything that is taken from one."""
    symbols = one.addresses == other.addresses and one.names == other.names
    return symbols and one.types == other.types and one.base_types == other.base_types
