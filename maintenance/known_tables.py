"""Symbol tables (ISF) of kernels, and the builds that they are of."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from volplugins.vol.symbols.symbol_layouts import TableReader

# PDB GUID: build, of tables whose build is stated where they were published
BUILDS = {
    "339E74133576439CBCDF7E0229DA3773": 7601, "169C65213E3E42DDBEB4E3AC66312B82": 9600,
    "DBBC830E3E9A48FDA25A2144C146930E": 14393, "1806D020A6E46538D7AC3325FAC114D8": 17763,
    "5278AFF86C341677D7D7835C85B7B844": 19041, "CA8E2F01B822EDE6357898BFBF862997": 19041,
    # 20348.2529 by the commit that published it; the other one has the layouts that the lists give of 22000
    "879AD95F3461091BB6318FA98072AD8E": 20348, "DCC3FFCBE9C59B5668C1DE2BD6CBC6DF": 22000,
    "7A11000000000000000000000000E861": 7601, "A190410000000000000000000000E861": 19041,
    "5A03000000000000000000000000E861": 2600,
    # by the sizes of its structures, which are those of no other build
    "11BC9A513F1140CA359ECDF50F0122C1": 18362,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class KnownTable:
    """One symbol table: its GUID, the machine's bits, its build (None where nobody says it), and its reader."""

    guid: str
    bits: int
    build: int | None
    reader: TableReader

    def size(self, structure: str) -> int | None:
        """Bytes of a structure; None where the table lacks it."""
        found = self.reader.types.get(structure)
        return int(found["size"]) if found else None


def known_tables(folders: list[Path]) -> Iterator[KnownTable]:
    """The tables of all files below the folders, each GUID once."""
    seen: set[str] = set()
    for folder in folders:
        for file in sorted(folder.rglob("*.json.xz")):
            guid = file.name.partition("-")[0]
            if guid not in seen:
                seen.add(guid)
                yield _table(guid, json.loads(lzma.decompress(file.read_bytes())))


def _table(guid: str, table: dict[str, Any]) -> KnownTable:
    bits = 64 if table["metadata"]["windows"]["pdb"]["machine_type"] == 0x8664 else 32
    reader = TableReader(table["user_types"], table["base_types"], bits)
    return KnownTable(guid, bits, BUILDS.get(guid), reader)
