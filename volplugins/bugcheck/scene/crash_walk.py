"""The kernel stack of the crashing thread: walked from the dump's own context, or from the registers of the fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.bugcheck.scene.task_state import left_task
from volplugins.dumpfile.context import ARM64, RegisterContext
from volplugins.stack.call_site import call_before_arm64
from volplugins.stack.candidates import walk as scan_walk
from volplugins.stack.frame import Frame, Stack, Stop, Trust
from volplugins.stack.registers import from_names
from volplugins.stack.scanner import Range
from volplugins.stack.walker import MAX_FRAMES, Walker
from volplugins.threads.held_frames import BY_SHADOW, ShadowSource, held_frames
from volplugins.threads.named_functions import function_at
from volplugins.threads.thread_frame import KERNEL

_NO_STACK_BOUND = 0x6000
_BELOW_LIMIT = 0x3000  # how far below its limit a stack pointer of an overflowing stack may be


def header_context(scene: CrashScene) -> RegisterContext | None:
    """The context record of the dump's header, or the small dump's own."""
    triage = scene.target.triage
    return scene.target.context or (triage.context if triage else None)


def stack_range(scene: CrashScene, sp: int) -> Range:
    """The stack that holds ``sp``: the thread's, a processor's, the small dump's block, else a modest guess."""
    thread = scene.thread
    if thread is not None and thread.holds(sp):
        return thread.stack_limit, thread.stack_base
    for stack in scene.processor_stacks:
        if stack.low <= sp < stack.high:
            return stack.low, stack.high
    block = scene.target.triage.call_stack if scene.target.triage else None
    if block is not None and block.virtual is not None and block.virtual <= sp < block.virtual + len(block.data):
        return block.virtual, block.virtual + len(block.data)
    if thread is not None and thread.stack_limit - _BELOW_LIMIT <= sp < thread.stack_limit:
        return sp, thread.stack_base  # it has overflowed
    return sp, sp + _NO_STACK_BOUND


def stack_tops(scene: CrashScene, sp: int) -> tuple[int, ...]:
    """Where the stack that holds ``sp`` may end: as the thread, the processors and the small dump's block say."""
    block = scene.target.triage.call_stack if scene.target.triage else None
    ends = [block.virtual + len(block.data)] if block is not None and block.virtual is not None else []
    return (stack_range(scene, sp)[1], *ends, *(stack.high for stack in scene.processor_stacks))


def crash_stack(scene: CrashScene) -> Stack:
    """The frames from the context of the dump's header on: the call that stopped the machine."""
    context = header_context(scene)
    if context is None:
        return Stack((), Stop.NO_CONTEXT)
    return walk(scene, context.registers, context.ip, context.sp, Trust.CONTEXT)


def walk(scene: CrashScene, values: Mapping[str, int], ip: int, sp: int, trust: Trust) -> Stack:
    """The kernel's frames from these registers on."""
    if not sp:
        return Stack((), Stop.NO_CONTEXT)
    low, base = stack_range(scene, sp)
    if scene.target.machine == ARM64:
        return scan_walk(scene.memory, ip, sp, 0, base, scene.bits, _is_return(scene), trust, call_before_arm64)
    names = ("rip", "rsp") if scene.bits == 64 else ("eip", "esp")
    registers = from_names(scene.bits, {**values, names[0]: ip, names[1]: sp})
    limit = scene.user_end
    walker = Walker(
        scene.memory, scene.code, ((low, base), *_other_stacks(scene, low)), limit, MAX_FRAMES,
        function_at(scene.symbolizer),
        tops=stack_tops(scene, sp), left=left_task(scene, sp),
        begun=begun_stacks(scene),
    )  # fmt: skip
    frames = list(walker.frames(registers, trust))
    crossed = walker.crossed.ip if walker.crossed is not None else None
    return held_against_shadow(scene, frames, walker.stop, crossed)


def held_against_shadow(scene: CrashScene, frames: list[Frame], stop: Stop, crossed: int | None) -> Stack:
    """The stack, its frames on the crashing thread's own stack held against that thread's shadow stack.

    Where the two differ, what the walk found from there on is replaced, and so is why it stopped.

    Args:
        crossed: where in user mode the walk came out.
    """
    thread = scene.thread
    if thread is None or not thread.ethread or scene.bits != 64:
        return Stack(tuple(frames), stop, crossed)
    source = ShadowSource(scene.memory, thread.ethread, scene.layouts.thread, True)
    held = held_frames(source, KERNEL, frames, scene.memory, scene.code, (thread.stack_limit, thread.stack_base))
    notes = [each.shadow for each in held.frames]
    if held.differs:
        stop, crossed = Stop.END_OF_STACK, None
        notes[-1] = "; ".join(filter(None, (notes[-1], BY_SHADOW)))
    return Stack(tuple(each.frame for each in held.frames), stop, crossed, tuple(notes))


def begun_stacks(scene: CrashScene) -> tuple[int, ...]:
    """Where stacks end that the processor begins itself: those of the interrupt stack table (x64)."""
    return tuple(stack.high for stack in scene.processor_stacks if stack.kind.startswith("IST"))


def _other_stacks(scene: CrashScene, low: int) -> tuple[Range, ...]:
    """Stacks that a processor's frame may lead to from the one that begins at ``low``."""
    stacks = [(stack.low, stack.high) for stack in scene.processor_stacks]
    if scene.thread is not None:
        stacks.append((scene.thread.stack_limit, scene.thread.stack_base))
    return tuple(stack for stack in stacks if stack[0] != low)


def _is_return(scene: CrashScene) -> Callable[[int], bool]:
    """Whether an address can be a return address: in code, and not a function's very start (then it is a pointer)."""

    def test(address: int) -> bool:
        return scene.code.holds(address) and scene.symbolizer.function_start(address) != address

    return test
