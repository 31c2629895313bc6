"""From a volatility3 layer to the core's byte source: the mapped file where there is one, the layer otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlparse
from urllib.request import url2pathname

from volatility3.framework import exceptions

if TYPE_CHECKING:
    from volatility3.framework.interfaces.layers import DataLayerInterface

    from volplugins.dumpfile.source import ByteSource


class LayerSource:
    """Bytes of any volatility3 data layer (a compressed or remote file, say) by offset."""

    def __init__(self, layer: DataLayerInterface) -> None:
        self._layer = layer
        self.size: int = layer.maximum_address + 1

    def read(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes at ``offset``; fewer at the end, or where an address is not there."""
        size = min(size, self.size - offset)
        if size <= 0 or offset < 0:
            return b""
        try:
            return bytes(self._layer.read(offset, size))
        except exceptions.InvalidAddressException as error:
            return self._before(offset, error.invalid_address)

    def _before(self, offset: int, bad: int) -> bytes:
        """What lies before an address that the layer does not have."""
        try:
            return bytes(self._layer.read(offset, bad - offset)) if 0 < bad - offset < self.size else b""
        except exceptions.InvalidAddressException:
            return b""

    def view(self) -> memoryview | None:
        """None: such a layer is not mapped."""
        return None


def local_path(layer: DataLayerInterface) -> str | None:
    """Path of the local file that ``layer`` reads as it is, or None (remote, compressed, or no file)."""
    from pathlib import Path

    known = getattr(layer, "path", None)  # PathLayer's
    if isinstance(known, str):
        return known
    location = getattr(layer, "location", None)
    if not isinstance(location, str):
        return None
    parts = urlparse(location)
    if parts.scheme != "file":
        return None
    path = Path(url2pathname(parts.path))
    try:
        # a decompressing accessor shows another size than the file has
        return str(path) if path.is_file() and path.stat().st_size == layer.maximum_address + 1 else None
    except OSError:
        return None


def source_of(layer: DataLayerInterface) -> ByteSource:
    """The best byte source for ``layer``; raises DumpError subclasses for a file that cannot be opened."""
    from volplugins.dumpfile.source import FileSource

    if hasattr(layer, "packed_layer"):  # UnpackedDumpLayer
        unpacked: ByteSource = layer.source
        return unpacked
    path = local_path(layer)
    return FileSource(path) if path is not None else LayerSource(layer)
