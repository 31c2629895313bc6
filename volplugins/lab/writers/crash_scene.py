"""The structures of the crashed processor that a small dump copies: found through the debugger's data block.

Facts: offsets of KDDEBUGGER_DATA64 as the public header wdbgexts.h has them, checked against a real small dump.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from volplugins.lab.machine.snapshot import PAGE, Snapshot
from volplugins.lab.writers.kernel_memory import KernelMemory

# KDDEBUGGER_DATA64: pointers are 8 bytes on every architecture, offsets and sizes 2 bytes.
KDBG_SIZE = 0x14
KDBG_KERNEL_BASE = 0x18
KDBG_BUILD_LAB = 0x208
KDBG_PROCESSOR_BLOCK = 0x218
KDBG_UNLOADED_DRIVERS = 0x220
_KDBG_LARGEST = 0x1000

# Offsets within KTHREAD and KPRCB and sizes of structures: where KDDEBUGGER_DATA64 states them.
_KDBG_FACTS = {
    "initial_stack": 0x29E,
    "apc_process": 0x2A0,
    "eprocess_size": 0x2A8,
    "prcb_size": 0x2B0,
    "current_thread": 0x2B4,
    "prcb_context": 0x2BC,
    "ethread_size": 0x2C0,
}
# The data block of Windows XP ends before them. These are its values, from the public symbols of build 2600.
_KDBG_SIZE_XP = 0x290
_FACTS_XP = {
    "initial_stack": 0x18,
    "apc_process": 0x44,
    "eprocess_size": 0x260,
    "prcb_size": 0xC50,
    "current_thread": 0x4,
    "prcb_context": 0x1C,
    "ethread_size": 0x258,
}

_MOST_PROCESSORS = 32
_LARGEST_STACK = 0x6000  # what a small dump keeps of a stack at most
_MOST_INTERRUPTED, _LINK = 4, 0x10
_STACK_REACH = 0x20000  # further from its base than this, the stack pointer is on another stack

#: Offsets of the stack and the instruction pointer in CONTEXT: Rsp and Rip, Esp and Eip.
CONTEXT_STACK_POINTER = {64: 0x98, 32: 0xC4}
CONTEXT_INSTRUCTION_POINTER = {64: 0xF8, 32: 0xB8}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of virtual memory that is copied as a whole; empty where it cannot be had."""

    address: int = 0
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class CrashScene:
    """What the crashed processor was at.

    Attributes:
        debugger_data: KDDEBUGGER_DATA64.
        prcb: the processor's KPRCB.
        process: the EPROCESS that the thread is attached to.
        thread: the processor's current ETHREAD.
        stack: from the stack pointer of the bugcheck to the stack's base.
        interrupted: address and size of the stacks that were interrupted to come here, each from its trap frame up.
        ranges: address and size of what is worth keeping of every processor: KPRCB, ETHREAD, the thread's own stack,
            which is not where this processor is when its bugcheck runs on a stack of an interrupt.
    """

    debugger_data: Piece = Piece()
    prcb: Piece = Piece()
    process: Piece = Piece()
    thread: Piece = Piece()
    stack: Piece = Piece()
    interrupted: tuple[tuple[int, int], ...] = ()
    ranges: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Seat:
    # A processor and the thread on it; where that thread's stack begins, and where the saved CONTEXT points.
    prcb: Piece
    thread: Piece
    process: Piece
    stack_base: int
    stack_pointer: int

    def has_stack(self, pointer: int) -> bool:
        return 0 < self.stack_base - pointer <= _STACK_REACH

    def ranges(self) -> Iterator[tuple[int, int]]:
        yield self.prcb.address, len(self.prcb.data)
        yield self.thread.address, len(self.thread.data)
        if self.stack_base:
            saved = self.stack_base - self.stack_pointer
            size = min(saved, _LARGEST_STACK) if self.has_stack(self.stack_pointer) else _LARGEST_STACK
            yield self.stack_base - size, size


