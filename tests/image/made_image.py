"""Tiny PE images as the loader would map them, made by hand for the tests of this room.

One layout for all: headers at 0, ``.text`` at 0x1000, ``.rdata`` (debug record) at 0x2000, ``.edata`` at 0x3000 and
``.rsrc`` at 0x6000.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

BASE = 0xFFFFF80212340000
TEXT, RDATA, EDATA, NAMES, RSRC, SIZE = 0x1000, 0x2000, 0x3000, 0x5000, 0x6000, 0x7000
GUID = bytes.fromhex("33221100554477668899aabbccddeeff")
GUID_TEXT = "00112233445566778899AABBCCDDEEFF"


@dataclass
class MadeImage:
    """Contents of an image to be built."""

    bits: int = 64
    pdb_path: bytes = b"d:\\os\\obj\\amd64\\contoso.pdb"
    age: int = 1
    nb10: bool = False
    # name and RVA; a string in place of the RVA makes a forwarder, an empty name an export by ordinal alone
    exports: list[tuple[str, int | str]] = field(default_factory=list)
    ordinal_base: int = 1
    version: tuple[int, int, int, int] | None = (10, 0, 19041, 1)
    strings: list[tuple[str, str]] = field(default_factory=lambda: [("CompanyName", "Contoso"), ("FileVersion", "1x")])

    def build(self) -> bytearray:
        """The mapped image."""
        image = bytearray(SIZE)
        directories = {6: (RDATA, 28)}
        self._debug(image)
        if self.exports:
            directories[0] = (EDATA, self._exports(image))
        if self.version:
            directories[2] = (RSRC, self._resources(image))
        self._headers(image, directories)
        return image

    def pages(self, *missing: int) -> dict[int, bytes]:
        """The image as pages at BASE (32-bit: at its low half), without the pages that hold the RVAs ``missing``."""
        image, base = self.build(), self.base
        gone = {rva // 0x1000 * 0x1000 for rva in missing}
        return {base + at: bytes(image[at : at + 0x1000]) for at in range(0, SIZE, 0x1000) if at not in gone}

    @property
    def base(self) -> int:
        return BASE if self.bits == 64 else BASE & 0xFFFFFFFF

    def _headers(self, image: bytearray, directories: dict[int, tuple[int, int]]) -> None:
        image[0:2] = b"MZ"
        struct.pack_into("<I", image, 0x3C, 0x80)
        wide = self.bits == 64
        optional = 240 if wide else 224
        machine = 0x8664 if wide else 0x14C
        struct.pack_into("<4sHHIIIHH", image, 0x80, b"PE\0\0", machine, 4, 0x5F5E1000, 0, 0, optional, 0x22)
        at = 0x98
        struct.pack_into("<H", image, at, 0x20B if wide else 0x10B)
        struct.pack_into("<I", image, at + 16, 0x1040)
        struct.pack_into("<II", image, at + 32, 0x1000, 0x200)
        struct.pack_into("<IIIH", image, at + 56, SIZE, 0x400, 0xC0FFEE, 1)
        count = at + (108 if wide else 92)
        struct.pack_into("<I", image, count, 16)
        for index, pair in directories.items():
            struct.pack_into("<II", image, count + 4 + 8 * index, *pair)
        sections = [
            (b".text", TEXT, 0x1000, 0x68000020),
            (b".rdata", RDATA, 0x1000, 0x48000040),
            (b".edata", EDATA, 0x3000, 0x40000040),
            (b".rsrc", RSRC, 0x1000, 0x42000040),
        ]
        for index, (name, rva, size, flags) in enumerate(sections):
            place = at + optional + 40 * index
            struct.pack_into("<8sIIII", image, place, name, size, rva, size, rva)
            struct.pack_into("<I", image, place + 36, flags)

    def _debug(self, image: bytearray) -> None:
        record = RDATA + 0x100
        if self.nb10:
            body = struct.pack("<4sIII", b"NB10", 0, 0x3B7D84E3, self.age)
        else:
            body = b"RSDS" + GUID + struct.pack("<I", self.age)
        body += self.pdb_path + b"\0"
        image[record : record + len(body)] = body
        struct.pack_into("<IIHHIIII", image, RDATA, 0, 0, 0, 0, 2, len(body), record, record)

    def _exports(self, image: bytearray) -> int:
        """Functions at EDATA+0x100, name pointers and ordinals after them, strings at NAMES."""
        named = sorted((name, index) for index, (name, _) in enumerate(self.exports) if name)
        functions = EDATA + 0x100
        pointers = functions + 4 * len(self.exports)
        ordinals = pointers + 4 * len(named)
        strings = NAMES
        image[strings : strings + 12] = b"CONTOSO.sys\0"
        struct.pack_into(
            "<IIHHIIIIIII",
            image,
            EDATA,
            *(0, 0, 0, 0, strings, self.ordinal_base, len(self.exports), len(named), functions, pointers, ordinals),
        )
        strings += 12
        for place, (name, index) in enumerate(named):
            struct.pack_into("<I", image, pointers + 4 * place, strings)
            struct.pack_into("<H", image, ordinals + 2 * place, index)
            image[strings : strings + len(name) + 1] = name.encode() + b"\0"
            strings += len(name) + 1
        for index, (_, target) in enumerate(self.exports):
            rva = target if isinstance(target, int) else strings
            struct.pack_into("<I", image, functions + 4 * index, rva)
            if isinstance(target, str):
                image[strings : strings + len(target) + 1] = target.encode() + b"\0"
                strings += len(target) + 1
        return strings - EDATA

    def _resources(self, image: bytearray) -> int:
        tables = [_node(name, (text + "\0").encode("utf-16-le"), text=True) for name, text in self.strings]
        table = _node("StringFileInfo", b"", _node("040904B0", b"", *tables, text=True), text=True)
        a, b, c, d = self.version or (0, 0, 0, 0)
        fixed = struct.pack("<6I", 0xFEEF04BD, 0x10000, a << 16 | b, c << 16 | d, a << 16 | b, c << 16 | d) + bytes(28)
        block = _node("VS_VERSION_INFO", fixed, table)
        for level, (number, offset) in enumerate(((16, 0x80000018), (1, 0x80000030), (0x409, 0x48))):
            struct.pack_into("<IIHHHHII", image, RSRC + 0x18 * level, 0, 0, 0, 0, 0, 1, number, offset)
        struct.pack_into("<IIII", image, RSRC + 0x48, RSRC + 0x60, len(block), 0, 0)
        image[RSRC + 0x60 : RSRC + 0x60 + len(block)] = block
        return 0x60 + len(block)


def _node(key: str, value: bytes, *children: bytes, text: bool = False) -> bytes:
    body = _padded(bytes(6) + (key + "\0").encode("utf-16-le")) + value
    for child in children:
        body = _padded(body) + child
    return struct.pack("<HHH", len(body), len(value) // 2 if text else len(value), int(text)) + body[6:]


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
