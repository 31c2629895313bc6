"""Where the registers of the fault are: strategies, best first, each giving a moment or None.

A record that a parameter names; a trap frame to which the unbroken chain of frames from the header's context leads;
the stack that was interrupted; a trap frame found on the stack, by the instruction that a parameter names; a context
record found so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from volplugins.bugcheck.fault.last_interrupt import Piece, last_interrupt
from volplugins.bugcheck.fault.named import Named, value_of
from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.scene.crash_walk import header_context, stack_range, stack_tops
from volplugins.bugcheck.scene.moment import Moment, of_context, of_trap_frame
from volplugins.bugcheck.scene.pieces import stack_pieces
from volplugins.bugcheck.scene.stack_records import find_contexts, kernel_trap_frames
from volplugins.bugcheck.scene.task_state import task_moment
from volplugins.bugcheck.words.codes import base_code
from volplugins.bugcheck.words.parameters import Role
from volplugins.dumpfile.context import AMD64, ARM64, I386, decode_context
from volplugins.memory.reader import ReadError
from volplugins.stack.candidates import read_stack
from volplugins.stack.frame import Frame, Stack, Trust
from volplugins.stack.interrupted import linked_trap_frame, tops_above
from volplugins.stack.scanner import Range
from volplugins.stack.trap_frame import read_trap_frame

# bugchecks raised from an interrupt or trap handler without naming the instruction: the frame below it counts
_INTERRUPTING = frozenset({0x7F, 0x133, 0x1CA, 0x12, 0x9C})
_CONTEXT_SIZE = {AMD64: 0x4D0, I386: 0x2CC, ARM64: 0x390}
_MACHINE_FRAME_AT = {64: 0x168, 32: 0}
_TRAP_SIZE_64 = 0x190
_BEGIN_OF_STACK = 0x60  # bytes: what the kernel keeps at the end of a stack of the interrupt stack table


@dataclass(frozen=True, slots=True)
class _Search:
    """What the strategies look at. ``named`` is the failing instruction as the parameters name it."""

    scene: CrashScene
    crash_stack: Stack
    parameters: Named
    named: int | None
    notes: list[str]

    @property
    def interrupting(self) -> bool:
        """Whether the bugcheck came out of a handler, so that what the handler interrupted counts."""
        return base_code(self.scene.target.bugcheck.code) in _INTERRUPTING

    def wants(self, ip: int) -> bool:
        """Whether a record with this instruction pointer is the one looked for."""
        return ip == self.named if self.named is not None else self.interrupting


def find_moment(
    scene: CrashScene, crash_stack: Stack, parameters: Named, named: int | None, notes: list[str]
) -> Moment | None:
    """The registers of the fault; None where only the call that stopped the machine is known.

    Args:
        notes: takes what was named and could not be read.
    """
    search = _Search(scene, crash_stack, parameters, named, notes)
    strategies: tuple[Callable[[_Search], Moment | None], ...] = (_named_context, _named_trap_frame)
    if scene.target.machine != ARM64:
        strategies += (_task_state, _on_the_chain, _linked, _on_the_stack, _context_on_the_stack, _in_other_pieces)
    return next((found for strategy in strategies if (found := strategy(search)) is not None), None)


def _named_context(search: _Search) -> Moment | None:
    address = value_of(search.parameters, Role.CONTEXT_RECORD)
    machine = search.scene.target.machine
    size = _CONTEXT_SIZE.get(machine)
    if address is None or size is None:
        return None
    try:
        data = search.scene.memory.read(address, size)
    except ReadError as error:
        search.notes.append(f"context record {address:#x} cannot be read: {error.reason}")
        return None
    context = decode_context(data, machine)
    if context is None:
        search.notes.append(f"no context record at {address:#x}")
        return None
    return of_context(context, f"context record {address:#x}", address)


def _named_trap_frame(search: _Search) -> Moment | None:
    address, scene = value_of(search.parameters, Role.TRAP_FRAME), search.scene
    if address is None or scene.target.machine == ARM64:
        return None
    trap = read_trap_frame(scene.memory, address, scene.bits)
    if trap is None:
        search.notes.append(f"no trap frame can be read at {address:#x}")
        return None
    led = next((frame for frame in search.crash_stack.frames if _trap_address(frame, scene.bits) == address), None)
    return of_trap_frame(trap, f"trap frame {address:#x}", led.registers if led is not None else None)


def _task_state(search: _Search) -> Moment | None:
    context = header_context(search.scene)
    return task_moment(search.scene, context.sp) if context is not None else None


def _on_the_chain(search: _Search) -> Moment | None:
    """The trap frame that the chain from the header's context passes, without a guess on the way."""
    for frame in _unbroken(search.crash_stack, search.scene.bits):
        address = _trap_address(frame, search.scene.bits)
        if address is None or not search.wants(frame.ip):
            continue
        trap = read_trap_frame(search.scene.memory, address, search.scene.bits)
        if trap is not None and not trap.user:
            source = f"trap frame {address:#x}, to which the frames from the header's context lead"
            return of_trap_frame(trap, source, frame.registers)
    return None


