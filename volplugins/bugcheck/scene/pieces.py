"""Memory that may be another stack of the crash: the thread's own kernel stack, and a small dump's blocks."""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.bugcheck.scene.crash_scene import CrashScene
from volplugins.stack.candidates import MAX_STACK
from volplugins.stack.scanner import Range

MAX_BYTES = 1 << 26  # of all pieces: Windows writes small dumps of a few MiB
_SMALLEST = 0x200  # bytes: less cannot hold a trap frame and a caller
_OVERLAP = 0x800  # more than the largest record, a context


def stack_pieces(scene: CrashScene, notes: list[str]) -> Iterator[Range]:
    """Pieces of readable memory, the crashing thread's stack first; bounded in size.

    Args:
        notes: takes how much is left out, once the pieces have been taken.
    """
    thread = scene.thread
    segments = _segments(scene)
    if thread is not None and not segments:
        yield thread.stack_limit, thread.stack_base
        return
    low, high = (thread.stack_limit, thread.stack_base) if thread is not None else (0, 0)
    inside = [(max(a, low), min(b, high)) for a, b in segments if a < high and b > low]
    outside = [piece for piece in segments if not (piece[0] < high and piece[1] > low)]
    left, skipped = MAX_BYTES, 0
    for piece in (*inside, *outside):
        size = piece[1] - piece[0]
        if size > left:
            skipped += size
        elif size >= _SMALLEST:
            left -= size
            yield from _windows(*piece)
    if skipped:
        notes.append(f"{skipped:#x} bytes of the small dump's memory were not searched for records")


def _windows(low: int, high: int) -> Iterator[Range]:
    """Ranges up to ``high`` whose first ``MAX_STACK`` bytes are the whole piece; no record lies between two."""
    yield from ((start, high) for start in range(low, max(high - _OVERLAP, low + 1), MAX_STACK - _OVERLAP))


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
