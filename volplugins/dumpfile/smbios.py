"""The machine's makers by its SMBIOS tables: BIOS, system and board; no serial number, no UUID.

The blob starts as RawSMBIOSData of GetSystemFirmwareTable (Microsoft's documentation): calling method, major and minor
version, revision, length; then the tables. Structures (DMTF's DSP0134): type, length, handle, fields, then texts up to
an empty one, named by number.
"""

from __future__ import annotations

from collections.abc import Iterator

from volplugins.dumpfile.fact import Fact

_HEAD = 8
# (offset of the text's number, name) by type of structure
_TEXTS = {
    0: ((4, "BIOS vendor"), (5, "BIOS version"), (8, "BIOS release date")),
    1: ((4, "system manufacturer"), (5, "system product"), (6, "system version")),
    2: ((4, "board manufacturer"), (5, "board product"), (6, "board version")),
}
_END = 127


def smbios_facts(data: bytes, bits: int) -> Iterator[Fact]:
    """The version, and the texts of the first structure of each kind; a structure that does not fit ends the list."""
    if len(data) < _HEAD:
        return
    yield Fact("SMBIOS version", f"{data[1]}.{data[2]}")
    seen = set()
    for kind, fields, texts in _structures(data[_HEAD : _HEAD + int.from_bytes(data[4:8], "little")]):
        if kind in seen:
            continue
        seen.add(kind)
        for at, name in _TEXTS.get(kind, ()):
            number = fields[at] if at < len(fields) else 0
            if 0 < number <= len(texts):
                yield Fact(name, texts[number - 1].decode("utf-8", "replace").strip())


def _structures(table: bytes) -> Iterator[tuple[int, bytes, list[bytes]]]:
    """Type, fields and texts of each structure."""
    at = 0
    while at + 4 <= len(table):
        kind, length = table[at], table[at + 1]
        end = table.find(b"\0\0", at + length)
        if length < 4 or kind == _END or end < 0:
            return
        yield kind, table[at : at + length], table[at + length : end].split(b"\0")
        at = end + 2
