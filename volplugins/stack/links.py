"""Does a return address's call lead to the function below it? Calls are followed through stubs and tail jumps.

Encodings: Intel SDM volume 2: CALL E8 and FF /2, JMP E9, EB, FF /4.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from volplugins.memory.reader import ReadError
from volplugins.stack.call_site import call_target, pointer_at
from volplugins.stack.functions import FunctionMap

_HOPS = 4  # stubs followed one after the other
_BODY = 0x800  # bytes of a function looked through for jumps out of it
_KEPT = 1 << 14
_MOVED = 0x1000  # bytes into a function beyond which its start is in doubt
_PADDING = b"\xcc\xcc"
# jmp through rax to rdi; mov [rsp], rax; ret, as retpolines go on
_REGISTER_JUMPS = (*(bytes((0xFF, 0xE0 + register)) for register in range(8)), b"\x48\x89\x04\x24\xc3")


class Link(Enum):
    """What a call says of the function below it."""

    PROVES = "it leads there"
    FITS = "it leads close below, and nothing says that this is another function"
    NEUTRAL = "it goes through a pointer, or to code that jumps through one"
    UNREAD = "its instruction cannot be read"
    DOUBTFUL = "it seems to lead elsewhere; what is there cannot be read"
    DISPROVES = "it leads elsewhere"


@dataclass(frozen=True, slots=True)
class Callee:
    """The function below: where it was executing, and where it starts, if that is known."""

    ip: int
    start: int | None


class Links:
    """Judges calls, and keeps what it found."""

    def __init__(self, functions: FunctionMap) -> None:
        self._functions = functions
        self._memory = functions.memory
        self._targets: dict[int, int | None] = {}
        self._links: dict[tuple[int, Callee], Link] = {}
        self._jumps: dict[int, tuple[frozenset[int], bool] | None] = {}

    def callee(self, ip: int, is_return: bool) -> Callee:
        """The function that executes at ``ip``."""
        return Callee(ip, self._functions.start(ip, is_return))

    def target(self, address: int) -> int | None:
        """Where the call that ends at ``address`` goes; None where it goes through a register or is none."""
        if address not in self._targets:
            found = call_target(self._memory, address, self._functions.bits)
            self._targets[address] = found if found is not None and self._functions.code.holds(found) else None
        return self._targets[address]

    def link(self, address: int, checked: bool | None, callee: Callee) -> Link:
        """What the call that ends at ``address`` says of ``callee``.

        Args:
            checked: whether a call was seen there; None where the code cannot be read.
        """
        if checked is None:
            return Link.UNREAD
        target = self.target(address)
        if target is None:
            return Link.NEUTRAL
        key = (target, callee)
        if key not in self._links:
            if len(self._links) >= _KEPT:
                self._links.clear()
            self._links[key] = self._softened(self._judge(target, callee), callee)
        return self._links[key]

    @staticmethod
    def _softened(link: Link, callee: Callee) -> Link:
        """Far behind its symbol an address may be in code that was moved out of another function."""
        far = callee.start is not None and callee.ip - callee.start > _MOVED
        return Link.DOUBTFUL if link is Link.DISPROVES and far else link

    def _judge(self, target: int, callee: Callee) -> Link:
        for _ in range(_HOPS):
            direct = self._leads(target, callee)
            if direct is not None:
                return direct
            following = self._stub(target)
            if following is None:
                break
            if not self._functions.code.holds(following):
                return Link.NEUTRAL
            target = following
        return self._by_body(target, callee)

    def _leads(self, target: int, callee: Callee) -> Link | None:
        """PROVES or FITS, or None where ``target`` is not the callee's own function."""
        if callee.start is not None:
            same = target == callee.start or self._functions.start(target, False) == callee.start
            return Link.PROVES if same else None
        return Link.FITS if self._functions.may_hold(target, callee.ip) is not False else None

    def _stub(self, target: int) -> int | None:
        """Where the jump at ``target`` leads: 0 through a register or an unread pointer; None: no jump, or unread."""
        code = self._read(target, 8)
        if code[:1] == b"\xe9" and len(code) >= 5:
            return self._reached(target + 5 + int.from_bytes(code[1:5], "little", signed=True))
        if code[:1] == b"\xeb" and len(code) >= 2:
            return self._reached(target + 2 + int.from_bytes(code[1:2], "little", signed=True))
        at = 1 if code[:1] == b"\x48" else 0
        if code[at : at + 2] == b"\xff\x25" and len(code) >= at + 6:
            try:
                bits = self._functions.bits
                return pointer_at(self._memory, code[at + 2 : at + 6], target + at + 6, bits)
            except ReadError:
                return 0
        return 0 if code[at : at + 2] in _REGISTER_JUMPS else None

    def _by_body(self, target: int, callee: Callee) -> Link:
        """What remains where the call leads to another function: that may end in a jump to the callee."""
        dispatches = self._functions.dispatches(target)
        if dispatches:
            return Link.NEUTRAL
        jumps = self._jumps_of(target)
        if jumps is None:
            return Link.DOUBTFUL if dispatches is None else Link.DISPROVES
        direct, through_pointer = jumps
        if through_pointer or any(self._leads(each, callee) is Link.PROVES for each in direct):
            return Link.NEUTRAL
        return Link.DISPROVES

    def _jumps_of(self, function: int) -> tuple[frozenset[int], bool] | None:
        """Where jumps out of a function lead, and whether any goes through a pointer; None where it is not there."""
        if function not in self._jumps:
            if len(self._jumps) >= _KEPT:
                self._jumps.clear()
            self._jumps[function] = self._find_jumps(function)
        return self._jumps[function]

    def _find_jumps(self, function: int) -> tuple[frozenset[int], bool] | None:
        body = self._body(function)
        if not body:
            return None
        through = b"\xff\x25" in body or any(jump in body for jump in _REGISTER_JUMPS)
        found: set[int] = set()
        at = body.find(b"\xe9")
        while 0 <= at <= len(body) - 5:
            found.add(self._reached(function + at + 5 + int.from_bytes(body[at + 1 : at + 5], "little", signed=True)))
            at = body.find(b"\xe9", at + 1)
        return frozenset(each for each in found if self._functions.code.holds(each)), through

    def _body(self, function: int) -> bytes:
        """The function's bytes up to its end; empty where they are not all there."""
        image = self._functions.code.image_at(function)
        size = _BODY
        if image is not None and image.functions is not None:
            entry = image.functions.find(function - image.base)
            if entry is not None:
                size = min(size, image.base + entry.end - function)
        code = self._read(function, size)
        end = code.find(_PADDING)
        if end < 0 and len(code) < size:
            return b""
        return code if end < 0 else code[:end]

    def _read(self, address: int, size: int) -> bytes:
        while size > 0:
            try:
                return self._memory.read(address, size)
            except ReadError as error:
                size = min(size - 1, max(error.address - address, 0))
        return b""

    def _reached(self, address: int) -> int:
        return address & ((1 << self._functions.bits) - 1)
