"""Symbol tables (ISF) of the made-up kernels: ``python -m volplugins.lab.writers.symbol_tables`` writes them.

Format: volatility3's intermediate symbol format, version 6.2.0. They depend on nothing but the lab's own
structure tables and code, so that a test can tell whether the files under ``symbols/`` are up to date.
"""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path
from typing import Any

from volplugins.lab.code.image_record import Image
from volplugins.lab.machine.image_sources import machine_images
from volplugins.lab.machine.profiles import PROFILES, Profile
from volplugins.lab.structures.notation import Enumeration, Structure, Structures

_BASE_NAMES = {
    "u8": "unsigned char", "i8": "char", "bool": "unsigned char", "u16": "unsigned short", "i16": "short",
    "wchar": "wchar", "u32": "unsigned long", "i32": "long", "uint": "unsigned int", "int": "int",
    "u64": "unsigned long long", "i64": "long long", "float": "float", "double": "double", "void": "void",
}  # fmt: skip
_BASE_SIZES = {
    "char": (1, True), "unsigned char": (1, False), "short": (2, True), "unsigned short": (2, False), "long": (4, True),
    "unsigned long": (4, False), "int": (4, True), "unsigned int": (4, False), "long long": (8, True),
    "unsigned long long": (8, False), "wchar": (2, True), "void": (0, True),
}  # fmt: skip


def symbol_table(profile: Profile) -> dict[str, Any]:
    """The ISF document of one machine's kernel."""
    image = machine_images(profile.name)["nt"]
    structures = profile.structures
    return {
        "metadata": _metadata(profile, image),
        "base_types": _base_types(profile.bits),
        "user_types": {name: _user_type(structures, kind) for name, kind in sorted(structures.types.items())},
        "enums": {name: _enumeration(kind) for name, kind in sorted(structures.enums.items())},
        "symbols": {name: {"address": rva} for name, rva in sorted(image.symbols.items())},
    }


def table_path(profile: Profile, root: Path) -> Path:
    """Where a machine's table lies below a symbol folder."""
    image = machine_images(profile.name)["nt"]
    return root / "windows" / profile.kernel_pdb / f"{image.guid.hex.upper()}-{image.age}.json.xz"


def packed(profile: Profile) -> bytes:
    """The table as the bytes of its ``.json.xz`` file."""
    text = json.dumps(symbol_table(profile), indent=None, separators=(",", ":"), sort_keys=True)
    return lzma.compress(text.encode(), format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, preset=6)


def _metadata(profile: Profile, image: Image) -> dict[str, Any]:
    pdb = {
        "GUID": image.guid.hex.upper(),
        "age": image.age,
        "database": profile.kernel_pdb,
        "machine_type": 34404 if profile.bits == 64 else 332,
    }
    producer = {"name": "volplugins.lab", "version": "1.0.0", "datetime": "2024-01-01T00:00:00"}
    return {"format": "6.2.0", "producer": producer, "windows": {"pdb": pdb}}


def _base_types(bits: int) -> dict[str, Any]:
    table = {name: _base(size, signed, "int") for name, (size, signed) in _BASE_SIZES.items()}
    table["void"]["kind"] = "void"
    table["float"], table["double"] = _base(4, True, "float"), _base(8, True, "float")
    table["unsigned char"]["kind"] = table["char"]["kind"] = "char"
    table["pointer"] = _base(bits // 8, False, "int")
    return table


def _base(size: int, signed: bool, kind: str) -> dict[str, Any]:
    return {"kind": kind, "size": size, "signed": signed, "endian": "little"}


def _user_type(structures: Structures, kind: Structure) -> dict[str, Any]:
    fields = {
        name: {"offset": member.offset, "type": _type(structures, member.type)} for name, member in kind.members.items()
    }
    return {"kind": "union" if kind.union else "struct", "size": kind.size, "fields": fields}


def _type(structures: Structures, text: str) -> dict[str, Any]:
    if text.startswith("["):
        count, _, rest = text[1:].partition("]")
        return {"kind": "array", "count": int(count), "subtype": _type(structures, rest)}
    if text.startswith("*"):
        return {"kind": "pointer", "subtype": _type(structures, text[1:])}
    if text.startswith("enum "):
        return {"kind": "enum", "name": text[5:]}
    if text.count(":") == 2:
        base, position, length = text.split(":")
        kind = {"kind": "base", "name": _BASE_NAMES[base]}
        return {"kind": "bitfield", "bit_position": int(position), "bit_length": int(length), "type": kind}
    if text in _BASE_NAMES:
        return {"kind": "base", "name": _BASE_NAMES[text]}
    return {"kind": "union" if structures.types[text].union else "struct", "name": text}


def _enumeration(kind: Enumeration) -> dict[str, Any]:
    size = _BASE_SIZES[_BASE_NAMES[kind.base]][0]
    return {"base": _BASE_NAMES[kind.base], "size": size, "constants": kind.constants}


def main(root: Path) -> int:
    """Write every machine's table below ``root``; gives the exit code."""
    for profile in PROFILES.values():
        path = table_path(profile, root)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed(profile))
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "symbols")))
