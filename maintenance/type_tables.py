"""Type tables of volatility 2 (``*_vtypes.py``), as symbol tables of kernels whose build is stated.

A table is a Python dictionary of structures: size in bytes, then members with offset and type. It is read, not run.
They are what public symbols of one kernel said, often of one as it was sold, or as a service pack made it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from maintenance.explained import why_updated
from maintenance.known_tables import KnownTable
from volplugins.vol.symbols.symbol_layouts import TableReader

# the beginning of a file's name: bits and build
_FILES: dict[str, tuple[int, int]] = {
    "xp_sp2_x86": (32, 2600), "xp_sp3_x86": (32, 2600), "win2003_sp1_x86": (32, 3790), "win2003_sp2_x86": (32, 3790),
    "win2003_sp2_x64": (64, 3790), "win2003_sp0_x86": (32, 3790), "win2003_sp1_x64": (64, 3790),
    **{f"{name}_x{word}": (bits, build) for word, bits in ((86, 32), (64, 64)) for name, build in (
        ("vista_sp0", 6000), ("vista_sp1", 6001), ("vista_sp2", 6002), ("win7_sp0", 7600), ("win7_sp1", 7601),
        ("win8_sp0", 9200), ("win8_sp1", 9600), ("win81_u1", 9600), ("win10", 10240),
    )},
    "win7_sp1_x86_24000": (32, 7601), "win7_sp1_x64_24000": (64, 7601),
    "win10_x86_10240_17770": (32, 10240), "win10_x64_10240_17770": (64, 10240),
    "win10_x86_44B89EEA": (32, 10586), "win10_x64_1AC738FB": (64, 10586),
    "win10_x86_9619274A": (32, 14393), "win10_x64_DD08DD42": (64, 14393),
    **{f"win10_x{word}_{build}": (bits, build) for word, bits in ((86, 32), (64, 64)) for build in (
        15063, 16299, 17134, 17763, 18362, 19041,
    )},
}  # fmt: skip
_SOLD = "a kernel as it was sold; the rows are of those patched later"
_PACK = "a kernel before the service pack that the rows are of"
# why a file differs from the rows of its build, where that is known
_WHY = {
    "win2003_sp0_x86": _PACK, "win2003_sp1_x64": _PACK, "win7_sp1_x64": _SOLD, "win7_sp1_x86": "a kernel without PAE",
    "win8_sp1_x86": _SOLD, "win8_sp1_x64": _SOLD, "win81_u1_x64": _SOLD, "win10_x86": _SOLD, "win10_x64": _SOLD,
    "win10_x64_DD08DD42": _SOLD,
}  # fmt: skip
_UNSIGNED = {"char": 1, "short": 2, "wchar": 2, "long": 4, "long long": 8, "int": 4, "float": 4, "double": 8, "void": 0}
_BASE = {f"{sign}{name}": {"size": size} for name, size in _UNSIGNED.items() for sign in ("", "unsigned ")}


def type_tables(folders: list[Path]) -> Iterator[KnownTable]:
    """The tables below the folders; a file that no build is stated of is passed over."""
    for folder in folders:
        for file in sorted(folder.rglob("*_vtypes.py")):
            name = file.name.removesuffix("_vtypes.py")
            if name in _FILES:
                bits, build = _FILES[name]
                types = _user_types(read_types(file.read_text(encoding="utf-8")))
                yield KnownTable(name, bits, build, TableReader(types, _BASE, bits))


def why_different(name: str, where: str) -> str:
    """Why a file's table differs from the rows at ``structure.member``; empty where nobody knows."""
    return _WHY.get(name, "") or why_updated(where)


def read_types(text: str) -> dict[str, Any]:
    """The largest dictionary that the text assigns to a name.

    Raises:
        ValueError: there is none, or it holds what is no constant.
    """
    values = [each.value for each in ast.parse(text).body if isinstance(each, ast.Assign)]
    found = max((each for each in values if isinstance(each, ast.Dict)), key=lambda each: len(each.keys), default=None)
    if found is None:
        raise ValueError("no dictionary of types")
    value: dict[str, Any] = _value(found)
    return value


def _value(node: ast.expr | None) -> Any:
    if isinstance(node, ast.Dict):
        return {_value(key): _value(value) for key, value in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(each) for each in node.elts]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
        return {each.arg: _value(each.value) for each in node.keywords}
    if node is None:
        raise ValueError("no value")
    return ast.literal_eval(node)


def _user_types(types: dict[str, Any]) -> dict[str, Any]:
    """As the ``user_types`` of an ISF file."""
    return {
        name: {
            "size": size,
            "fields": {member: {"offset": at, "type": _type(kind)} for member, (at, kind) in members.items()},
        }
        for name, (size, members) in types.items()
    }


def _type(kind: list[Any]) -> dict[str, Any]:
    name = kind[0]
    if name == "array":
        return {"kind": "array", "count": kind[1], "subtype": _type(kind[2])}
    if name == "BitField":
        low, end = kind[1]["start_bit"], kind[1]["end_bit"]
        whole = {"kind": "base", "name": kind[1].get("native_type", "unsigned long")}
        return {"kind": "bitfield", "bit_position": low, "bit_length": end - low, "type": whole}
    if name == "Enumeration":
        return {"kind": "enum", "name": ""}
    if name.startswith("pointer"):
        return {"kind": "pointer", "name": ""}
    return {"kind": "base" if name in _BASE else "struct", "name": name}
