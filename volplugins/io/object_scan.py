"""Drivers and devices that nothing leads to: found in physical memory by their pool tags.

A hit is believed only where it proves its own address: a driver by the back pointer of its extension, a device by that
of its own, and by page tables that lead from there to the very place of the hit. Tags: pooltag.txt of the Debugging
Tools; before Windows 8 the highest bit of a protected object's tag is set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field

from volplugins.io.device import DEVICE_TYPE
from volplugins.io.driver import DRIVER_TYPE
from volplugins.io.system import IoSystem
from volplugins.kernel.physical_pieces import Progress, pieces
from volplugins.kernel.pool_headers import tagged_headers
from volplugins.memory.reader import ReadError
from volplugins.memory.structure import Layout

_DRIVER_TAGS, _DEVICE_TAGS = (b"Driv", b"Dri\xf6"), (b"Devi", b"Dev\xe9")  # as they are, protected
_UNPROTECTED_SINCE = 9200
_LARGEST_PREFIX = 0x140  # pool header, optional headers and object header before the body
_MOST_OF_CHUNK = 1 << 15  # places of one kind that are tried in one chunk
_MOST_TRIED = 1 << 21  # of each kind in all of memory

Teller = Callable[[str], None]


def scan_objects(
    system: IoSystem, progress: Progress | None = None, known: Container[int] = (), tell: Teller | None = None
) -> Iterator[tuple[str, int]]:
    """``driver`` or ``device`` and its address, for each that all of physical memory holds; in memory's order.

    Args:
        known: addresses that need not be found again.
        tell: takes what was left out, in words.
    """
    physical, space = system.physical, system.space
    if physical is None or space is None:
        return
    forms = 1 if system.build >= _UNPROTECTED_SINCE else 2
    finders = [
        ("driver", _DRIVER_TAGS[:forms], DRIVER_TYPE, system.layouts.driver_object, _driver_at),
        ("device", _DEVICE_TAGS[:forms], DEVICE_TYPE, system.layouts.device_object, _device_at),
    ]
    tries = _Tries()
    for piece in pieces(physical, progress=progress):  # a pool block of a page at most lies in one page (wdm.h)
        for kind, tags, number, layout, prove in finders:
            for body in tries.of(kind, _bodies(piece.data, tags, number, layout, system.width)):
                address = prove(system, piece.data[body : body + layout.size], layout)
                if address is None or address in known:
                    continue
                if space.translate(address).physical == piece.start + body:
                    yield kind, address
    if tell is not None:
        tries.report(tell)


@dataclass(slots=True)
class _Tries:
    """How many places were tried, by kind, and in how many parts of memory not all were."""

    tried: Counter[str] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)

    def of(self, kind: str, places: Iterator[int]) -> Iterator[int]:
        """The places of one chunk, as far as they are tried."""
        for number, place in enumerate(places):
            if number >= _MOST_OF_CHUNK or self.tried[kind] >= _MOST_TRIED:
                self.cut[kind] += 1
                return
            self.tried[kind] += 1
            yield place

    def report(self, tell: Teller) -> None:
        """Say what was left out."""
        for kind, count in self.cut.items():
            what = f"in {count:,} parts of memory (16 MiB each) more places may be a {kind} than are tried"
            tell(f"{what}: the rest of each is left out")


def _bodies(data: bytes, tags: tuple[bytes, ...], number: int, layout: Layout, width: int) -> Iterator[int]:
    """Places behind a pool header with one of these tags where such an object may begin, each once."""
    looked_at = 0
    for header in tagged_headers(data, tags, width):
        last = min(header + _LARGEST_PREFIX, len(data) - layout.size + 1)
        for body in range(max(header + 4 * width, looked_at), last, width):
            if data[body] == number and not data[body + 1]:
                yield body
        looked_at = max(looked_at, last)


def _driver_at(system: IoSystem, data: bytes, layout: Layout) -> int | None:
    """A driver's own address, by the extension that names it."""
    extension = _word(data, layout, "DriverExtension")
    return _named_by(system, extension, system.layouts.driver_extension, "DriverObject")


def _device_at(system: IoSystem, data: bytes, layout: Layout) -> int | None:
    extension = _word(data, layout, "DeviceObjectExtension")
    return _named_by(system, extension, system.layouts.device_extension, "DeviceObject")


def _named_by(system: IoSystem, address: int, layout: Layout, member: str) -> int | None:
    try:
        found = system.structure(address, layout).unsigned(member)
    except ReadError:
        return None
    return found if system.in_kernel_half(found) else None


def _word(data: bytes, layout: Layout, member: str) -> int:
    at, size = layout.members[member]
    return int.from_bytes(data[at : at + size], "little")
