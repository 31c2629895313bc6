"""Registry values one after the other, as the blob of processor 0 has them: each tells its own sizes.

Per value: bytes of the name, the name in UTF-16 with its end, the type, bytes of the data, the data. Seen in both real
small dumps of the tests, which end so to the byte; types: REG_SZ 1, REG_DWORD 4 (winnt.h).
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import unpack_from

from volplugins.dumpfile.fact import Fact

_SZ, _DWORD = 1, 4
_LONGEST_NAME = 2 * 16383  # bytes: what the registry allows


def registry_facts(data: bytes, bits: int) -> Iterator[Fact]:
    """The texts and numbers; a value that does not fit ends the list."""
    at = 0
    while at + 4 <= len(data):
        length = int.from_bytes(data[at : at + 4], "little")
        name, at = data[at + 4 : at + 4 + length], at + 4 + length
        if not 0 < length <= _LONGEST_NAME or at + 8 > len(data):
            return
        kind, size = unpack_from("<II", data, at)
        value, at = data[at + 8 : at + 8 + size], at + 8 + size
        if len(value) < size:
            return
        if kind == _SZ:
            yield Fact(_text(name), _text(value))
        elif kind == _DWORD and size == 4:
            yield Fact(_text(name), str(int.from_bytes(value, "little")))


def _text(data: bytes) -> str:
    return data.decode("utf-16-le", "replace").split("\0", 1)[0].strip()
