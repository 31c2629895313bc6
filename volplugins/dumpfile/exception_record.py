"""EXCEPTION_RECORD, 32- and 64-bit. Offsets: the Windows SDK (winnt.h)."""

from __future__ import annotations

from dataclasses import dataclass

_MAX_INFORMATION = 15


@dataclass(frozen=True, slots=True)
class ExceptionRecord:
    """An exception: its code, flags, the address it happened at, and its parameters (15 at most)."""

    code: int
    flags: int
    record: int
    address: int
    information: tuple[int, ...]


def decode_exception_record64(data: bytes) -> ExceptionRecord | None:
    """Decode 0x98 bytes; None where they are cut or filler."""
    return _decode(data, 8, 0x20, 0x18)


def decode_exception_record32(data: bytes) -> ExceptionRecord | None:
    """Decode 0x50 bytes; None where they are cut or filler."""
    return _decode(data, 4, 0x14, 0x10)


def _decode(data: bytes, width: int, information_at: int, count_at: int) -> ExceptionRecord | None:
    if len(data) < information_at + _MAX_INFORMATION * width or data[:4] == b"PAGE":
        return None
    count = min(int.from_bytes(data[count_at : count_at + 4], "little"), _MAX_INFORMATION)
    words = (data[information_at + i * width : information_at + (i + 1) * width] for i in range(count))
    return ExceptionRecord(
        int.from_bytes(data[0:4], "little"),
        int.from_bytes(data[4:8], "little"),
        int.from_bytes(data[8 : 8 + width], "little"),
        int.from_bytes(data[8 + width : 8 + 2 * width], "little"),
        tuple(int.from_bytes(word, "little") for word in words),
    )
