"""Virtual address descriptors: the tree of a process's ranges, walked whole and held in address order."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from volplugins.kernel.claims import Claims, Owner
from volplugins.kernel.members import read_member
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Decoder, Layout, Structure

MAX_VADS = 1 << 20
_PAGE_BITS = 12
_MOST_NOTES = 16
# MI_VAD_TYPE of public symbol tables, the same since Vista; XP has a flag for each but the last two
PHYSICAL, IMAGE_MAP, AWE, WRITE_WATCH, LARGE_PAGES, ROTATE, LARGE_PAGE_SECTION = range(1, 8)
TYPE_NAMES = {
    PHYSICAL: "physical memory of a device", IMAGE_MAP: "image", AWE: "AWE", WRITE_WATCH: "write watch",
    LARGE_PAGES: "large pages", ROTATE: "rotate", LARGE_PAGE_SECTION: "section of large pages",
}  # fmt: skip
_FLAGS = (
    ("ImageMap", IMAGE_MAP), ("PhysicalMapping", PHYSICAL), ("UserPhysicalPages", AWE), ("WriteWatch", WRITE_WATCH),
    ("LargePages", LARGE_PAGES),
)  # fmt: skip
# members that only the long form has; a short one may end where its pool page does
_LONG = frozenset({"Subsection", "ControlArea", "FirstPrototypePte", "LastContiguousPte"})


@dataclass(frozen=True, slots=True)
class Vad:
    """One range. Members that the build lacks, or that a private range has no room for, are None.

    Attributes:
        start, end: first address, and the first one behind it.
        kind: VadType; on XP the number of the flag that is set, 0 for none.
        protection: index into the memory manager's protections.
        commit: CommitCharge in pages.
        first_prototype, last_prototype: addresses of the prototype entries for the first page and for the last one that
            follows it without a gap.
        section: the subsection (XP: control area) that is mapped.
        committed: whether the whole range was committed when it was made (MemCommit).
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
    committed: bool | None = None


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


def walk_vads(
    memory: MemoryReader, root: int, layout: Layout, bits: int, claims: Claims | None = None, owner: Owner | None = None
) -> Vads:
    """Every range of the tree at ``root``; branches that cannot be read, loop or make no sense are named and left out.

    Args:
        root: address of the root node; 0 for an empty tree.
        claims: who has which nodes, so that no tree is walked for a second process; ``owner`` is this tree's.
    """
    if not root:
        return NO_VADS
    if not layout.has("StartingVpn") or not layout.has("Left"):
        return Vads((), (f"the VAD tree cannot be read: {layout.source}",))
    other = claims.claim(root, owner) if claims is not None and owner is not None else None
    if other is not None:
        return Vads((), (f"VadRoot {root:#x} is that of {other.label}, whose ranges those are",))
    found: list[Vad] = []
    notes: list[str] = []
    seen: set[int] = set()
    decoder = _VadDecoder(layout, bits)
    waiting = [(root, True)]  # and whether the node that led there holds a range
    while waiting:
        node, trusted = waiting.pop()
        why = _why_left_out(node, seen, claims, owner)
        if why:
            notes.append(why)
            continue
        if len(seen) >= MAX_VADS:
            notes.append(f"the walk ended after {MAX_VADS} VADs")
            break
        seen.add(node)
        try:
            data = _read(memory, node, layout)
        except ReadError as error:
            notes.append(f"VAD {node:#x} cannot be read ({error.reason})")
            children = (read_member(memory, node, layout, side) for side in ("Right", "Left"))
            waiting.extend((child, False) for child in children if child and trusted)
            continue
        vad, left, right = decoder.decode(node, data)
        if vad is not None:
            found.append(vad)
        else:
            notes.append(f"VAD {node:#x} holds no range: {_vpns(Structure(node, data, layout))}")
        if vad is not None or trusted:  # what one bad node leads to may be sound; what two in a row do, is not
            if right:
                waiting.append((right, vad is not None))
            if left:
                waiting.append((left, vad is not None))
    ranges, overlaps = _apart(found)
    return Vads(tuple(ranges), _shortened([*notes, *overlaps]))