def _unbroken(stack: Stack, bits: int) -> Iterator[Frame]:
    """The frames before the first that was guessed; on x64 a trap frame that no machine frame led to is a guess too."""
    guesses = (Trust.SCAN, Trust.TRAP_FRAME) if bits == 64 else (Trust.SCAN,)
    for frame in stack.frames:
        if frame.trust in guesses:
            return
        yield frame


def _trap_address(frame: Frame, bits: int) -> int | None:
    """Where the trap frame lies that led to ``frame``."""
    return frame.machine_frame - _MACHINE_FRAME_AT[bits] if frame.machine_frame is not None else None


def _linked(search: _Search) -> Moment | None:
    """The interrupted stack, by the link that the interrupt stack keeps at its end (x64)."""
    scene, context = search.scene, header_context(search.scene)
    if scene.bits != 64 or context is None:
        return None
    tops = tops_above(scene.memory, context.sp, stack_tops(scene, context.sp))
    trap = linked_trap_frame(scene.memory, scene.code, tops)
    if trap is None or trap.user or not search.wants(trap.ip):
        return None
    return of_trap_frame(trap, f"trap frame {trap.address:#x}, to which the end of the interrupt stack leads")


def _on_the_stack(search: _Search) -> Moment | None:
    """A trap frame on the stack above the header's context."""
    context = header_context(search.scene)
    if context is None or (search.named is None and not search.interrupting):
        return None
    piece = _reporting(search, context.sp)
    return _chosen(search, piece, [piece], "found on the stack")


def _reporting(search: _Search, sp: int) -> Piece:
    """The stack from the header's stack pointer up, with the trap frames that are looked for."""
    return _piece(search, (sp, stack_range(search.scene, sp)[1]))


def _piece(search: _Search, bounds: Range) -> Piece:
    scene = search.scene
    stack = read_stack(scene.memory, *bounds)
    traps = kernel_trap_frames(scene.memory, scene.code, stack, (bounds[0], bounds[0] + len(stack)), scene.bits)
    return Piece(bounds, stack, tuple(trap for trap in traps if search.wants(trap.ip)))


def _chosen(search: _Search, reporting: Piece, pieces: Sequence[Piece], how: str) -> Moment | None:
    """Of several the newest: of those with the named instruction, where one is named.

    One is proved by the name, by what leads to it, by its mark where there is no other, or by its place: the processor
    begins a stack of its own at its end.
    """
    scene = search.scene
    own = (scene.thread.stack_limit, scene.thread.stack_base) if scene.thread is not None else (0, 0)
    found = last_interrupt(reporting, pieces, own, scene.processor_stacks, scene.bits)
    if found is None:
        return None
    trap = found.trap
    begins = scene.bits == 64 and 0 <= found.bounds[1] - trap.address - _TRAP_SIZE_64 <= _BEGIN_OF_STACK
    if found.proved and search.named is None:
        how += ", to which a word of the reporting stack leads"
    proved = search.named is not None or found.proved or begins or (trap.marked and found.alone)
    return of_trap_frame(trap, f"trap frame {trap.address:#x}, {how}", proved=proved)


def _context_on_the_stack(search: _Search) -> Moment | None:
    """A context record with the named instruction, as exception dispatch leaves one on the stack."""
    context = header_context(search.scene)
    if context is None or search.named is None:
        return None
    _, high = stack_range(search.scene, context.sp)
    return _context_among(search, (context.sp, high))


def _context_among(search: _Search, bounds: Range) -> Moment | None:
    stack = read_stack(search.scene.memory, *bounds)
    for found in find_contexts(stack, bounds[0], search.scene.bits):
        if found.context.ip == search.named and found.address != bounds[0]:
            how = f"context record {found.address:#x}, found on the stack"
            return of_context(found.context, how, found.address)
    return None


def _in_other_pieces(search: _Search) -> Moment | None:
    """The thread's own stack and a small dump's pieces of memory, where the crash was reported on another stack."""
    context = header_context(search.scene)
    if context is None or (search.named is None and not search.interrupting):
        return None
    own, reporting = stack_range(search.scene, context.sp), _reporting(search, context.sp)
    others = [
        bounds
        for bounds in stack_pieces(search.scene, search.notes)
        if not bounds[0] <= context.sp < bounds[1] and not own[0] <= bounds[0] < own[1]
    ]
    pieces = [piece for piece in (_piece(search, bounds) for bounds in others) if piece.traps]
    found = _chosen(search, reporting, pieces, "found on another stack")
    if found is not None or search.named is None:
        return found
    contexts = (_context_among(search, bounds) for bounds in others)
    return next((context for context in contexts if context is not None), None)
