"""The version resource of an image: file version and the strings beside it.

Layouts: Microsoft's "PE Format" (resource directory) and "VS_VERSIONINFO". The resource section of a driver is often
paged out or discarded, so an absent version says nothing about the image.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from volplugins.image.headers import DIRECTORY_RESOURCE, ImageHeaders
from volplugins.image.image_view import ImageView
from volplugins.memory.reader import MemoryReader, ReadError

_RT_VERSION = 16
_LARGEST_RESOURCE = 0x10000  # lengths inside a version block are 16 bits
_FIXED_SIGNATURE = 0xFEEF04BD
_IS_DIRECTORY = 0x80000000


@dataclass(frozen=True, slots=True)
class ImageVersion:
    """What the version resource says.

    Attributes:
        file_version, product_version: four numbers with dots, such as ``10.0.19041.1``.
        strings: (name, text) in the order of the resource, such as ``("CompanyName", "Contoso")``.
    """

    file_version: str
    product_version: str
    strings: tuple[tuple[str, str], ...]

    def string(self, name: str) -> str:
        """Text of the string ``name``, or empty."""
        return next((text for key, text in self.strings if key == name), "")


@dataclass(frozen=True, slots=True)
class _Block:
    """One node of a version block: its key, its value, and where its children lie."""

    key: str
    value: bytes
    children: int
    end: int


def read_version(memory: MemoryReader, headers: ImageHeaders) -> ImageVersion | None:
    """The image's version resource; None where there is none or its pages are missing."""
    view = headers.view(memory)
    start, size = headers.directories[DIRECTORY_RESOURCE]
    if not start or not size:
        return None
    try:
        data = _version_resource(view, start)
    except ReadError:
        return None
    return _decode(data) if data else None


def _version_resource(view: ImageView, start: int) -> bytes:
    """Bytes of the first version resource: type, then the first name, then the first language. Raises ReadError."""
    offset = _directory_entry(view, start, start, _RT_VERSION)
    for _ in range(2):
        if offset is None or not offset & _IS_DIRECTORY:
            break
        offset = _directory_entry(view, start, start + (offset & ~_IS_DIRECTORY), None)
    if offset is None or offset & _IS_DIRECTORY:
        return b""
    rva, size = struct.unpack("<II", view.read(start + offset, 8))
    return view.read(rva, min(size, _LARGEST_RESOURCE))


def _directory_entry(view: ImageView, start: int, at: int, wanted: int | None) -> int | None:
    """Offset field of the entry with the number ``wanted`` (None: the first entry), or None. Raises ReadError."""
    named, numbered = struct.unpack("<HH", view.read(at + 12, 4))
    count = named + numbered if wanted is not None else min(named + numbered, 1)
    entries = np.frombuffer(view.read(at + 16, count * 8), "<u4").reshape(-1, 2)
    fitting = entries if wanted is None else entries[entries[:, 0] == wanted]
    return int(fitting[0, 1]) if len(fitting) else None


def _decode(data: bytes) -> ImageVersion | None:
    root = _block(data, 0, len(data))
    if root is None or root.key != "VS_VERSION_INFO" or len(root.value) < 24:
        return None
    signature, _, file_high, file_low, product_high, product_low = struct.unpack_from("<6I", root.value)
    if signature != _FIXED_SIGNATURE:
        return None
    return ImageVersion(_dotted(file_high, file_low), _dotted(product_high, product_low), tuple(_strings(data, root)))


def _dotted(high: int, low: int) -> str:
    return f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"


def _strings(data: bytes, root: _Block) -> Iterator[tuple[str, str]]:
    """Pairs of the first string table."""
    info = next((block for block in _blocks(data, root) if block.key == "StringFileInfo"), None)
    table = next(_blocks(data, info), None) if info else None
    for block in _blocks(data, table) if table else ():
        yield block.key, block.value.decode("utf-16-le", "replace").split("\0", 1)[0]


def _blocks(data: bytes, parent: _Block) -> Iterator[_Block]:
    at = parent.children
    while at < parent.end:
        block = _block(data, at, parent.end)
        if block is None:
            return
        yield block
        at = _aligned(block.end)


def _block(data: bytes, at: int, end: int) -> _Block | None:
    """The node at ``at``, or None where it does not fit before ``end``. Every node is at least 8 bytes long."""
    if at + 8 > end:
        return None
    length, value_length, kind = struct.unpack_from("<HHH", data, at)
    stop = at + length
    key_end = _text_end(data, at + 6, min(stop, end))
    if length < 8 or stop > end or key_end is None:
        return None
    value = _aligned(key_end + 2)
    size = value_length * 2 if kind == 1 else value_length
    value_end = min(value + size, stop)
    key = data[at + 6 : key_end].decode("utf-16-le", "replace")
    return _Block(key, data[value:value_end], _aligned(value_end), stop)


def _text_end(data: bytes, at: int, end: int) -> int | None:
    """Offset of the 16-bit NUL that ends the text at ``at``, or None."""
    return next((i for i in range(at, end - 1, 2) if data[i : i + 2] == b"\0\0"), None)


def _aligned(offset: int) -> int:
    return (offset + 3) & ~3
