"""How to leave a frame: where its caller's registers are, as distances from one base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from volplugins.memory.reader import MemoryReader, ReadError
from volplugins.stack.registers import NONVOLATILE_64, RSP, Registers, user_by
from volplugins.stack.unwind_info import Code, Operation, UnwindInfo

_AT_ONCE = 1 << 14  # frames up to this many bytes are read with one read
LARGEST_FRAME = 1 << 24


@dataclass(frozen=True, slots=True)
class Plan:
    """A frame's layout.

    Attributes:
        base_register: register that the base is taken from; None for the stack pointer.
        base_offset: bytes to take off it.
        saves: (register, distance from the base) of general registers.
        xmm: the same for XMM registers.
        return_at: distance of the return address, or of the machine frame's instruction pointer.
        machine: whether the processor itself pushed a frame there.
        popped: distance of the frame's old stack pointer when it is not the return address's end (a return that takes
            arguments along).
    """

    base_register: int | None
    base_offset: int
    saves: tuple[tuple[int, int], ...]
    xmm: tuple[tuple[int, int], ...]
    return_at: int
    machine: bool = False
    popped: int = 0


class CannotUnwind(Exception):
    """A frame cannot be left; ``reason`` is a word of docs/output.md, ``text`` says more."""

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(f"{reason}: {text}" if text else reason)
        self.reason = reason


def plan_of(chain: Sequence[UnwindInfo], offset: int | None) -> Plan:
    """The plan by unwind information.

    Args:
        chain: of the entry itself, then of those it is chained to.
        offset: bytes into the entry; None where its prolog has run.
    """
    base: int | None = None
    base_offset = at = 0
    saves: dict[int, int] = {}
    xmm: dict[int, int] = {}
    first = chain[0]
    in_prolog = offset is not None and offset < first.prolog_size
    started = _frame_is_set(chain, offset if in_prolog else None)
    if started is not None:
        base, base_offset = started.frame_register, started.frame_offset
    for number, info in enumerate(chain):
        limit = offset if number == 0 and in_prolog else None
        for code in info.codes:
            if limit is not None and code.offset > limit:
                continue
            if code.operation is Operation.MACHINE_FRAME:
                ends = at + code.value
                return Plan(base, base_offset, tuple(saves.items()), tuple(xmm.items()), ends, True)
            at = _step(code, at, saves, xmm)
    return Plan(base, base_offset, tuple(saves.items()), tuple(xmm.items()), at)


def _frame_is_set(chain: Sequence[UnwindInfo], limit: int | None) -> UnwindInfo | None:
    """The information whose frame register holds the base at this place, if any does."""
    for number, info in enumerate(chain):
        if not info.frame_register:
            continue
        wanted = [code for code in info.codes if code.operation is Operation.SET_FRAME]
        if number or limit is None or any(code.offset <= limit for code in wanted):
            return info
    return None


def _step(code: Code, at: int, saves: dict[int, int], xmm: dict[int, int]) -> int:
    """Undo one operation; gives the new distance of the stack pointer from the base.

    The innermost save of a register is found first in the codes, but the outermost holds the caller's value.
    """
    if code.operation is Operation.PUSH:
        saves[code.register] = at
        return at + 8
    if code.operation in (Operation.ALLOC_LARGE, Operation.ALLOC_SMALL):
        return at + code.value
    if code.operation is Operation.SET_FRAME:
        return 0
    if code.operation in (Operation.SAVE, Operation.SAVE_FAR):
        saves[code.register] = code.value
    elif code.operation in (Operation.SAVE_XMM, Operation.SAVE_XMM_FAR):
        xmm[code.register] = code.value
    return at


@dataclass(frozen=True, slots=True)
class Left:
    """The caller's registers after a frame was left, where the machine frame was (None: a call made the frame)."""

    registers: Registers
    machine_frame: int | None


def leave(memory: MemoryReader, registers: Registers, plan: Plan) -> Left:
    """Carry a plan out.

    Raises:
        CannotUnwind: the return address cannot be read (the reader's reason), or the base is not known.
    """
    base = registers.sp
    if plan.base_register is not None:
        held = registers.general[plan.base_register]
        if held is None:
            raise CannotUnwind("no-context", "the frame register is not known")
        base = held - plan.base_offset
    base &= (1 << 64) - 1
    if not 0 <= plan.return_at <= LARGEST_FRAME:
        raise CannotUnwind("no-unwind-data", "the frame is larger than any")
    words = _Words(memory, base, plan)
    general: list[int | None] = [None] * 16
    for register in NONVOLATILE_64:
        general[register] = registers.general[register]
    for register, at in plan.saves:
        general[register] = words.value(at)
    xmm = dict(registers.xmm)
    for register, at in plan.xmm:
        saved = words.block(at, 16)
        if saved is None:
            xmm.pop(register, None)
        else:
            xmm[register] = saved
    ip = words.needed(plan.return_at)
    if plan.machine:
        sp = words.needed(plan.return_at + 24)
        general[RSP] = None
        mode = user_by(64, words.value(plan.return_at + 8) or 0)
        return Left(Registers(64, ip, sp, tuple(general), xmm, mode), base + plan.return_at)
    sp = (base + plan.return_at + 8 + plan.popped) & ((1 << 64) - 1)
    return Left(Registers(64, ip, sp, tuple(general), xmm, registers.user), None)


class _Words:
    """The words of one frame, read at once where it is small and whole."""

    def __init__(self, memory: MemoryReader, base: int, plan: Plan) -> None:
        self._memory, self._base = memory, base
        self._data = b""
        size = plan.return_at + (32 if plan.machine else 8)
        if size <= _AT_ONCE:
            try:
                self._data = memory.read(base, size)
            except ReadError:
                self._data = b""

    def block(self, at: int, size: int) -> bytes | None:
        if at >= 0 and at + size <= len(self._data):
            return self._data[at : at + size]
        try:
            return self._memory.read((self._base + at) & ((1 << 64) - 1), size)
        except ReadError:
            return None

    def value(self, at: int) -> int | None:
        data = self.block(at, 8)
        return int.from_bytes(data, "little") if data is not None else None

    def needed(self, at: int) -> int:
        if at >= 0 and at + 8 <= len(self._data):
            return int.from_bytes(self._data[at : at + 8], "little")
        try:
            return int.from_bytes(self._memory.read((self._base + at) & ((1 << 64) - 1), 8), "little")
        except ReadError as error:
            raise CannotUnwind(error.reason, f"the stack at {error.address:#x} cannot be read") from None
