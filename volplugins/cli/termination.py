"""SIGTERM, and signals like it, that leave nothing half written behind."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def clean_termination() -> Iterator[None]:
    """Inside, an ending signal (SIGTERM, SIGHUP, SIGQUIT, Ctrl-Break) ends the program as an exception does.

    The exit code is the one that a shell reports for it. A signal that is ignored, by ``nohup`` for one, stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    from volplugins.vol.layers.ending_signals import given_back, taken

    kept = taken(lambda number, _: sys.exit(128 + number), lambda _: True)
    try:
        yield
    finally:
        given_back(kept)
