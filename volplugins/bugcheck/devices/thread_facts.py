"""What a thread that a bugcheck names was doing: the requests it has sent, and the drivers on its kernel stack."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from volplugins.bugcheck.devices.lead import Case
from volplugins.bugcheck.scene import modules as known
from volplugins.bugcheck.scene.crash_walk import header_context
from volplugins.bugcheck.suspects.proof import Proof, proved
from volplugins.io.linked_list import ListWalk
from volplugins.kernel.plausible import is_thread
from volplugins.kernel.thread import Thread, try_read_thread
from volplugins.loader.module import Module
from volplugins.stack.frame import Frame
from volplugins.stack.walker import MAX_FRAMES
from volplugins.threads.named_functions import function_at
from volplugins.threads.running import running_registers
from volplugins.threads.thread_walk import ThreadWalk

_MOST_REQUESTS = 64


@dataclass(frozen=True, slots=True)
class OnStack:
    """A driver on a thread's stack, nearest to where it stands."""

    module: Module
    frame: Frame
    proof: Proof


def requests_of(case: Case, ethread: int) -> tuple[int, ...]:
    """Addresses of the requests in a thread's list, newest first."""
    layouts = case.reader.system.layouts
    if not layouts.thread.has("IrpList") or not layouts.irp.has("ThreadListEntry"):
        return ()
    at = layouts.irp.offset("ThreadListEntry")
    walk_of = ListWalk(case.scene.memory, ethread + layouts.thread.offset("IrpList"), case.scene.bits, _MOST_REQUESTS)
    return tuple(entry - at for entry in islice(walk_of.entries(), _MOST_REQUESTS))


def thread_at(case: Case, ethread: int) -> Thread | None:
    """The thread at ``ethread``; the case takes why there is none."""
    scene = case.scene
    if scene.thread is not None and scene.thread.ethread == ethread and ethread:
        return scene.thread
    if not case.reader.system.in_kernel_half(ethread):
        case.note(f"{ethread:#x} is no thread: not an address of the kernel")
        return None
    thread = try_read_thread(scene.memory, ethread, scene.layouts.thread)
    if thread is None:
        case.note(f"thread {ethread:#x} is not in the dump")
    elif not is_thread(scene.memory, thread, scene.bits):
        case.note(f"{ethread:#x} is no thread")
        thread = None
    return thread


def frames_of(case: Case, thread: Thread) -> tuple[Frame, ...]:
    """The kernel frames of a thread, innermost first; the case takes why there are none."""
    scene = case.scene
    crashed = scene.thread.ethread if scene.thread is not None else None
    running = running_registers(
        scene.memory, scene.processors, scene.layouts, scene.bits, crashed, header_context(scene),
        scene.target.standing, scene.target.stopped,
    )  # fmt: skip
    stacks = [(stack.low, stack.high) for stack in scene.processor_stacks]
    found = ThreadWalk(
        scene.memory, scene.code, thread, scene.bits, lambda: "", running.get(thread.ethread), more_stacks=stacks,
        function_at=function_at(scene.symbolizer), user_end=scene.user_end,
    )  # fmt: skip
    frames = tuple(each.frame for each in islice(found.frames(kernel_only=True), MAX_FRAMES))
    if not frames:
        case.note(f"the stack of thread {thread.ethread:#x}: {found.text or found.stop}")
    return frames


def nearest_driver(case: Case, frames: tuple[Frame, ...]) -> OnStack | None:
    """The nearest driver that is not Windows' own, by a proved frame; else one of Windows' that carries no others."""
    found = []
    for frame, proof in proved(frames):
        module = case.scene.modules.at(frame.ip)
        if module is not None and not known.is_core(module) and proof is not Proof.NONE:
            found.append(OnStack(module, frame, proof))
    foreign = next((each for each in found if not case.owners.is_windows(each.module)), None)
    if foreign is not None:
        return foreign
    return next((each for each in found if each.proof is Proof.EXACT and not case.owners.is_carrier(each.module)), None)
