"""Many kernels' symbol tables, made from the lab's: each of an identity and of addresses of its own."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.writers.symbol_tables import symbol_table

ADDRESSES = ("KdDebuggerDataBlock", "PsLoadedModuleList", "PsActiveProcessHead")
SIZES = ("_EPROCESS", "_ETHREAD", "_KPRCB")


def changed(number: int, machine: str = "win10-x64", symbols: int = 0) -> dict[str, Any]:
    """The machine's table as that of another build; ``symbols`` more of them, as many as a real kernel has."""
    table = symbol_table(PROFILES[machine])
    table["metadata"]["windows"]["pdb"]["GUID"] = f"{number:032X}"
    for name in ADDRESSES:
        table["symbols"][name]["address"] += 16 * number
    table["symbols"] |= {f"MadeUpFunctionNumber{each}": {"address": 0x1000 + 32 * each} for each in range(symbols)}
    return table


def expected_of(table: dict[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
    """Addresses and sizes, as a dump of that kernel states them."""
    return (
        {name: table["symbols"][name]["address"] for name in ADDRESSES},
        {name: table["user_types"][name]["size"] for name in SIZES},
    )


def put(table: dict[str, Any], root: Path, file: str = "") -> Path:
    """Write the table where volatility3 looks for it below a symbol folder."""
    pdb = table["metadata"]["windows"]["pdb"]
    path = root / "windows" / pdb["database"] / (file or f"{pdb['GUID']}-{pdb['age']}.json.xz")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(json.dumps(table).encode(), preset=1))
    return path
