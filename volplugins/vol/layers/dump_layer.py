"""Windows crash dumps as volatility3 layers: physical memory of every type, and a triage dump's virtual memory.

The 32- and 64-bit layers descend from volatility3's own crash layers, so that its windows.crashinfo and every
plugin that asks for them knows these too; what they read comes from the core's parser.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from volatility3.framework import exceptions, interfaces
from volatility3.framework.layers import crash, segmented

from volplugins.vol.layers.opened_dumps import key_of, open_layer

if TYPE_CHECKING:
    from volplugins.dumpfile.dump import Dump
    from volplugins.dumpfile.triage import TriageDump

vollog = logging.getLogger(__name__)

PAGE_SIZE = 0x1000


class KernelDump32Layer(crash.WindowsCrashDump32Layer):
    """Physical memory of a 32-bit dump."""

    supported_dumptypes = [0x1, 0x2, 0x5, 0x6]
    _key: tuple[str, int, int] | None = None

    def _load_segments(self) -> None:
        # runs are asked of the dump when needed: a bitmap can describe millions of them
        memory = self.dump.memory
        if memory is None or not memory.pages_in_file:
            raise crash.WindowsCrashDumpFormatException(self.name, "no page of memory in the file")
        self._minaddr = memory.lowest_pfn * PAGE_SIZE
        self._maxaddr = memory.highest_pfn * PAGE_SIZE + PAGE_SIZE - 1
        self._segments: list[tuple[int, int, int, int]] = []
        self._metadata: dict[str, Any] = {**self._metadata, **page_map_metadata(self.dump)}

    @property
    def dump(self) -> Dump:
        """The parsed dump; not kept here, since volatility3 copies layers."""
        layer = self._context.layers[self._base_layer]
        if self._key is None:
            self._key = key_of(layer)
        return open_layer(layer, self._key)

    @property
    def minimum_address(self) -> int:
        """Address of the first byte in the file."""
        assert self._minaddr is not None  # set by _load_segments
        return self._minaddr

    @property
    def maximum_address(self) -> int:
        """Address of the last byte in the file."""
        assert self._maxaddr is not None  # set by _load_segments
        return self._maxaddr

    def is_valid(self, offset: int, length: int = 1) -> bool:
        """Whether every byte of the range is in the file."""
        memory = self.dump.memory
        assert memory is not None
        first, last = offset // PAGE_SIZE, (offset + max(length, 1) - 1) // PAGE_SIZE
        while first <= last:
            run = memory.next_run(first)
            if run is None or run[0] > first:
                return False
            first = run[0] + run[1]
        return True

    def mapping(
        self, offset: int, length: int, ignore_errors: bool = False
    ) -> Iterable[tuple[int, int, int, int, str]]:
        """Yield (offset, size, file offset, size, base layer) for the range, run by run."""
        memory = self.dump.memory
        assert memory is not None
        end = offset + max(length, 1)
        at = offset
        while at < end:
            run = memory.next_run(at // PAGE_SIZE)
            start = run[0] * PAGE_SIZE if run else end
            if run is None or start >= end or (start > at and not ignore_errors):
                if ignore_errors:
                    return
                raise exceptions.InvalidAddressException(self.name, at, f"Page of {at:#x} is not in the dump")
            at = max(at, start)
            size = min(start + run[1] * PAGE_SIZE, end) - at
            shown = size if length else 0
            yield at, shown, run[2] + at - start, shown, self._base_layer
            at += size

    def read(self, offset: int, length: int, pad: bool = False) -> bytes:
        """Read physical memory; absent pages are zeros with ``pad``, an exception without."""
        from volplugins.memory.reader import ReadError

        memory = self.dump.memory
        assert memory is not None
        try:
            return memory.read(offset, length)
        except ReadError as error:
            if not pad and not self._is_pointer_table(offset, length, error.address):
                raise exceptions.InvalidAddressException(
                    self.name, error.address, f"Page of {error.address:#x}: {error.reason}"
                ) from None
        data = bytearray(length)
        for at, size, _, _, _ in self.mapping(offset, length, ignore_errors=True):
            data[at - offset : at - offset + size] = memory.read(at, size)
        return bytes(data)

    def _is_pointer_table(self, offset: int, length: int, missing: int) -> bool:
        """Whether this read is volatility3's of a PAE page directory pointer table.

        The table has 32 bytes and may lie anywhere in a page; volatility3 2.28 reads a whole page for it, which
        fails where the page behind is not in the file. What is behind the table is then zeros.
        """
        table = bool(self._metadata.get("pae")) and length == PAGE_SIZE and offset % PAGE_SIZE != 0
        return table and offset % 0x20 == 0 and missing >= offset + 0x20


class KernelDump64Layer(KernelDump32Layer, crash.WindowsCrashDump64Layer):
    """Physical memory of a 64-bit dump."""

    supported_dumptypes = [0x1, 0x2, 0x5, 0x6, 0x8, 0x9, 0xA]
    VALIDDUMP = crash.WindowsCrashDump64Layer.VALIDDUMP
    crashdump_json = crash.WindowsCrashDump64Layer.crashdump_json
    dump_header_name = crash.WindowsCrashDump64Layer.dump_header_name
    headerpages = crash.WindowsCrashDump64Layer.headerpages


def page_map_metadata(dump: Dump) -> dict[str, Any]:
    """What volatility3's Windows stacker takes instead of scanning: the header's directory, if it reads the kernel."""
    from volplugins.kernel.kernel_space import KernelAnchors, find_kernel_space
    from volplugins.paging.mode import PagingMode

    header = dump.header
    metadata: dict[str, Any] = {"os": "Windows", "architecture": "Intel64" if header.bits == 64 else "Intel32"}
    if dump.memory is None:
        return metadata
    anchors = KernelAnchors(header.ps_loaded_module_list, header.ps_active_process_head, header.kd_debugger_data_block)
    tried = [(header.directory_table_base, "the header")]
    found = find_kernel_space(dump.memory, header.bits, header.pae, tried, anchors)
    if found is None or found.space.mode is PagingMode.X64_LA57:
        # volatility3 2.28 knows four levels only; without a map it scans as it always did
        return metadata
    pae = found.space.mode is PagingMode.PAE
    low_bits = 0x1F if pae else 0xFFF
    return {**metadata, "pae": pae, "page_map_offset": header.directory_table_base & ~low_bits}


class TriageDumpLayer(segmented.SegmentedLayer):
    """The virtual memory that a triage (small) dump holds: its blocks by virtual address."""

    provides = {"type": "memory"}

    def __init__(self, context: Any, config_path: str, name: str, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(context, config_path, name, {**(metadata or {}), "os": "Windows"})

    @property
    def dump(self) -> Dump:
        """The parsed dump."""
        return open_layer(self._context.layers[self.config["base_layer"]])

    @property
    def triage(self) -> TriageDump:
        """The dump's triage blocks."""
        triage = self.dump.triage
        assert triage is not None  # the stacker makes this layer of nothing else
        return triage

    def _load_segments(self) -> None:
        self._segments = [
            (virtual, offset, size, size) for virtual, offset, size in self.triage.virtual_memory.segments()
        ]
        if not self._segments:
            raise exceptions.LayerException(self.name, "the triage dump holds no block of memory")


LAYERS: dict[int, type[interfaces.layers.DataLayerInterface]] = {32: KernelDump32Layer, 64: KernelDump64Layer}
