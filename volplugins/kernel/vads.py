"""Virtual address descriptors: the tree of a process's ranges, walked whole and held in address order."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Layout, Structure

MAX_VADS = 1 << 20
_PAGE_BITS = 12
# members that only the long form has; a short one may end where its pool page does
_LONG = frozenset({"Subsection", "ControlArea", "FirstPrototypePte", "LastContiguousPte"})


@dataclass(frozen=True, slots=True)
class Vad:
    """One range. Members that the build lacks, or that a private range has no room for, are None.

    Attributes:
        start, end: first address, and the first one behind it.
        kind: VadType; on XP 2 (image) where ImageMap is set, else 0.
        protection: index into the memory manager's protections.
        commit: CommitCharge in pages.
        first_prototype, last_prototype: addresses of the prototype entries for the first page and for the last one that
            follows it without a gap.
        section: the subsection (XP: control area) that is mapped.
    """

    address: int
    start: int
    end: int
    private: bool | None
    kind: int | None
    protection: int | None
    commit: int | None
    first_prototype: int | None
    last_prototype: int | None
    section: int | None


@dataclass(frozen=True, slots=True)
class Vads:
    """The ranges of one process, ascending, and what was wrong with the tree."""

    ranges: tuple[Vad, ...]
    notes: tuple[str, ...]

    def holding(self, address: int) -> Vad | None:
        """The range that holds ``address``."""
        index = bisect_right(self.ranges, address, key=lambda vad: vad.start) - 1
        return self.ranges[index] if index >= 0 and address < self.ranges[index].end else None

    def prototype_of(self, address: int, entry_size: int) -> int | None:
        """Address of the prototype entry for ``address``; None where no range maps it or the entries have a gap."""
        vad = self.holding(address)
        if vad is None or vad.private or not vad.first_prototype:
            return None
        prototype = vad.first_prototype + ((address - vad.start) >> _PAGE_BITS) * entry_size
        return prototype if not vad.last_prototype or prototype <= vad.last_prototype else None


NO_VADS = Vads((), ())


def walk_vads(memory: MemoryReader, root: int, layout: Layout, bits: int) -> Vads:
    """Every range of the tree at ``root``; branches that cannot be read, loop or make no sense are named and left out.

    Args:
        root: address of the root node; 0 for an empty tree.
    """
    if not root:
        return NO_VADS
    if not layout.has("StartingVpn") or not layout.has("Left"):
        return Vads((), (f"the VAD tree cannot be read: {layout.source}",))
    found: list[Vad] = []
    notes: list[str] = []
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node in seen:
            notes.append(f"VAD {node:#x} is reached twice: the tree loops")
            continue
        if len(seen) >= MAX_VADS:
            notes.append(f"the walk ended after {MAX_VADS} VADs")
            break
        seen.add(node)
        try:
            structure = _read(memory, node, layout)
        except ReadError as error:
            notes.append(f"VAD {node:#x} cannot be read ({error.reason})")
            continue
        vad = _decode(structure, bits)
        if vad is None:
            notes.append(f"VAD {node:#x} holds no range")
            continue
        found.append(vad)
        waiting.extend(child for child in (structure.unsigned("Right"), structure.unsigned("Left")) if child)
    found.sort(key=lambda vad: vad.start)
    return Vads(tuple(found), tuple(notes[:16]))


def _read(memory: MemoryReader, node: int, layout: Layout) -> Structure:
    try:
        return Structure(node, memory.read(node, layout.size), layout)
    except ReadError:
        members = [at + size for name, (at, size) in layout.members.items() if name not in _LONG]
        short = max([*members, *(at + size for at, size, _, _ in layout.bits.values())])
        return Structure(node, memory.read(node, short) + bytes(layout.size - short), layout)


def _decode(structure: Structure, bits: int) -> Vad | None:
    start = structure.unsigned("StartingVpn") | (structure.get("StartingVpnHigh") or 0) << 32
    end = structure.unsigned("EndingVpn") | (structure.get("EndingVpnHigh") or 0) << 32
    if start > end or end >= 1 << (bits - _PAGE_BITS):
        return None
    private = structure.get("PrivateMemory")
    kind = structure.get("VadType")
    if kind is None and structure.layout.has("ImageMap"):
        kind = 2 if structure.unsigned("ImageMap") else 0
    mapped = not private

    def long_member(name: str) -> int | None:
        return structure.get(name) if mapped else None

    section = long_member("Subsection")
    return Vad(
        structure.address, start << _PAGE_BITS, (end + 1) << _PAGE_BITS, bool(private) if private is not None else None,
        kind, structure.get("Protection"), structure.get("CommitCharge"), long_member("FirstPrototypePte"),
        long_member("LastContiguousPte"), section if section is not None else long_member("ControlArea"),
    )  # fmt: skip
