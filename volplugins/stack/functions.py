"""Which function an address of code lies in: by unwind data, by a PDB's symbols, on x86 by the code itself.

The nearest export below an address is never asked: exports are sparse, and it is mostly another function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from volplugins.image.exception_directory import FunctionEntry
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.found_starts import REACH, start_below
from volplugins.stack.unwind_x64 import CodeImage, CodeMap

FunctionAt = Callable[[int], int | None]
_KEPT = 1 << 14
_PADDING = b"\xcc\xcc\xcc"  # between functions: never within one
_NEAR = 0x1000  # unread code this far behind a function's start may still be that function's


@dataclass(frozen=True, slots=True)
class NamedFunctions:
    """What symbols say of functions.

    Attributes:
        start_of: where the function that holds an address starts, by a PDB, or the address itself where an export is
            exactly there; None where that is not known.
        dispatches: whether the function that starts at an address jumps where a register says; None where no symbol
            tells.
    """

    start_of: FunctionAt
    dispatches: Callable[[int], bool | None]

    def __call__(self, address: int) -> int | None:
        return self.start_of(address)


class FunctionMap:
    """Functions of the code that a stack runs through.

    Args:
        bits: 32 or 64.
        function_at: starts by symbols; ``NamedFunctions`` where they name dispatchers as well.
    """

    def __init__(self, memory: MemoryReader, code: CodeMap, bits: int, function_at: FunctionAt) -> None:
        self.memory, self.code, self.bits, self._named = memory, code, bits, function_at
        self._starts: dict[int, int | None] = {}

    def start(self, address: int, is_return: bool) -> int | None:
        """Where the function that holds ``address`` starts; None where nothing tells.

        Args:
            is_return: whether ``address`` is a return address; its function is then the one of the call before.
        """
        address -= is_return
        if address not in self._starts:
            if len(self._starts) >= _KEPT:
                self._starts.clear()
            self._starts[address] = self._find(address)
        return self._starts[address]

    def dispatches(self, target: int) -> bool | None:
        """Whether symbols say that the function at ``target`` jumps where a register says."""
        return self._named.dispatches(target) if isinstance(self._named, NamedFunctions) else None

    def is_start(self, address: int) -> bool:
        """Whether symbols say that a function starts exactly here."""
        return self._named(address) == address

    def may_hold(self, start: int, address: int) -> bool | None:
        """Whether the function that starts at ``start`` may reach to ``address``; None where code cannot be read.

        For addresses whose function is not known: nothing between the two may end one or start another.
        """
        distance = address - start
        if not 0 <= distance < REACH or self.code.image_at(start) is not self.code.image_at(address):
            return False
        try:
            between = self.memory.read(start, distance)
        except ReadError:
            return None if distance < _NEAR else False
        return _PADDING not in between

    def _find(self, address: int) -> int | None:
        image = self.code.image_at(address)
        if image is not None and image.functions is not None:
            entry = image.functions.find(address - image.base)
            if entry is not None:
                return image.base + _primary(image, entry).begin
        named = self._named(address)
        if named is not None or image is None or self.bits == 64:
            return named
        found = start_below(image.starts(), address - image.base)
        return image.base + found if found is not None else None


def _primary(image: CodeImage, entry: FunctionEntry) -> FunctionEntry:
    """The entry that this one is chained to in the end: the function whose part it is."""
    chain = image.chain(entry)
    if isinstance(chain, str):
        return entry
    chained = [info.chained for info in chain if info.chained is not None]
    return chained[-1] if chained else entry
