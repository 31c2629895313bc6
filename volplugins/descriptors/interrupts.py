"""Interrupt objects (KINTERRUPT): which of them a gate leads to, as the builds keep them, and who shares its vector.

Up to 9600 a gate leads to DispatchCode within the object. Kernels from 10240 on, and those of 7601 and 9600 as patched
since 2018, lead it to a thunk (KiIsrThunk, eight bytes a vector), and KPRCB.InterruptObject has the object of each
vector. On x86 the code behind a gate loads the object into EDI before it jumps (public symbol tables; the template of
ReactOS's interrupt code). A message-signalled interrupt has the kernel's stub as its service routine, and the driver's
in MessageServiceRoutine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from volplugins.kernel.descriptor_layouts import GateLayouts
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.memory.structure import Structure, read_structure

_TYPE = 22  # KOBJECTS.InterruptObject
_MOST_SHARERS = 64
_NEVER_COUNTED = 0xFFFF_FFFF
# offsets of DispatchCode in kernels whose tables say that there is none (of these builds there are both)
_DISPATCH_CODE = {64: (0x90,), 32: (0x54, 0x58, 0x50)}
_CODE = 0x100  # bytes of a template of x86
_LOAD_EDI, _JUMP = 0xBF, 0xE9


@dataclass(frozen=True, slots=True)
class Interrupt:
    """One interrupt object.

    Attributes:
        how: what led to it: ``dispatch code``, ``interrupt object table``, ``code of the gate``, ``shared vector``.
        service, message: ServiceRoutine and MessageServiceRoutine (0: none); context: what the routine is given.
        dispatch: DispatchAddress; count: how often it was served, None where that is not known.
        notes: what is odd about it.
    """

    address: int
    how: str
    vector: int
    service: int
    message: int
    context: int
    dispatch: int
    irql: int
    count: int | None
    shared: bool
    notes: tuple[str, ...] = ()


def _counted(count: int | None) -> int | None:
    """DispatchCount; None where it is all ones, as an object is made: nothing has counted with it."""
    return None if count == _NEVER_COUNTED else count


@dataclass(frozen=True, slots=True)
class InterruptReader:
    """Reads interrupt objects of one machine."""

    memory: MemoryReader
    layouts: GateLayouts
    bits: int

    def of_gate(self, prcb: int, vector: int, target: int, by_thunk: bool = True) -> list[Interrupt]:
        """The object that a gate leads to, then those that share its vector; none where it leads to none.

        Args:
            by_thunk: whether the target may be a thunk, whose object the KPRCB has.
        """
        for address, how in self._candidates(prcb, vector, target, by_thunk):
            first = self.read(address, how)
            if first is not None and first.vector & 0xFF == vector:
                return self._sharers(first)
        return []

    def read(self, address: int, how: str) -> Interrupt | None:
        """The object at ``address``, or None where there is none."""
        layout = self.layouts.interrupt
        if not layout.members or not address >> (self.bits - 1) & 1 or address % (self.bits // 8):
            return None
        try:
            block = read_structure(self.memory, address, layout)
        except ReadError:
            return None
        if block.unsigned("Type") != _TYPE or not block.unsigned("ServiceRoutine") >> (self.bits - 1):
            return None
        return self._made(block, how)

    def _made(self, block: Structure, how: str) -> Interrupt:
        size = block.unsigned("Size")
        notes = [] if size == block.layout.size else [f"its size is {size:#x}, not {block.layout.size:#x}"]
        if not (block.get("Connected") or 0):
            notes.append("not connected")
        return Interrupt(
            block.address, how, block.unsigned("Vector"), block.unsigned("ServiceRoutine"),
            block.get("MessageServiceRoutine") or 0, block.unsigned("ServiceContext"),
            block.unsigned("DispatchAddress"), block.unsigned("Irql"), _counted(block.get("DispatchCount")),
            bool(block.get("ShareVector")), tuple(notes),
        )  # fmt: skip

    def _candidates(self, prcb: int, vector: int, target: int, by_thunk: bool) -> Iterator[tuple[int, str]]:
        layout, width = self.layouts.interrupt, self.bits // 8
        known = [layout.offset("DispatchCode")] if layout.has("DispatchCode") else []
        yield from ((target - each, "dispatch code") for each in dict.fromkeys([*known, *_DISPATCH_CODE[self.bits]]))
        if by_thunk and self.layouts.processor.has("InterruptObject"):
            place = prcb + self.layouts.processor.offset("InterruptObject") + vector * width
            yield self._link(place), "interrupt object table"
        if self.bits == 32:
            yield from ((each, "code of the gate") for each in self._loaded(target))

    def _loaded(self, target: int) -> Iterator[int]:
        """What code that a gate of x86 leads to loads into EDI before a jump."""
        try:
            code = self.memory.read(target, _CODE)
        except ReadError:
            return
        at = code.find(_LOAD_EDI)
        while 0 <= at <= _CODE - 10:
            if code[at + 5] == _JUMP:
                yield int.from_bytes(code[at + 1 : at + 5], "little")
            at = code.find(_LOAD_EDI, at + 1)

    def _sharers(self, first: Interrupt) -> list[Interrupt]:
        """The first and the further objects of its vector, in the list's order; the last notes what breaks the list."""
        at = self.layouts.interrupt.offset("InterruptListEntry")
        found, met = [first], {first.address}
        link, broken = self._link(first.address + at), ""
        while link - at != first.address and not broken:
            following = self.read(link - at, "shared vector") if link > at else None
            if following is not None and following.address in met:
                broken = f"the list of sharers does not lead back: {link:#x} follows"
            elif following is None or following.vector != first.vector:
                broken = f"the list of sharers leads to {link:#x}, where there is no object of this vector"
            elif len(found) >= _MOST_SHARERS:
                broken = f"more than {_MOST_SHARERS} sharers"
            else:
                met.add(following.address)
                found.append(following)
                link = self._link(link)
        if broken and (len(found) > 1 or first.shared):
            found[-1] = replace(found[-1], notes=(*found[-1].notes, broken))
        return found

    def _link(self, address: int) -> int:
        try:
            return int.from_bytes(self.memory.read(address, self.bits // 8), "little")
        except ReadError:
            return 0
