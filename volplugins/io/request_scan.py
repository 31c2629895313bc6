"""Requests that no list leads to: found in physical memory by their own form, whatever pool block they lie in.

A place is taken for a request where its type, size and counts fit, and is believed where it proves its own address:
the pointer to its current stack location (or, past the last one, a list entry that leads to itself) says where the
request lies, and the kernel's page tables lead from there back to the very bytes that were read. Requests of more than
a page begin one, so that they need no other search.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from volplugins.io.pool_block import POOL_HEADER, block_of
from volplugins.io.request import MOST_LOCATIONS, REQUEST_TYPE
from volplugins.kernel.io_layouts import IoLayouts
from volplugins.kernel.physical_pieces import Progress, Scannable, pieces
from volplugins.paging.address_space import AddressSpace

_PAGE = 0x1000
_MOST_TRIED = 1 << 17  # places of one piece of memory: more than it has room for requests

Numbers = Any  # an array of numpy's, of whatever integers


@dataclass(frozen=True, slots=True)
class ScannedRequest:
    """A request that memory holds: its address, the tag of its pool block (empty: a page of its own), whether free."""

    irp: int
    tag: str
    free: bool


def scan_requests(
    physical: Scannable, kernel: AddressSpace, layouts: IoLayouts, bits: int, progress: Progress | None = None
) -> Iterator[ScannedRequest]:
    """Every request that memory holds, each address once, in the order of physical memory."""
    if not layouts.irp.has("CurrentStackLocation") or not layouts.stack_location.size:
        return
    scanner = _Scanner(kernel, layouts, bits)
    for piece in pieces(physical, progress=progress):
        yield from scanner.chunk(piece.data, piece.start)


class _Scanner:
    """Looks at pieces of physical memory."""

    def __init__(self, kernel: AddressSpace, layouts: IoLayouts, bits: int) -> None:
        self._kernel, self._bits, self._width = kernel, bits, bits // 8
        irp = layouts.irp
        self._header, self._location = irp.size, layouts.stack_location.size
        self._step = POOL_HEADER[bits]
        self._count_at, self._current_at = irp.offset("StackCount"), irp.offset("CurrentLocation")
        self._pointer_at, self._list_at = irp.offset("CurrentStackLocation"), irp.offset("ThreadListEntry")

    def chunk(self, data: bytes, start: int) -> Iterator[ScannedRequest]:
        """The requests in the bytes from physical address ``start`` on."""
        places = self._candidates(data)
        if not len(places):
            return
        for place, address in zip(places.tolist(), self._addresses(data, places), strict=True):
            if address and self._kernel.translate(address).physical == start + place:
                yield ScannedRequest(address, *self._block(data, place))

    def _candidates(self, data: bytes) -> Numbers:
        """Where type, size and counts are those of a request, which lies in one page up to its first location."""
        words = np.frombuffer(data, "<u4", len(data) // self._step * self._step // 4)[:: self._step // 4]
        smallest = self._header + self._location
        fits = ((words & 0xFFFF) == REQUEST_TYPE) & ((words >> 16) >= smallest)
        places = np.flatnonzero(fits) * self._step
        places = places[(places & (_PAGE - 1)) + smallest <= _PAGE]
        octets = np.frombuffer(data, np.uint8)
        size = octets[places + 2].astype(np.int64) | octets[places + 3].astype(np.int64) << 8
        count = octets[places + self._count_at].astype(np.int64)
        sound = (count > 0) & (count <= MOST_LOCATIONS)
        return self._leading_back(octets, places[sound & (size >= self._header + count * self._location)])

    def _leading_back(self, octets: Numbers, places: Numbers) -> Numbers:
        """Of these places those whose pointers may lead back to them, by the place in the page that they lead to."""
        pointer, flink, blink = (
            self._low_words(octets, places + at)
            for at in (self._pointer_at, self._list_at, self._list_at + self._width)
        )
        count, current = (octets[places + at].astype(np.int64) for at in (self._count_at, self._current_at))
        by_location = pointer - self._header - (current - 1) * self._location
        fits = ((by_location ^ places) & (_PAGE - 1)) == 0
        fits |= (flink == blink) & (((flink - self._list_at) ^ places) & (_PAGE - 1) == 0)
        return places[fits | (current > count + 2)][:_MOST_TRIED]

    def _low_words(self, octets: Numbers, places: Numbers) -> Numbers:
        """The low 32 bits at each place: enough for a place in a page."""
        return sum(octets[places + byte].astype(np.int64) << 8 * byte for byte in range(4))

    def _addresses(self, data: bytes, places: Numbers) -> Iterator[int]:
        """For each place the address that the request there claims to lie at; 0 for none that can be."""
        for place in places.tolist():
            claims = self._claims(data, place)
            yield next((each for each in claims if each > 0 and self._possible(each, place)), 0)

    def _claims(self, data: bytes, place: int) -> Iterator[int]:
        """By CurrentStackLocation and CurrentLocation; by a list entry that leads to itself; by the pointer alone."""
        first = self._word(data, place + self._pointer_at) - self._header
        yield first - (data[place + self._current_at] - 1) * self._location
        flink = self._word(data, place + self._list_at)
        if flink == self._word(data, place + self._list_at + self._width):
            yield flink - self._list_at
        if data[place + self._current_at] > data[place + self._count_at] + 2:
            yield from (first - number * self._location for number in range(data[place + self._count_at] + 1))

    def _possible(self, address: int, place: int) -> bool:
        return address >> (self._bits - 1) == 1 and (address ^ place) & (_PAGE - 1) == 0

    def _word(self, data: bytes, at: int) -> int:
        return int.from_bytes(data[at : at + self._width], "little")

    def _block(self, data: bytes, place: int) -> tuple[str, bool]:
        inside = place & (_PAGE - 1) >= self._step
        return block_of(data[place - self._step : place], self._bits) if inside else ("", False)