def _why_left_out(node: int, seen: set[int], claims: Claims | None, owner: Owner | None) -> str:
    """Why a node is not looked at: seen before, or another process's; empty where it is."""
    if node in seen:
        return f"VAD {node:#x} is reached twice: the tree loops"
    if claims is None or owner is None:
        return ""
    other = claims.claim(node, owner)
    return f"VAD {node:#x} is in the tree of {other.label}, whose ranges those are" if other is not None else ""


def _apart(found: list[Vad]) -> tuple[list[Vad], list[str]]:
    """The ranges ascending, and sentences on those left out because they overlap: as few as can be."""
    kept: list[Vad] = []
    notes = []
    for vad in sorted(found, key=lambda vad: (vad.start, vad.end)):
        if kept and vad.start < kept[-1].end:
            # the one that ends first leaves more room for those that follow
            left_out = vad if kept[-1].end <= vad.end else kept.pop()
            notes.append(f"VAD {left_out.address:#x} ({left_out.start:#x}-{left_out.end:#x}) overlaps another")
            if left_out is vad:
                continue
        kept.append(vad)
    return kept, notes


def _shortened(notes: list[str]) -> tuple[str, ...]:
    if len(notes) <= _MOST_NOTES:
        return tuple(notes)
    return (*notes[: _MOST_NOTES - 1], f"and {len(notes) - _MOST_NOTES + 1} more like these")


def _read(memory: MemoryReader, node: int, layout: Layout) -> bytes:
    try:
        return memory.read(node, layout.size)
    except ReadError:
        members = [at + size for name, (at, size) in layout.members.items() if name not in _LONG]
        short = max([*members, *(at + size for at, size, _, _ in layout.bits.values())])
        return memory.read(node, short) + bytes(layout.size - short)


_MEMBERS = (
    "Left", "Right", "StartingVpn", "EndingVpn", "StartingVpnHigh", "EndingVpnHigh", "PrivateMemory", "VadType",
    "Protection", "CommitCharge", "MemCommit", "FirstPrototypePte", "LastContiguousPte", "Subsection", "ControlArea",
    *(flag for flag, _ in _FLAGS),
)  # fmt: skip


class _VadDecoder:
    """Decodes nodes of one layout. ``bits``: width of an address."""

    def __init__(self, layout: Layout, bits: int) -> None:
        self._decoder = Decoder(layout, _MEMBERS)
        self._pages = 1 << (bits - _PAGE_BITS)
        self._old = layout.has("ImageMap")

    def decode(self, address: int, data: bytes) -> tuple[Vad | None, int, int]:
        """The range, None where it makes no sense, and the addresses of the node's children."""
        (
            left, right, start, end, start_high, end_high, private, kind, protection, commit, committed, first, last,
            subsection, control_area, *flags,
        ) = self._decoder.values(data)  # fmt: skip
        low = (start or 0) | (start_high or 0) << 32
        high = (end or 0) | (end_high or 0) << 32
        if low > high or high >= self._pages:
            return None, left or 0, right or 0
        if kind is None and self._old:
            kind = next((number for (_, number), flag in zip(_FLAGS, flags, strict=True) if flag), 0)
        if private:  # a short node has none of these
            first = last = subsection = control_area = None
        vad = Vad(
            address, low << _PAGE_BITS, (high + 1) << _PAGE_BITS, bool(private) if private is not None else None,
            kind, protection, commit, first, last, subsection if subsection is not None else control_area,
            bool(committed) if committed is not None else None,
        )  # fmt: skip
        return vad, left or 0, right or 0


def _vpns(structure: Structure) -> str:
    return f"pages {structure.unsigned('StartingVpn'):#x} to {structure.unsigned('EndingVpn'):#x}"
