"""Memory that gives out after a number of reads: lists made for the purpose could keep a search in them for hours."""

from __future__ import annotations

from volplugins.memory.reader import MemoryReader, ReadError

#: of one calibration, and of one judgement of layouts
MOST_READS = 1 << 18
#: how the words begin that say that the reads were used up
CUT_OFF = "live objects were given up after"


class BoundedReads:
    """Reads of ``memory``, of which there are ``most``; then none succeeds, and ``cut`` says why (else it is empty)."""

    def __init__(self, memory: MemoryReader, most: int = MOST_READS) -> None:
        self._memory = memory
        self._most = most
        self.count = 0
        self.cut = ""

    def read(self, address: int, size: int) -> bytes:
        """Return exactly ``size`` bytes at ``address``.

        Raises:
            ReadError: as ``memory`` does, and where the reads are used up.
        """
        if self.count >= self._most:
            self.cut = f"{CUT_OFF} {self._most} reads"
            raise ReadError(address, "limit")
        self.count += 1
        return self._memory.read(address, size)
