"""A laid-out image linked at its load address: headers, import addresses, absolute addresses of x86 code."""

from __future__ import annotations

import struct
from collections.abc import Callable

from volplugins.lab.code.image_record import Image

_FLAGS = {
    ".text": 0x68000020, "PAGE": 0x60000020, "POOLCODE": 0x68000020, ".rdata": 0x48000040, ".data": 0xC8000040,
    ".pdata": 0x48000040, ".rsrc": 0x42000040, "INIT": 0x62000020,
}  # fmt: skip
PROTECTION = {".text": "code", "PAGE": "code", "POOLCODE": "code", "INIT": "code", ".data": "data"}
Parts = dict[str, tuple[int, bytes]]


def link(image: Image, base: int, resolve: Callable[[str], int]) -> Parts:
    """The image's bytes at a load address: part name to (offset, bytes); headers first.

    Args:
        resolve: address of an import named ``module!Name``.
    """
    parts = {"headers": (0, _headers(image, base))}
    for name, (start, content, _) in image.sections.items():
        if name != "INIT":  # discarded once the driver has been set up
            parts[name] = (start, bytes(content))
    width = image.bits // 8
    start, rdata, _ = image.sections[".rdata"]
    linked = bytearray(rdata)
    for target, slot in image.imports.items():
        linked[slot - start : slot - start + width] = resolve(target).to_bytes(width, "little")
    parts[".rdata"] = (start, bytes(linked))
    for at, target in image.absolute:
        section = image.section_of(at)
        begin, before = parts[section]
        patched = bytearray(before)
        patched[at - begin : at - begin + 4] = struct.pack("<I", base + image.imports[target])
        parts[section] = (begin, bytes(patched))
    return parts


def _headers(image: Image, base: int) -> bytes:
    wide = image.bits == 64
    dos = bytearray(0xE0)
    dos[:2] = b"MZ"
    struct.pack_into("<I", dos, 0x3C, 0xE0)
    dos[0x40:0x80] = (
        bytes.fromhex("0e1fba0e00b409cd21b8014ccd21") + b"This program cannot be run in DOS mode.\r\r\n$" + bytes(7)
    )
    characteristics = 0x0022 if wide else 0x0122
    file_header = struct.pack(
        "<HHIIIHH", 0x8664 if wide else 0x14C, len(image.sections), image.timestamp, 0, 0, 240 if wide else 224,
        characteristics,
    )  # fmt: skip
    return (bytes(dos) + b"PE\0\0" + file_header + _optional_header(image, base) + _section_table(image)).ljust(
        0x400, b"\0"
    )


def _optional_header(image: Image, base: int) -> bytes:
    wide = image.bits == 64
    version = image.source.version or (6, 0, 0, 0)
    sizes = [size for name, (_, _, size) in image.sections.items() if _FLAGS[name] & 0x20]
    text = image.sections[".text"][0]
    head = struct.pack("<HBBIIIII", 0x20B if wide else 0x10B, 14, 20, sum(sizes), 0x1000, 0, image.entry, text)
    head += struct.pack("<Q", base) if wide else struct.pack("<II", image.sections.get(".data", (text,))[0], base)
    head += struct.pack("<IIHHHHHHIIIIHH", 0x1000, 0x200, version[0], version[1], version[0], version[1],
                        version[0], version[1], 0, image.size, 0x400, image.checksum, 3 if image.source.user else 1,
                        0x4160)  # fmt: skip
    head += struct.pack("<4Q" if wide else "<4I", 0x40000, 0x1000, 0x100000, 0x1000) + struct.pack("<II", 0, 16)
    for index in range(16):
        head += struct.pack("<II", *image.directories.get(index, (0, 0)))
    return head


def _section_table(image: Image) -> bytes:
    rows = bytearray()
    raw = 0x400
    for name, (start, _, size) in image.sections.items():
        on_disk = (size + 0x1FF) & ~0x1FF
        rows += struct.pack("<8sIIIIIIHHI", name.encode(), size, start, on_disk, raw, 0, 0, 0, 0, _FLAGS[name])
        raw += on_disk
    return bytes(rows)
