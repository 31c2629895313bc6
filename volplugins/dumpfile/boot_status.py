"""Boot status data (BSD) in the black box of that name.

Names and their order: the output of !blackboxbsd in Microsoft's documentation. Offsets: the first six as ReactOS has
them for the file bootstat.dat; the others where the real small dump of the tests has values that fit these names.
The first word is the version, which is the structure's size as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.dumpfile.fact import Fact

_NUMBER, _YES_NO, _TIME = "number", "yes or no", "time"
_FIELDS = (
    ("version", 0x0, 4, _NUMBER),
    ("product type", 0x4, 4, _NUMBER),
    ("auto advanced boot", 0x8, 1, _YES_NO),
    ("advanced boot menu timeout", 0x9, 1, _NUMBER),
    ("last boot succeeded", 0xA, 1, _YES_NO),
    ("last boot shutdown", 0xB, 1, _YES_NO),
    ("last reference time", 0x20, 8, _TIME),
    ("last update boot id", 0x2C, 4, _NUMBER),
    ("boot attempt count", 0x30, 1, _NUMBER),
    ("last boot checkpoint", 0x31, 1, _YES_NO),
    ("last boot id", 0x34, 4, _NUMBER),
    ("last successful shutdown boot id", 0x38, 4, _NUMBER),
    ("last reported abnormal shutdown boot id", 0x3C, 4, _NUMBER),
    ("error info boot id", 0x40, 4, _NUMBER),
    ("error info repeat count", 0x44, 4, _NUMBER),
    ("error info other error count", 0x48, 4, _NUMBER),
    ("power button last press time", 0x58, 8, _TIME),
    ("power button cumulative press count", 0x60, 4, _NUMBER),
)


def boot_status_facts(data: bytes, bits: int) -> Iterator[Fact]:
    """The fields that lie within the structure's own size."""
    size = min(int.from_bytes(data[:4], "little"), len(data))
    for name, at, width, kind in _FIELDS:
        if at + width > size:
            return
        value = int.from_bytes(data[at : at + width], "little")
        if kind == _TIME:
            yield Fact(name, f"{value:#x}", "FILETIME", value)
        else:
            yield Fact(name, str(value) if kind == _NUMBER else ("yes" if value else "no"))
