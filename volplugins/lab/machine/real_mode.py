"""The vectors of real mode at physical 0, and the BIOS data area behind them, as firmware leaves them.

No dump of a crash has that page, since it is not among the RAM that Windows reports; images of a whole machine's memory
do.
"""

from __future__ import annotations

import struct

from volplugins.lab.machine.machine import Machine

_BIOS, _VIDEO = 0xF000, 0xC000
_UNUSED = 0xFF53  # the offset of an empty handler in the BIOS of PC/AT compatibles
_SERVICES = {0x08: 0xFEA5, 0x09: 0xE987, 0x11: 0xF84D, 0x12: 0xF841, 0x13: 0xE3FE, 0x14: 0xE739, 0x15: 0xF859,
             0x16: 0xE82E, 0x17: 0xEFD2, 0x19: 0xE6F2, 0x1A: 0xFE6E}  # fmt: skip
_VIDEO_SERVICE = 0x10


def real_mode_vectors(machine: Machine) -> list[tuple[int, int]]:
    """Segment and offset of each of the 256 vectors; the last ones are empty."""
    video = machine.random("video BIOS").randrange(0x100, 0x2000)
    known = {vector: (_BIOS, offset) for vector, offset in _SERVICES.items()} | {_VIDEO_SERVICE: (_VIDEO, video)}
    return [known.get(vector, (_BIOS, _UNUSED) if vector < 0x78 else (0, 0)) for vector in range(256)]


def low_page(machine: Machine) -> bytes:
    """The page at 0: vectors, and the BIOS data area at 400h with the sizes of memory and of the video page."""
    page = bytearray(0x1000)
    for vector, (segment, offset) in enumerate(real_mode_vectors(machine)):
        struct.pack_into("<HH", page, 4 * vector, offset, segment)
    struct.pack_into("<H", page, 0x413, 639)
    struct.pack_into("<BHH", page, 0x449, 3, 80, 0x1000)
    return bytes(page)
