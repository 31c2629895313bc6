"""What tells one kernel's symbol table from another's, taken from the table's text without parsing the rest.

Parsing a table of 6 MB takes longer than unpacking it, and makes objects of all of it.
A few look-ups in the text do not.
"""

from __future__ import annotations

import json
import lzma
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from volatility3.framework.layers import resources

# of the dump's header, and of the debugger data block of a small dump
ADDRESSES = ("KdDebuggerDataBlock", "PsLoadedModuleList", "PsActiveProcessHead")
STRUCTURES = ("_EPROCESS", "_ETHREAD", "_KPRCB")

_LARGEST_FILE, _LARGEST_TABLE = 1 << 27, 1 << 29
_SHORT_VALUE, _LONGEST_VALUE = 1 << 9, 1 << 20  # a symbol, and the largest structures
_STREAM = b"\xfd7zXZ\0"
_MOST_PLACES = 64  # a name is a member of structures too
_OPENS = re.compile(rb"\s*:\s*(?=\{)")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What identifies a kernel's table.

    Attributes:
        identity: ``name.pdb/GUID-age`` as the table says it; empty where it does not.
        addresses: relative virtual addresses by symbol, of those in ADDRESSES that it has.
        sizes: bytes by structure, of those in STRUCTURES that it has.
    """

    identity: str
    addresses: Mapping[str, int]
    sizes: Mapping[str, int]

    def fit(self, addresses: Mapping[str, int], sizes: Mapping[str, int]) -> bool:
        """Whether all of these addresses are the table's, and none of the sizes is another than it has."""
        right = all(self.addresses.get(name) == rva for name, rva in addresses.items())
        return right and all(self.sizes.get(name, size) == size for name, size in sizes.items())


def read_facts(location: str) -> TableFacts | None:
    """The facts of the table at a URL; None where it cannot be read."""
    try:
        return facts_in(_text(location))
    except (OSError, EOFError, lzma.LZMAError, ValueError):
        return None


def read_addresses(location: str, names: Iterable[str]) -> dict[str, int]:
    """Relative virtual addresses of these symbols in the table at a URL; what cannot be had is left out."""
    try:
        text = _text(location)
    except (OSError, EOFError, lzma.LZMAError, ValueError):
        return {}
    found = {name: _number(text, name, "address") for name in names}
    return {name: address for name, address in found.items() if address is not None}


def _text(location: str) -> bytes:
    """A table's text, unpacked in one go where its file is plainly there: that is quicker than piece by piece."""
    path = Path(url2pathname(urlparse(location).path))
    if urlparse(location).scheme == "file" and path.suffix == ".xz" and path.stat().st_size <= _LARGEST_FILE:
        return _unpacked(path.read_bytes())
    with resources.ResourceAccessor().open(location) as file:
        text: bytes = file.read(_LARGEST_TABLE)
    return text


def _unpacked(data: bytes) -> bytes:
    """The text of an .xz file: streams after one another; what follows the last is passed over, as lzma's files do."""
    text = b""
    while data.startswith(_STREAM) or not text:
        stream = lzma.LZMADecompressor(lzma.FORMAT_XZ)
        text += stream.decompress(data, _LARGEST_TABLE - len(text))
        if not stream.eof:
            raise EOFError("cut short, or too large")
        data = stream.unused_data
    return text


def facts_in(text: bytes) -> TableFacts:
    """The facts in a table's text; what it lacks, or has as something else, is left out."""
    addresses = {name: _number(text, name, "address") for name in ADDRESSES}
    sizes = {name: _number(text, name, "size") for name in STRUCTURES}
    return TableFacts(
        identity_in(text),
        {name: value for name, value in addresses.items() if value is not None},
        {name: value for name, value in sizes.items() if value is not None},
    )


def identity_in(text: bytes) -> str:
    """The PDB that the table names."""
    for pdb in _objects(text, "pdb"):
        found = identity_of(pdb)
        if found:
            return found
    return ""


def identity_of(pdb: object) -> str:
    """``name.pdb/GUID-age`` of a table's ``metadata.windows.pdb``; empty where that is none."""
    known = pdb if isinstance(pdb, dict) else {}
    name, guid, age = known.get("database"), known.get("GUID"), known.get("age")
    right = isinstance(name, str) and isinstance(guid, str) and type(age) is int and age >= 0
    return f"{name}/{guid.upper()}-{age}" if right and isinstance(guid, str) else ""


def _number(text: bytes, name: str, member: str) -> int | None:
    """The first object of that name with the member as a number: a symbol's address, a structure's size."""
    values = (each.get(member) for each in _objects(text, name))
    return next((value for value in values if type(value) is int and value >= 0), None)


def _objects(text: bytes, name: str) -> Iterator[dict[str, Any]]:
    """The objects that are values of this name, in the order of the text."""
    key = json.dumps(name).encode()
    at = text.find(key)
    places = 0
    while at >= 0 and places < _MOST_PLACES:
        opens = _OPENS.match(text, at + len(key))
        if opens is not None:
            places += 1
            start = opens.end()
            value = _decoded(text[start : start + _SHORT_VALUE]) or _decoded(text[start : start + _LONGEST_VALUE])
            if value is not None:
                yield value
        at = text.find(key, at + len(key))


def _decoded(text: bytes) -> dict[str, Any] | None:
    """The object that a piece of JSON starts with; None where it is not whole."""
    try:
        value = _DECODER.raw_decode(text.decode("utf-8", "replace"))[0]
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
