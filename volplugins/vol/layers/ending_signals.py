"""Signals that end a program, and how cleaning up after one is not ended by the next."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# asked to end; the terminal, or ssh's connection, was closed; Ctrl-\; Ctrl-Break of Windows
ENDING = tuple(
    signal.Signals[name] for name in ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGBREAK") if name in signal.Signals.__members__
)
Handler = Callable[[int, "FrameType | None"], Any]


def taken(handler: Handler, wanted: Callable[[Any], bool]) -> dict[int, Any]:
    """Have every ending signal whose handler so far is ``wanted`` go to this one; the handlers so far, by number.

    One that is ignored stays so: ``nohup`` asks for that.
    """
    kept: dict[int, Any] = {}
    for number in ENDING:
        before = signal.getsignal(number)
        if before is not signal.SIG_IGN and wanted(before):
            kept[number] = before
            signal.signal(number, handler)
    return kept


def given_back(kept: dict[int, Any]) -> None:
    """Set the handlers again that were there; one that was not set from Python is the system's."""
    for number, before in kept.items():
        signal.signal(number, before if before is not None else signal.SIG_DFL)


def _set_ones() -> dict[int, Any]:
    """Handlers of Ctrl-C and of the ending signals by number, but for those that are ignored."""
    found = {number: signal.getsignal(number) for number in (signal.SIGINT, *ENDING)}
    return {number: handler for number, handler in found.items() if handler is not signal.SIG_IGN}


@contextmanager
def undisturbed() -> Iterator[None]:
    """Inside, Ctrl-C and the ending signals wait; the first that came is sent again at the end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    kept = _set_ones()
    try:
        for number in kept:
            signal.signal(number, lambda got, _: came.append(got))
        yield
    finally:
        given_back(kept)
        for came_number in came[:1]:
            signal.raise_signal(came_number)


@contextmanager
def ended_once() -> Iterator[None]:
    """Inside, the first signal that raises is the last: what cleans up after it is not ended by another Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: handler for number, handler in _set_ones().items() if callable(handler)}
    raised = False

    def once(number: int, frame: FrameType | None) -> None:
        nonlocal raised
        if not raised:
            try:
                kept[number](number, frame)
            except BaseException:
                raised = True
                raise

    try:
        for number in kept:
            signal.signal(number, once)
        yield
    finally:
        given_back(kept)
