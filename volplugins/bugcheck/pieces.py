"""Memory that may be another stack of the crash: the thread's own kernel stack, and a small dump's blocks."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.bugcheck.scene import CrashScene
from volplugins.stack.scanner import Range

MAX_PIECES = 1024  # blocks looked at; real small dumps have up to some two thousand, few of them of a stack's size
MAX_BYTES = 1 << 23
_SMALLEST = 0x200  # bytes: less cannot hold a trap frame and a caller


def stack_pieces(scene: CrashScene) -> Iterator[Range]:
    """Pieces of readable memory, the crashing thread's stack first; bounded in number and size."""
    thread = scene.thread
    segments = _segments(scene)
    if thread is not None and not segments:
        yield thread.stack_limit, thread.stack_base
        return
    low, high = (thread.stack_limit, thread.stack_base) if thread is not None else (0, 0)
    inside = [(max(a, low), min(b, high)) for a, b in segments if a < high and b > low]
    outside = [piece for piece in segments if not (piece[0] < high and piece[1] > low)]
    left = MAX_BYTES
    for piece in (*inside, *outside)[:MAX_PIECES]:
        size = piece[1] - piece[0]
        if size >= _SMALLEST and size <= left:
            left -= size
            yield piece


def _segments(scene: CrashScene) -> list[Range]:
    """A small dump's memory, neighbours joined; empty for other dumps."""
    triage = scene.target.triage
    joined: list[Range] = []
    for start, _, size in triage.virtual_memory.segments() if triage is not None else ():
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], start + size)
        else:
            joined.append((start, start + size))
    return joined
