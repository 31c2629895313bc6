"""volatility3's way to a live machine: a handler of ``kd+…`` URLs whose handle connects to nothing.

volatility3 opens a location four times in a run; the connection is made by whoever reads through the layer.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request

from volatility3.framework.layers import resources

from volplugins.wires.location import NETWORK, SCHEMES, is_live

_TEXT = b"a live machine on the kernel debugger's wire: its memory is in the layer above\n".ljust(0x1000, b"\0")
# volatility3 unpacks what is named so, whatever it is
_PACKERS = {"gz": lambda data: gzip.compress(data, mtime=0), "xz": lzma.compress, "bz2": bz2.compress}


class LiveHandle(io.BytesIO):
    """A small text in place of a file."""


class KernelDebuggerHandler(resources.VolatilityHandler):
    """Takes ``kd+unix:``, ``kd+tcp:``, ``kd+pipe:`` and ``kd+serial:``; what else is meant so, is said by the layer."""

    @classmethod
    def non_cached_schemes(cls) -> list[str]:
        """All of ours: there is nothing to download."""
        return [*SCHEMES, *NETWORK]

    @staticmethod
    def default_open(request: Request) -> Any:
        """The handle; None for another handler's URL."""
        if not is_live(request.full_url):
            return None
        return LiveHandle(_packed(request.full_url))


def _packed(url: str) -> bytes:
    """The text, packed as the name's endings say, the last ending outermost."""
    data = _TEXT
    endings: list[str] = []
    for ending in reversed(urlsplit(url).path.split(".")[1:]):
        if ending not in _PACKERS:
            break
        endings.append(ending)
    for ending in reversed(endings):
        data = _PACKERS[ending](data)
    return data
