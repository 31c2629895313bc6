"""Blobs of the driver frameworks: logs of the in-flight recorder, the list of framework drivers, WPP recorder logs.

Layouts: Microsoft's Windows-Driver-Frameworks (fxifr.h: WDF_IFR_HEADER, WDF_IFR_RECORD; fxbugcheck.h:
FX_DUMP_DRIVER_INFO_ENTRY). A WPP recorder's blob starts with the log's name (real small dumps).
What the records say needs the driver's own trace formats (TMF), which no dump holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import unpack_from

from volplugins.dumpfile.fact import Fact

_NAME = 32
_RECORDS = (b"LR", b"L2")
_LEAST_RECORD = 0x1C
_RECORDER_NAME = 28


def log_facts(data: bytes, bits: int) -> Iterator[Fact]:
    """The driver whose log it is, its size, and how many records lie in it without a gap."""
    name_at = 0x24 if bits == 64 else 0x20
    if len(data) < name_at + _NAME:
        return
    size, current, previous, sequence = unpack_from("<IHHI", data, name_at - 12)
    yield Fact("driver", _name(data[name_at : name_at + _NAME]))
    yield Fact("log", f"{size} bytes", f"next record at {current:#x}, last at {previous:#x}")
    start = -(-(name_at + _NAME + 2) // (bits // 8)) * (bits // 8)
    yield Fact("records", str(_records(data, start)), f"last sequence number {sequence}")


def _records(data: bytes, at: int) -> int:
    count = 0
    while data[at : at + 2] in _RECORDS:
        length = int.from_bytes(data[at + 2 : at + 4], "little")
        if length < _LEAST_RECORD:
            break
        count, at = count + 1, at + length
    return count


def driver_facts(data: bytes, bits: int) -> Iterator[Fact]:
    """Each driver that uses the framework, with the framework's version that it was built for."""
    pointer = bits // 8
    size = -(-(pointer + 12 + _NAME) // pointer) * pointer
    for at in range(0, len(data) - size + 1, size):
        major, minor, build = unpack_from("<III", data, at + pointer)
        name = _name(data[at + pointer + 12 : at + pointer + 12 + _NAME])
        if name:
            yield Fact("driver", name, f"framework {major}.{minor}.{build}")


def recorder_facts(data: bytes, bits: int) -> Iterator[Fact]:
    """The log's name, where it has one."""
    name = _name(data[:_RECORDER_NAME])
    if name:
        yield Fact("log", name)


def _name(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("latin-1")
