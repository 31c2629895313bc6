"""Damage done to packed dumps (``.zdmp``), by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from volplugins.lab.writers.zdmp import BLOCK, FIRST_BLOCK, HEADER

_SIZE, _CRC, _KIND, _FORMAT, _BLOCK_SIZE, _PLAIN_SIZE = 4, 8, 20, 22, 16, 8
_Edit = Callable[[IO[bytes], int], None]


def _put(at: int, size: int, value: int) -> _Edit:
    """Write a number of the file's header."""

    def edit(file: IO[bytes], length: int) -> None:
        file.seek(at)
        file.write(value.to_bytes(size, "little"))

    return edit


def _second_block(file: IO[bytes]) -> int:
    file.seek(FIRST_BLOCK)
    _, size, _ = BLOCK.unpack(file.read(BLOCK.size))
    return FIRST_BLOCK + BLOCK.size + int(size)


def _of_second(at: int, size: int, value: int) -> _Edit:
    """Write a number of the second block's header."""

    def edit(file: IO[bytes], length: int) -> None:
        file.seek(_second_block(file) + at)
        file.write(value.to_bytes(size, "little"))

    return edit


def _cut(share: float) -> _Edit:
    def edit(file: IO[bytes], length: int) -> None:
        file.truncate(int(length * share))

    return edit


def _cut_header(file: IO[bytes], length: int) -> None:
    file.truncate(HEADER.size - 4)


def _garbled_chunk(file: IO[bytes], length: int) -> None:
    """Bytes in the middle of the second block."""
    at = _second_block(file) + BLOCK.size + 0x40
    file.seek(at)
    file.write(b"\xff" * 0x20)


def _no_block(file: IO[bytes], length: int) -> None:
    file.truncate(FIRST_BLOCK)


#: What can be done to a packed dump of at least two blocks.
ZDMP_DEFECTS: Mapping[str, _Edit] = {
    "bad-crc": _of_second(_CRC, 4, 0xDEADBEEF),
    "bad-stored-size": _of_second(_SIZE, 4, 0xFFFFFF),
    "no-stored-size": _of_second(_SIZE, 4, 0),
    "stored-size-too-small": _of_second(_SIZE, 4, 0x30),
    "no-block-magic": _of_second(0, 4, 0x50534157),
    "garbled-chunk": _garbled_chunk,
    "cut-half": _cut(0.5),
    "cut-header": _cut_header,
    "no-block": _no_block,
    "bad-block-size": _put(_BLOCK_SIZE, 4, 3),
    "huge-block-size": _put(_BLOCK_SIZE, 4, 0xFFFFFFFF),
    "huge-plain-size": _put(_PLAIN_SIZE, 8, 1 << 50),
    "no-plain-size": _put(_PLAIN_SIZE, 8, 0),
    "encrypted": _put(_KIND, 2, 2),
    "unknown-format": _put(_FORMAT, 2, 4),
}


def damage_zdmp(defect: str, path: Path) -> None:
    """Do it to the file, in place.

    Raises:
        KeyError: there is no such defect.
        OSError: as changing a file raises it.
    """
    with path.open("r+b") as file:
        ZDMP_DEFECTS[defect](file, path.stat().st_size)
