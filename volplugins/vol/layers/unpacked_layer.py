"""The plain bytes of a packed dump (``.zdmp``) as a layer: the dump's layers and volatility3's plugins lie on it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from volatility3.framework import exceptions, interfaces
from volatility3.framework.layers import segmented

if TYPE_CHECKING:
    from volplugins.dumpfile.source import ByteSource

vollog = logging.getLogger(__name__)


class UnpackedDumpLayer(segmented.SegmentedLayer):
    """Unpacks what is asked for.

    Raises:
        DumpError: the container cannot be read.
    """

    def __init__(self, context: Any, config_path: str, name: str, metadata: dict[str, Any] | None = None) -> None:
        self._source: ByteSource | None = None
        super().__init__(context, config_path, name, metadata)

    @property
    def packed_layer(self) -> interfaces.layers.DataLayerInterface:
        """The layer of the file itself."""
        return self._context.layers[self._base_layer]

    @property
    def source(self) -> ByteSource:
        """The dump's bytes; opened where they are asked for, since volatility3 copies layers."""
        from volplugins.dumpfile.zdmp import plain_source
        from volplugins.vol.layers.layer_source import source_of

        if self._source is None:
            self._source = plain_source(source_of(self.packed_layer))
        return self._source

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_source": None}

    def _load_segments(self) -> None:
        self._segments: list[tuple[int, int, int, int]] = []
        self._size = self.source.size

    @property
    def minimum_address(self) -> int:
        """0."""
        return 0

    @property
    def maximum_address(self) -> int:
        """Of the last byte."""
        return self._size - 1

    def is_valid(self, offset: int, length: int = 1) -> bool:
        """Whether the range is within the dump."""
        return offset >= 0 and offset + max(length, 1) <= self._size

    def mapping(
        self, offset: int, length: int, ignore_errors: bool = False
    ) -> Iterable[tuple[int, int, int, int, str]]:
        """The range as one piece; its bytes lie nowhere in the file as they are."""
        end = min(offset + length, self._size)
        if not ignore_errors and not self.is_valid(offset, length):
            raise exceptions.InvalidAddressException(self.name, offset, "Outside the packed dump")
        if 0 <= offset < end or not length:
            yield offset, max(end - offset, 0), offset, max(end - offset, 0), self._base_layer

    def read(self, offset: int, length: int, pad: bool = False) -> bytes:
        """The dump's bytes; what cannot be unpacked is zeros with ``pad``, an exception without."""
        data = self.source.read(offset, length)
        if len(data) < length and not pad:
            at = offset + len(data)
            raise exceptions.InvalidAddressException(self.name, at, f"{at:#x} cannot be unpacked")
        return data.ljust(length, b"\0")
