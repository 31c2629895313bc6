"""Random page tables of every mode: a few frames that lead to each other, some absent, some with odd bits."""

from __future__ import annotations

import random

FRAMES = 24
TOP = 2


def random_tables(mode: str, seed: int) -> tuple[dict[int, bytes], int, random.Random]:
    """(pages by frame number, CR3, the generator for more choices). A third of the frames are absent."""
    chooser = random.Random(f"{mode}/{seed}")
    size = 4 if mode == "x86" else 8
    pages = {}
    for frame in range(1, FRAMES):
        if frame != TOP and chooser.random() < 0.25:
            continue
        page = bytearray(0x1000)
        for _ in range(chooser.choice((0, 4, 40, 400))):
            slot = chooser.randrange(0x1000 // size)
            page[slot * size : slot * size + size] = random_entry(mode, chooser).to_bytes(size, "little")
        pages[frame] = bytes(page)
    cr3 = TOP << 12
    if mode == "pae":
        cr3 |= chooser.randrange(128) * 32
        pages[TOP] = _pointers(pages[TOP], cr3 & 0xFFF, chooser)
    elif mode != "x86":
        cr3 |= chooser.choice((0, 2, 0x18))  # PCID and cache bits
    return pages, cr3, chooser


def random_entry(mode: str, chooser: random.Random) -> int:
    """Mostly a sound entry that leads to one of the frames; now and then large, invalid, or with reserved bits."""
    frame = chooser.randrange(1, FRAMES + 4) << 12
    flags = chooser.choice((0x67, 0x63, 0x867, 0x25))
    wide = mode != "x86"
    roll = chooser.random()
    if roll < 0.05:
        return chooser.getrandbits(64 if wide else 32)
    if roll < 0.15:
        return (chooser.randrange(1, 64) << 22 if not wide else chooser.randrange(1, 64) << 30) | flags | 0x80
    if roll < 0.2 and wide:
        return chooser.randrange(1, 64) << 21 | flags | 0x80
    if roll < 0.3:
        return chooser.choice((0x880, 0x420, 0x60, 0)) | frame
    if roll < 0.4 and wide:
        return frame | flags | 1 << 63
    return frame | flags


def _pointers(page: bytes, at: int, chooser: random.Random) -> bytes:
    made = bytearray(page)
    for number in range(4):
        entry = chooser.randrange(1, FRAMES) << 12 | 1
        if chooser.random() < 0.15:
            entry = chooser.getrandbits(64)
        made[at + number * 8 : at + number * 8 + 8] = entry.to_bytes(8, "little")
    return bytes(made)


def addresses(mode: str, chooser: random.Random, pages: dict[int, bytes], count: int) -> list[int]:
    """Canonical addresses, three of four through slots of the tables that are in use."""
    size = 4 if mode == "x86" else 8
    used = sorted({at // size for page in pages.values() for at in range(0, 0x1000, size) if any(page[at : at + size])})
    width, bits = {"x86": (32, 10), "pae": (32, 9), "x64": (48, 9), "x64-la57": (57, 9)}[mode]
    found = []
    for _ in range(count):
        address = chooser.getrandbits(width)
        if chooser.random() < 0.75 and used:
            address = chooser.getrandbits(12)
            for shift in range(12, width, bits):
                address |= (chooser.choice(used) & ((1 << bits) - 1)) << shift
            address &= (1 << width) - 1
        if width > 32 and address >> (width - 1):
            address |= (1 << 64) - (1 << width)
        found.append(address)
    return found
