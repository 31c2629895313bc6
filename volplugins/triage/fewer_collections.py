"""Python's search for unused loops of objects, made less often while a run lasts.

A run holds hundreds of thousands of objects that live until its end: to look through all of them each time that some
hundreds more are made took a twentieth of the time, and found nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_BETWEEN = (50_000, 20, 50)  # new objects; searches among the young, and among those that outlived one


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Inside this block; what was set before is set again at its end."""
    before = gc.get_threshold()
    if before[0]:  # 0: whoever runs this has turned it off
        gc.set_threshold(*(max(each) for each in zip(before, _BETWEEN, strict=True)))
    try:
        yield
    finally:
        gc.set_threshold(*before)
