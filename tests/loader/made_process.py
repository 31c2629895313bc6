"""A process's user memory made by hand: PEB_LDR_DATA with its lists, process parameters, environment; 64 and 32 bits.

Offsets are written here anew, from the public symbol tables, so that the core's own are checked.
"""

from __future__ import annotations

LDR, ENTRIES, STEP, PARAMETERS = 0x10000, 0x20000, 0x1000, 0x30000
_AT = {  # heads, links, base, size, full name, base name
    64: ((0x10, 0x20, 0x30), (0x0, 0x10, 0x20), 0x30, 0x40, 0x48, 0x58, 0x80),
    32: ((0xC, 0x14, 0x1C), (0x0, 0x8, 0x10), 0x18, 0x20, 0x24, 0x2C, 0x44),
}


class MadeProcess:
    """Memory by page, written at any address; reading it is for the test's reader."""

    def __init__(self, bits: int, names: tuple[str, ...]) -> None:
        self.bits, self.width, self.names = bits, bits // 8, names
        self.pages: dict[int, bytes] = {}
        heads, links, base, size, full, short, stamp = _AT[bits]
        self.write(LDR, (0x40).to_bytes(4, "little") + b"\1")
        for number, name in enumerate(names):
            at = self.entry(number)
            self.number(at + base, self.base(number))
            self.write(at + size, (0x5000).to_bytes(4, "little"))
            self.write(at + stamp, (0x40000000 + number).to_bytes(4, "little"))
            self.string(at + full, "C:\\" + name, at + 0x100)
            self.string(at + short, name, at + 0x300)
        for order, (head, link) in enumerate(zip(heads, links, strict=True)):
            chosen = range(1 if order == 2 else 0, len(names))
            self.ring([LDR + head, *(self.entry(number) + link for number in chosen)])

    def entry(self, number: int) -> int:
        return ENTRIES + number * STEP

    def base(self, number: int) -> int:
        return 0x400000 + number * 0x10000

    def link_at(self, order: int, number: int | None = None) -> int:
        """Where the Flink of a list (0 to 2) is: the head's, or an entry's."""
        heads, links = _AT[self.bits][:2]
        return LDR + heads[order] if number is None else self.entry(number) + links[order]

    def write(self, at: int, data: bytes) -> None:
        for number, value in enumerate(data):
            page = (at + number) & ~0xFFF
            whole = bytearray(self.pages.get(page, bytes(0x1000)))
            whole[(at + number) & 0xFFF] = value
            self.pages[page] = bytes(whole)

    def number(self, at: int, value: int) -> None:
        self.write(at, (value & ((1 << self.bits) - 1)).to_bytes(self.width, "little"))

    def string(self, at: int, text: str, buffer: int) -> None:
        data = text.encode("utf-16-le")
        self.write(at, len(data).to_bytes(2, "little") * 2)
        self.number(at + self.width, buffer)
        self.write(buffer, data)

    def ring(self, places: list[int]) -> None:
        for index, place in enumerate(places):
            self.number(place, places[(index + 1) % len(places)])
            self.number(place + self.width, places[index - 1])
