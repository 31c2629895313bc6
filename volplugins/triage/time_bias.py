"""The machine's distance from UTC, as the page that the kernel shares with all processes has it.

Source: _KUSER_SHARED_DATA in Microsoft's public symbols (TimeZoneBias, a _KSYSTEM_TIME at 0x20), and the fixed kernel
addresses of that page in Microsoft's documentation of the debugger.
"""

from __future__ import annotations

import struct

from volplugins.memory.reader import MemoryReader, ReadError

_PAGE = {32: 0xFFDF0000, 64: 0xFFFFF78000000000}
_BIAS = 0x20
_MINUTE = 600_000_000  # in 100 ns
_MOST_MINUTES = 15 * 60


def time_bias(memory: MemoryReader, bits: int) -> int | None:
    """Minutes to add to local time for UTC; None where the page is not there or holds no such thing."""
    try:
        low, high, again = struct.unpack("<Iii", memory.read(_PAGE[bits] + _BIAS, 12))
    except ReadError:
        return None
    minutes, rest = divmod((high << 32) + low, _MINUTE)
    if high != again or rest or abs(minutes) > _MOST_MINUTES:
        return None
    return int(minutes)