def find_scene(snapshot: Snapshot, memory: KernelMemory) -> CrashScene:
    """Everything that can be found; what cannot is an empty piece."""
    kdbg = header_value(snapshot, "KdDebuggerDataBlock")
    pointer = context_value(snapshot, CONTEXT_STACK_POINTER)
    if not 0 < (size := memory.number(kdbg + KDBG_SIZE, 4)) <= _KDBG_LARGEST:
        return CrashScene(stack=_stack_from(memory, pointer, 0))
    data = Piece(kdbg, memory.read(kdbg, size) or b"")
    facts = _facts(memory, kdbg, size)
    seats = [_seat(memory, facts, prcb) for prcb in _processors(memory, kdbg)]
    if not seats:
        return CrashScene(debugger_data=data, stack=_stack_from(memory, pointer, 0))
    saved = (seat for seat in seats if seat.stack_pointer == pointer)  # one that is on a stack of its processor
    near = min((seat for seat in seats if seat.has_stack(pointer)), key=lambda seat: seat.stack_base, default=None)
    mine = near if near is not None else next(saved, seats[0])
    if mine.has_stack(mine.stack_pointer) and mine.stack_pointer < pointer:
        pointer = mine.stack_pointer  # the bugcheck itself, deeper than the fault that the header's CONTEXT shows
    stack = _stack_from(memory, pointer, mine.stack_base)
    interrupted = tuple(_interrupted(memory, stack))
    return CrashScene(
        debugger_data=data,
        prcb=mine.prcb,
        process=mine.process,
        thread=mine.thread,
        stack=stack,
        interrupted=interrupted,
        ranges=tuple(
            one for seat in seats for one in seat.ranges() if not any(_within(where, one) for where, _ in interrupted)
        ),
    )


def _within(address: int, stretch: tuple[int, int]) -> bool:
    return stretch[0] <= address < sum(stretch)


def _interrupted(memory: KernelMemory, stack: Piece) -> Iterator[tuple[int, int]]:
    # The word 0x10 below a processor stack's top leads to the stack that was interrupted: to its trap frame, or, where
    # the processor itself changed stacks, to its stack pointer. Windows 10 saves that one from there on.
    if memory.bits == 32:
        return
    end = stack.address + len(stack.data)
    for _ in range(_MOST_INTERRUPTED):
        address = memory.number(end - _LINK)
        if end % PAGE or address % 8 or memory.is_mapped(end) or not memory.is_mapped(address):
            return
        size = len(next(iter(memory.mapped(address, _LARGEST_STACK)))[1])
        yield address, size
        end = address + size


def header_value(snapshot: Snapshot, name: str) -> int:
    """A pointer out of the snapshot's header, without the sign extension of 32-bit ones; 0 where it has none."""
    return int(snapshot.header.get(name, 0)) & ((1 << snapshot.bits) - 1)


def context_value(snapshot: Snapshot, offsets: dict[int, int]) -> int:
    """A pointer out of the snapshot's CONTEXT; 0 where it has none."""
    offset = offsets[snapshot.bits]
    return int.from_bytes(snapshot.context[offset : offset + snapshot.bits // 8], "little")


def _facts(memory: KernelMemory, kdbg: int, size: int) -> Mapping[str, int]:
    if size <= _KDBG_SIZE_XP and memory.bits == 32:
        return _FACTS_XP
    return {name: memory.number(kdbg + offset, 2) for name, offset in _KDBG_FACTS.items()}


def _seat(memory: KernelMemory, facts: Mapping[str, int], prcb: int) -> _Seat:
    def piece(address: int, size: int) -> Piece:
        return Piece(address, (memory.read(address, size) if address else None) or b"")

    thread = memory.number(prcb + facts["current_thread"])
    process = memory.number(thread + facts["apc_process"]) if thread else 0
    return _Seat(
        prcb=piece(prcb, facts["prcb_size"]),
        thread=piece(thread, facts["ethread_size"]),
        process=piece(process, facts["eprocess_size"]),
        stack_base=_stack_base(memory, thread, facts["initial_stack"]),
        stack_pointer=memory.number(prcb + facts["prcb_context"] + CONTEXT_STACK_POINTER[memory.bits]),
    )


def _processors(memory: KernelMemory, kdbg: int) -> list[int]:
    table = memory.number(kdbg + KDBG_PROCESSOR_BLOCK)
    found = []
    for index in range(_MOST_PROCESSORS):
        if not (address := memory.number(table + index * memory.word)):
            break
        found.append(address)
    return found


def _stack_base(memory: KernelMemory, thread: int, initial_stack: int) -> int:
    # InitialStack is below the base by what the kernel keeps there (floating point state, control record).
    value = memory.number(thread + initial_stack) if thread else 0
    return -(-value // PAGE) * PAGE


def _stack_from(memory: KernelMemory, pointer: int, base: int) -> Piece:
    # Up to the base where it is known, else while pages are mapped.
    size = base - pointer if 0 < base - pointer <= _STACK_REACH else _LARGEST_STACK
    for address, data in memory.mapped(pointer, min(size, _LARGEST_STACK)):
        return Piece(pointer, data) if address == pointer else Piece()
    return Piece()
