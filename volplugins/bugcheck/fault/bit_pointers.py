"""Pointers in the registers of a fault that are one bit away from a good one.

Addresses that lie near each other differ in one low bit all the time: a bit counts from the size of a page on, and only
where one address is there and the other is not. Canonical form: Intel SDM 1, 3.3.7.1 (48 bits).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from volplugins.memory.reader import ReadError

if TYPE_CHECKING:
    from volplugins.bugcheck.fault.fault import Fault
    from volplugins.bugcheck.scene.crash_scene import CrashScene

_PAGE_BIT = 12
_X86_FAR_BIT = 24  # x86 has two gigabytes for all of its kernel
_NULL_BIT = 20  # a lone bit below may be a size or an offset
_REACH = 0x1000  # the farthest that a member lies behind its pointer
_HIGH = range(47, 64)  # bits that are all equal in a canonical address
_REGION = 32  # pointers to one kind of kernel memory have the bits from here on in common
_FAR_BIT = 36  # 64 GiB: farther than regions that are both in use lie from each other
_WITNESSES = 2
_NO_POINTERS = frozenset({"rip", "rsp", "eip", "esp", "cs", "ss", "ds", "es", "fs", "gs", "efl", "rflags", "eflags"})


def flipped_bit(one: int, other: int) -> int | None:
    """The only bit in which two values differ; None where they are equal or differ in more."""
    difference = one ^ other
    return difference.bit_length() - 1 if difference and not difference & (difference - 1) else None


class Pointers:
    """The general registers of one fault, and the address that it could not access."""

    def __init__(self, scene: CrashScene, fault: Fault) -> None:
        self._scene = scene
        self._width = scene.bits // 8
        self._kernel = 1 << (scene.bits - 1)
        self._values = {name: value for name, value in fault.registers.items() if name.lower() not in _NO_POINTERS}
        self._address = fault.access[1] if fault.access is not None else None

    def non_canonical(self) -> str:
        """A register that would be a kernel address of this dump but for one of its high bits; empty where none is.

        The processor does not say which address it was: such a fault has none, or all ones.
        """
        if self._scene.bits != 64 or self._address not in (None, (1 << 64) - 1, 0):
            return ""
        for name, value in self._values.items():
            good = value | (1 << 64) - (1 << 47)
            bit = flipped_bit(value, good)
            if bit not in _HIGH:
                continue
            if self._is_there(good):
                return f"{name}={value:#x} is no address; with bit {bit} it is {good:#x}, which is there"
            if self._of_region(good >> _REGION, name) >= _WITNESSES:
                return f"{name}={value:#x} is no address; with bit {bit} it is {good:#x}, as other registers point"
            if self._objects_in(good >> _REGION) >= _WITNESSES:
                where = "where the thread and its process are"
                return f"{name}={value:#x} is no address; with bit {bit} it is {good:#x}, {where}"
        return ""

    def _objects_in(self, region: int) -> int:
        """How many of the crashing thread and its process lie in a region of kernel memory."""
        thread, process = self._scene.thread, self._scene.process
        known = (thread.ethread if thread is not None else 0, process.eprocess if process is not None else 0)
        return sum(address >> _REGION == region for address in known if address)

    def _of_region(self, region: int, but: str) -> int:
        """How many other registers point into a region of kernel memory."""
        return sum(value >> _REGION == region for name, value in self._values.items() if name != but)

    def far_off(self) -> str:
        """A bad kernel pointer far from all memory in use, and with one high bit flipped in it; empty where none is."""
        if self._address is None or self._address < self._kernel:
            return ""
        for name, value in self._bad():
            lowest = _FAR_BIT if self._scene.bits == 64 else _X86_FAR_BIT
            for bit in range(lowest, min(self._scene.bits - 1, _HIGH.start)):
                good = value ^ (1 << bit)
                if self._is_unused(value) and good >= self._kernel and self._is_mapped(good):
                    return f"{name}={value:#x} lies far from all memory in use; with bit {bit} flipped it is {good:#x}"
        return ""

    def other_region(self) -> str:
        """A bad pointer whose upper half is one high bit away from that of other registers (x64); empty if none is.

        Where there are no page tables to ask, as in a small dump.
        """
        if self._scene.bits == 32 or self._scene.space is not None or self._address is None:
            return ""
        for name, value in self._bad():
            for bit in range(_FAR_BIT, _HIGH.start):
                good = value ^ (1 << bit)
                if value >= self._kernel and self._of_region(good >> _REGION, name) >= _WITNESSES:
                    return f"{name}={value:#x} would point where other registers do with bit {bit} flipped: {good:#x}"
        return ""

    def near_miss(self) -> str:
        """The bad pointer against another register's, or against null; empty where neither is one bit away."""
        if self._address is None or self._is_there(self._address):
            return ""
        for name, value in self._bad():
            bit = flipped_bit(value, 0)
            if bit is not None and _NULL_BIT <= bit < self._scene.bits - 1:
                return f"{name}={value:#x} is null but for bit {bit}"
            for other, good in self._values.items():
                bit = flipped_bit(value, good)
                known = self._is_absent(value) and self._is_there(good) and good >= self._kernel
                if bit is not None and bit >= _PAGE_BIT and known and other != name:
                    return f"{name}={value:#x} is not there; {other}={good:#x} is, and differs in bit {bit} alone"
        return ""

    def broken_link(self) -> str:
        """An entry of a doubly linked list whose neighbour should name it and misses it by one bit."""
        for name, entry in self._values.items():
            if entry < self._kernel or entry % self._width:
                continue
            for there, back, word in ((0, self._width, "forward"), (self._width, 0, "backward")):
                neighbour = self._word(entry + there)
                if neighbour is None:
                    continue
                link = self._word(neighbour + back) if neighbour >= self._kernel else None
                bit = flipped_bit(link, entry) if link is not None else None
                if bit is not None and bit >= _PAGE_BIT and self._word((link or 0) + there) != neighbour:
                    return (f"the neighbour {neighbour:#x} of the list entry {name}={entry:#x} ({word} link) names "
                            f"{link:#x}: bit {bit} alone differs")  # fmt: skip
                if bit is None and (mended := self._mended(entry, neighbour, back)):
                    return f"the {word} link of the list entry {name}={entry:#x} is {neighbour:#x}; {mended}"
        return ""

    def _mended(self, entry: int, neighbour: int, back: int) -> str:
        """What a link that leads nowhere should be: the address one bit away whose own link leads back."""
        if neighbour < self._kernel or self._is_there(neighbour):
            return ""
        for bit in range(_PAGE_BIT, self._scene.bits):
            good = neighbour ^ (1 << bit)
            if self._word(good + back) == entry:
                return f"with bit {bit} flipped it is {good:#x}, which leads back"
        return ""

    def _bad(self) -> Iterator[tuple[str, int]]:
        """The address itself, and the registers that it may have been made from."""
        assert self._address is not None
        yield "the address", self._address
        for name, value in self._values.items():
            if 0 < self._address - value < _REACH:
                yield name, value

    def _word(self, address: int) -> int | None:
        try:
            return int.from_bytes(self._scene.memory.read(address, self._width), "little")
        except ReadError:
            return None

    def _is_there(self, address: int) -> bool:
        """Whether the dump has the address: its memory, or a module around it."""
        return self._word(address) is not None or self._scene.modules.at(address) is not None

    def _is_mapped(self, address: int) -> bool:
        space = self._scene.space
        return space is not None and space.space.page_in_memory(address & ~0xFFF) is not None

    def _is_unused(self, address: int) -> bool:
        """Whether no page table leads near the address: to none of its gigabyte on x64, of its table's reach on x86."""
        space = self._scene.space
        if space is None:
            return False
        found = space.space.translate(address)
        return found.physical is None and found.page_size >= (1 << 30 if self._scene.bits == 64 else 1 << 21)

    def _is_absent(self, address: int) -> bool:
        """Whether the dump knows that nothing is mapped there: a small dump never does."""
        space = self._scene.space
        return space is not None and space.space.page_in_memory(address & ~0xFFF) is None
