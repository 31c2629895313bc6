"""Physical memory of a live machine as a volatility3 layer, on the handle of its location."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from volatility3.framework import exceptions
from volatility3.framework.layers import segmented

from volplugins.memory.reader import PAGE_SIZE, ReadError
from volplugins.paging.mode import PagingMode
from volplugins.vol.layers.live_machines import Live, live_at, location_of


class LiveLayer(segmented.SegmentedLayer):
    """RAM of the machine; every page is read over the wire once, as long as the machine stands still."""

    provides = {"type": "physical"}

    def __init__(self, context: Any, config_path: str, name: str, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(context, config_path, name, {**(metadata or {}), "os": "Windows"})

    def _load_segments(self) -> None:
        self._segments: list[tuple[int, int, int, int]] = []
        self._metadata: dict[str, Any] = {**self._metadata, **_page_map(self.live)}

    @property
    def live(self) -> Live:
        """The machine; not kept here, since volatility3 copies layers."""
        location = location_of(self._context.layers[self._base_layer])
        assert location is not None  # the stacker makes this layer of nothing else
        return live_at(location)

    @property
    def _memory(self) -> Any:
        return self.live.target.memory

    @property
    def minimum_address(self) -> int:
        """Address of the first byte of RAM."""
        lowest: int = self._memory.lowest_pfn * PAGE_SIZE
        return lowest

    @property
    def maximum_address(self) -> int:
        """Address of the last byte of RAM."""
        highest: int = self._memory.highest_pfn * PAGE_SIZE + PAGE_SIZE - 1
        return highest

    def is_valid(self, offset: int, length: int = 1) -> bool:
        """Whether every byte of the range is in RAM; nothing is read for it."""
        first, last = offset // PAGE_SIZE, (offset + max(length, 1) - 1) // PAGE_SIZE
        while first <= last:
            run = self._memory.next_run(first)
            if run is None or run[0] > first:
                return False
            first = run[0] + run[1]
        return True

    def mapping(
        self, offset: int, length: int, ignore_errors: bool = False
    ) -> Iterable[tuple[int, int, int, int, str]]:
        """Yield (offset, size, offset, size, base layer) for the range, run by run."""
        at, end = offset, offset + max(length, 1)
        while at < end:
            run = self._memory.next_run(at // PAGE_SIZE)
            start = run[0] * PAGE_SIZE if run else end
            if run is None or start >= end or (start > at and not ignore_errors):
                if ignore_errors:
                    return
                raise exceptions.InvalidAddressException(self.name, at, f"No RAM at {at:#x}")
            at = max(at, start)
            size = min(start + run[1] * PAGE_SIZE, end) - at
            shown = size if length else 0
            yield at, shown, at, shown, self._base_layer
            at += size

    def read(self, offset: int, length: int, pad: bool = False) -> bytes:
        """Read physical memory; what is absent is zeros with ``pad``, an exception without."""
        from volplugins.kd.errors import LiveError

        try:
            return self._read(offset, length, pad)
        except LiveError as error:  # for volatility3's own plugins: ours read past this layer
            raise exceptions.LayerException(self.name, str(error)) from None

    def _read(self, offset: int, length: int, pad: bool) -> bytes:
        memory = self._memory
        data = b""
        while len(data) < length:
            try:
                return data + bytes(memory.read(offset + len(data), length - len(data)))
            except ReadError as error:
                if not pad:
                    reason = f"{error.address:#x}: {error.reason}"
                    raise exceptions.InvalidAddressException(self.name, error.address, reason) from None
                good = error.address - offset - len(data)
                data += bytes(memory.read(offset + len(data), good)) if good > 0 else b""
                hole = min(PAGE_SIZE - (offset + len(data)) % PAGE_SIZE, length - len(data))
                data += bytes(hole)
        return data


def _page_map(live: Live) -> dict[str, Any]:
    """What volatility3's Windows stacker takes instead of searching memory."""
    target = live.target
    metadata: dict[str, Any] = {"architecture": "Intel64" if target.bits == 64 else "Intel32"}
    if target.mode is PagingMode.X64_LA57 or target.mode is None:
        # volatility3 2.28 knows four levels only: a layer that is no Windows is not searched for a directory
        return {**metadata, "os": "refused"}
    pae = target.mode is PagingMode.PAE
    return {**metadata, "pae": pae, "page_map_offset": target.directory_table_base & ~(0x1F if pae else 0xFFF)}
