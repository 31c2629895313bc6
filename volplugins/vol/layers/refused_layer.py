"""The layer of a crash dump from which no memory can be read: empty, so that nobody else tries.

volatility3's own crash stacker (2.28) believes the file's counts: 8 KiB that claim 2**32 runs, or a bitmap of zeros,
keep it busy for hours. A file with a crash dump's signature therefore always gets a layer of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from volatility3.framework import exceptions
from volatility3.framework.layers import segmented

_OPERATING_SYSTEM = "refused"  # neither Windows nor unknown: volatility3 does not scan such a layer for page tables


class RefusedDumpLayer(segmented.SegmentedLayer):
    """Holds no byte. Our plugins open the file below it and say why; for volatility3's it is no memory of Windows."""

    def __init__(self, context: Any, config_path: str, name: str, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(context, config_path, name, {**(metadata or {}), "os": _OPERATING_SYSTEM})

    def _load_segments(self) -> None:
        self._segments: list[tuple[int, int, int, int]] = []

    @property
    def minimum_address(self) -> int:
        """0: there is no address."""
        return 0

    @property
    def maximum_address(self) -> int:
        """0: there is no address."""
        return 0

    def is_valid(self, offset: int, length: int = 1) -> bool:
        """Never."""
        return False

    def mapping(
        self, offset: int, length: int, ignore_errors: bool = False
    ) -> Iterable[tuple[int, int, int, int, str]]:
        """Nothing is mapped."""
        if not ignore_errors:
            raise exceptions.InvalidAddressException(self.name, offset, "This crash dump cannot be read")
        return ()

    def read(self, offset: int, length: int, pad: bool = False) -> bytes:
        """Zeros with ``pad``, an exception without."""
        if pad:
            return bytes(length)
        raise exceptions.InvalidAddressException(self.name, offset, "This crash dump cannot be read")
