"""The lab's machines are made once for all files of a worker: most tests ask for the same few.

Making one takes twenty times as long as a copy of it. Every caller gets a copy of its own, which it may change.
"""

from __future__ import annotations

import functools
import pickle
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from volplugins.lab.machine.snapshot import Snapshot

Build = Callable[..., Snapshot]
ROOM = 160 << 20  # bytes of copies that a worker keeps; the one asked for longest ago goes first


def keeping(build: Build, room: int = ROOM) -> Build:
    """``build``, which makes nothing twice as long as its copy is kept; ``__wrapped__`` always makes it."""
    kept: OrderedDict[Any, bytes] = OrderedDict()

    @functools.wraps(build)
    def copied(*arguments: Any, **named: Any) -> Snapshot:
        asked = (arguments, tuple(sorted(named.items())))
        if asked in kept:
            kept.move_to_end(asked)
            copy: Snapshot = pickle.loads(kept[asked])
            return copy
        made = build(*arguments, **named)
        kept[asked] = pickle.dumps(made, pickle.HIGHEST_PROTOCOL)
        while sum(map(len, kept.values())) > room:
            kept.popitem(last=False)
        return made

    return copied
