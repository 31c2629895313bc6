"""The section ``stack`` of windows.kd.analyze: the kernel's frames, and where the thread came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from volplugins.bugcheck.analysis import Analysis
from volplugins.bugcheck.scene.user_return import user_return
from volplugins.stack.frame import RETURNS, Frame, Stop
from volplugins.stack.functions import bounds_at
from volplugins.threads.thread_frame import KERNEL, USER
from volplugins.vol.commands.analyze.row import AnalyzeRow
from volplugins.vol.output.rows import NOT_AVAILABLE
from volplugins.vol.scene.user_frames import UserStack

_CALLS = {True: "call before it", None: "", False: "no call before it"}


class _End(NamedTuple):
    """What the last frame says besides: a note, and why there are no more frames; either may be empty."""

    note: str
    stop: str


def stack_rows(analysis: Analysis, user: UserStack | None = None) -> Iterator[AnalyzeRow]:
    """The frames from the failure on; where those lie below the call that stopped the machine, that call's first.

    Args:
        user: the thread's frames of user mode, where they were asked for.
    """
    stack = analysis.fault_stack
    if not stack.frames:
        yield AnalyzeRow("stack", "00", NOT_AVAILABLE, "", f"Stop={stack.stop.value}")
        return
    frames = stack.frames
    came_from = user_return(analysis.scene, stack) if stack.stop is Stop.END_OF_STACK else None
    end = _end(analysis, stack.stop, came_from, user)
    names = [_name(analysis, frame.ip) for frame in frames]
    rings = [_ring(frame, analysis.scene.user_end) for frame in frames]
    bounds = [_bounds(analysis, frame, number) for number, frame in enumerate(frames)]
    said = [(function, *stack.shadow[number : number + 1]) for number, function in enumerate(bounds)]
    yield from _frames(frames, names, rings, came_from or 0, end, said)
    if user is not None and user.frames:
        found = [each.frame for each in user.frames]
        end = _End(user.text, user.stop)
        said = [(each.shadow,) for each in user.frames]
        yield from _frames(found, user.names, [each.ring for each in user.frames], 0, end, said, len(frames))


def _ring(frame: Frame, user_end: int) -> str:
    """By the mode that CS says, not by where the instruction pointer leads: a bad call leads the kernel anywhere."""
    found = frame.registers
    return USER if (found.in_user_mode(user_end) if found is not None else frame.sp < user_end) else KERNEL


def _name(analysis: Analysis, ip: int) -> str:
    location = analysis.scene.symbolizer.locate(ip)
    return location.text() if location.module else ""


def _bounds(analysis: Analysis, frame: Frame, number: int) -> str:
    """The function that a frame is in by unwind data, where no symbol names it."""
    scene = analysis.scene
    if scene.symbolizer.locate(frame.ip).symbol:
        return ""
    return str(bounds_at(scene.code, frame.ip, bool(number) and frame.trust in RETURNS) or "")


def _end(analysis: Analysis, stop: Stop, came_from: int | None, user: UserStack | None) -> _End:
    """What the last kernel frame says: where the stack ends, or that it goes on in user mode."""
    if came_from is None:
        return _End("", stop.value)
    note = f"from user mode at {came_from:#x}"
    thread = analysis.scene.thread
    if user is not None:
        return _End(note, "") if user.frames else _End(f"{note}; no user frames: {user.text}", stop.value)
    if thread is not None and thread.ethread and analysis.scene.space is not None:
        note += f"; user frames: --user-frames, or windows.kd.stacks --thread {thread.ethread:#x}"
    return _End(note, stop.value)


def _frames(
    frames: Sequence[Frame],
    names: Sequence[str],
    rings: Sequence[str],
    returns_to: int,
    end: _End,
    said: Sequence[Sequence[str]],
    first: int = 0,
) -> Iterator[AnalyzeRow]:
    """The rows; ``said``: what each frame's note begins with, ``first``: the number of the first."""
    for number, frame in enumerate(frames):
        last = number == len(frames) - 1
        returns = returns_to if last else frames[number + 1].ip
        value = f"ChildSP={frame.sp:#x} RetAddr={returns:#x} IP={frame.ip:#x} Symbol={names[number]}"
        words = (*said[number], _CALLS[frame.call_checked], end.note if last else "")
        notes = "; ".join(filter(None, words))
        parts = [f"Ring={rings[number]}", f"Trust={frame.trust.value}", f"Note={notes}" if notes else "",
                 f"Stop={end.stop}" if last and end.stop else ""]  # fmt: skip
        yield AnalyzeRow("stack", f"{first + number:02d}", value, "", " ".join(filter(None, parts)))
