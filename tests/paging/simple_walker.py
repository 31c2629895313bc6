"""An independent walker: one address at a time, written from Intel's manual (SDM 3A, chapter 4), as plain as can be.

It shares nothing with the code that it judges. A translation is (end, physical address or None). One thing is Windows'
own and not the processor's: a table in transition (valid and prototype bits clear, transition bit set) is still in
memory and is followed.
"""

from __future__ import annotations

# every end of a walk returns where the manual's own description ends it

VALID, PS = 1, 0x80
MODES = ("x86", "pae", "x64", "x64-la57")


def _word(pages: dict[int, bytes], at: int, size: int) -> int | None:
    page = pages.get(at >> 12)
    return None if page is None else int.from_bytes(page[at & 0xFFF : (at & 0xFFF) + size], "little")


def _moving(entry: int) -> bool:
    return entry & 0xC01 == 0x800


def translate(pages: dict[int, bytes], mode: str, cr3: int, address: int) -> tuple[str, int | None]:
    """Where ``address`` leads: ``valid``, ``large``, ``invalid``, ``absent`` (a table is not there), ``reserved``."""
    if mode == "x86":
        return _x86(pages, cr3, address)
    if mode == "pae":
        return _pae(pages, cr3, address)
    return _long(pages, cr3, address, 5 if mode == "x64-la57" else 4)


def _x86(pages: dict[int, bytes], cr3: int, address: int) -> tuple[str, int | None]:
    pde = _word(pages, (cr3 & 0xFFFFF000) + (address >> 22) * 4, 4)
    if pde is None:
        return "absent", None
    if not pde & VALID and not _moving(pde):
        return "invalid", None
    if pde & PS and pde & VALID:
        if pde >> 21 & 1:
            return "reserved", None
        return "large", (pde >> 13 & 0xFF) << 32 | pde & 0xFFC00000 | address & 0x3FFFFF
    pte = _word(pages, (pde & 0xFFFFF000) + (address >> 12 & 0x3FF) * 4, 4)
    if pte is None:
        return "absent", None
    return ("valid", pte & 0xFFFFF000 | address & 0xFFF) if pte & VALID else ("invalid", None)


def _pae(pages: dict[int, bytes], cr3: int, address: int) -> tuple[str, int | None]:
    pdpte = _word(pages, (cr3 & 0xFFFFFFE0) + (address >> 30) * 8, 8)
    if pdpte is None:
        return "absent", None
    if not pdpte & VALID and not _moving(pdpte):
        return "invalid", None
    if pdpte & VALID and (pdpte & 0x1E6 or pdpte >> 52):
        return "reserved", None
    return _lower(pages, pdpte & 0xFFFFFFFFFF000, address, True)


def _long(pages: dict[int, bytes], cr3: int, address: int, levels: int) -> tuple[str, int | None]:
    table = cr3 & 0xFFFFFFFFFF000
    for level in range(levels, 2, -1):
        entry = _word(pages, table + (address >> (12 + 9 * (level - 1)) & 0x1FF) * 8, 8)
        if entry is None:
            return "absent", None
        if not entry & VALID and not _moving(entry):
            return "invalid", None
        if entry & PS and entry & VALID:
            if level > 3 or entry & 0x3FFFE000:
                return "reserved", None
            return "large", entry & 0xFFFFFC0000000 | address & 0x3FFFFFFF
        table = entry & 0xFFFFFFFFFF000
    return _lower(pages, table, address, False)


def _lower(pages: dict[int, bytes], table: int, address: int, pae: bool) -> tuple[str, int | None]:  # noqa: PLR0911
    """Page directory and page table with entries of 64 bits."""
    pde = _word(pages, table + (address >> 21 & 0x1FF) * 8, 8)
    if pde is None:
        return "absent", None
    if not pde & VALID and not _moving(pde):
        return "invalid", None
    if pae and pde & VALID and pde >> 52 & 0x7FF:
        return "reserved", None
    if pde & PS and pde & VALID:
        if pde & 0x1FE000:
            return "reserved", None
        return "large", pde & 0xFFFFFFFE00000 | address & 0x1FFFFF
    pte = _word(pages, (pde & 0xFFFFFFFFFF000) + (address >> 12 & 0x1FF) * 8, 8)
    if pte is None:
        return "absent", None
    if not pte & VALID:
        return "invalid", None
    if pae and pte >> 52 & 0x7FF:
        return "reserved", None
    return "valid", pte & 0xFFFFFFFFFF000 | address & 0xFFF
