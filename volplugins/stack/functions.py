"""Which function an address of code lies in: by unwind data, by a PDB's symbols, on x86 by the code itself.

The nearest export below an address is never asked: exports are sparse, and it is mostly another function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from volplugins.image.exception_directory import FunctionEntry
from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.found_starts import REACH, start_below
from volplugins.stack.prolog import begins_prolog
from volplugins.stack.unwind_x64 import CodeImage, CodeMap

FunctionAt = Callable[[int], int | None]
_KEPT = 1 << 14
_PADDING = b"\xcc\xcc\xcc"  # between functions: never within one
_PADDED = 0x400  # bytes before an address in which the padding before its function is looked for
_ALIGNED, _STEP = 16, 16
_RET, _LONGEST = 0xC3, 8  # bytes of a prolog's longest first instruction
_BEFORE = (_PADDING[:2], b"\xc3\xcc")  # what parts functions: padding, a return and one byte of it
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


class CodeReader:
    """Reads code: memory, and where that has nothing, what the image itself has (a file that the host gave)."""

    def __init__(self, memory: MemoryReader, code: CodeMap) -> None:
        self._memory, self._code = memory, code

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes; raises ReadError where neither has them."""
        try:
            return self._memory.read(address, size)
        except ReadError:
            image = self._code.image_at(address)
            if image is None:
                raise
            return image.view.read(address - image.base, size)


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
            return _PADDING not in self.memory.read(start, distance)
        except ReadError:
            known = self._before(address, distance), self._behind(start, distance)
        return None if distance < _NEAR and not any(_PADDING in part for part in known) else False

    def _find(self, address: int) -> int | None:
        image = self.code.image_at(address)
        if image is not None and image.functions is not None:
            entry = image.functions.find(address - image.base)
            if entry is not None:
                return image.base + _primary(image, entry).begin
        named = self._named(address)
        if named is not None:
            return named
        if image is not None and self.bits == 32:
            found = start_below(image.starts(), address - image.base)
            if found is not None:
                return image.base + found
        return self._behind_padding(address)

    def _behind_padding(self, address: int) -> int | None:
        """The last aligned place behind padding, or behind a return with a prolog following, in the code before."""
        code = self._before(address + 1, _PADDED)
        for at in range(len(code) - 1, 1, -1):
            here = address + 1 - len(code) + at
            if here % _ALIGNED or code[at] == _PADDING[0]:
                continue
            returned = code[at - 1] == _RET and begins_prolog(code[at : at + _LONGEST], self.bits)
            if code[at - 2 : at] in _BEFORE or returned:
                return here
        return None

    def _before(self, address: int, size: int) -> bytes:
        """The bytes before ``address``, at most ``size``, back to the first that cannot be read."""
        code = b""
        while len(code) < size:
            step = min(_STEP, size - len(code))
            try:
                code = self.memory.read(address - len(code) - step, step) + code
            except ReadError:
                break
        return code

    def _behind(self, address: int, size: int) -> bytes:
        """The bytes from ``address`` on, at most ``size``, up to the first that cannot be read."""
        try:
            return self.memory.read(address, size)
        except ReadError as error:
            size = error.address - address
        try:
            return self.memory.read(address, size) if size > 0 else b""
        except ReadError:
            return b""


@dataclass(frozen=True, slots=True)
class Bounds:
    """A function by unwind data, relative to its image: where it starts, and the piece of it that holds an address.

    ``end`` is exclusive. A function in one piece: ``start`` is ``begin``.
    """

    base: int
    start: int
    begin: int
    end: int

    def __str__(self) -> str:
        piece = "" if self.begin == self.start else f", its piece {self.begin:#x}…{self.end:#x}"
        return f"function {self.start:#x}{piece}" if piece else f"function {self.start:#x}…{self.end:#x}"


def bounds_at(code: CodeMap, address: int, is_return: bool = False) -> Bounds | None:
    """The function that holds ``address`` by the exception directory of its image; None where none does.

    Args:
        is_return: whether ``address`` is a return address; its function is then the one of the call before.
    """
    image = code.image_at(address - is_return)
    if image is None or image.functions is None:
        return None
    entry = image.functions.find(address - is_return - image.base)
    return Bounds(image.base, _primary(image, entry).begin, entry.begin, entry.end) if entry is not None else None


def _primary(image: CodeImage, entry: FunctionEntry) -> FunctionEntry:
    """The entry that this one is chained to in the end: the function whose part it is."""
    chain = image.chain(entry)
    if isinstance(chain, str):
        return entry
    chained = [info.chained for info in chain if info.chained is not None]
    return chained[-1] if chained else entry
