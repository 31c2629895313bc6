"""The tables inside a PE image: exports, imports, and the resource section with its version record.

Format: Microsoft, "PE Format" and "VS_VERSIONINFO".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from volplugins.lab.code.image_record import Image


@dataclass(frozen=True, slots=True)
class ImportBlob:
    """Import tables as bytes for the start of ``.rdata``; ``slots`` maps ``module!Name`` to its slot's RVA."""

    data: bytes
    slots: dict[str, int]
    slots_size: int
    descriptors: int
    descriptors_size: int


def import_directory(wanted: Iterable[str], rva: int, bits: int) -> ImportBlob:
    """Address table, descriptors, name tables and names, in this order, for a place at ``rva``."""
    width = bits // 8
    modules: dict[str, list[str]] = {}
    for target in wanted:
        module, _, name = target.partition("!")
        modules.setdefault(module, []).append(name)
    slots: dict[str, int] = {}
    at = 0
    for module, names in modules.items():
        for name in names:
            slots[f"{module}!{name}"] = rva + at
            at += width
        at += width
    slots_size, descriptors = at, (at + 15) & ~15
    descriptors_size = 20 * (len(modules) + 1) if modules else 0
    body = _import_names(modules, slots, rva + descriptors + descriptors_size, width)
    rows, blob = body
    table = b"".join(struct.pack("<IIIII", *row) for row in rows) + bytes(20 if modules else 0)
    return ImportBlob(bytes(descriptors) + table + blob, slots, slots_size, descriptors, descriptors_size)


def _import_names(
    modules: dict[str, list[str]], slots: dict[str, int], rva: int, width: int
) -> tuple[list[tuple[int, int, int, int, int]], bytes]:
    blob = bytearray()
    rows = []
    for module, names in modules.items():
        hints = []
        for name in names:
            hints.append(rva + len(blob))
            blob += struct.pack("<H", 0) + name.encode() + b"\0"
            blob += bytes(len(blob) % 2)
        file_name = rva + len(blob)
        blob += _file_name(module).encode() + b"\0"
        blob += bytes(-len(blob) % 8)
        lookup = rva + len(blob)
        blob += b"".join(hint.to_bytes(width, "little") for hint in hints) + bytes(width)
        rows.append((lookup, 0, 0, file_name, slots[f"{module}!{names[0]}"]))
    return rows, bytes(blob)


def _file_name(module: str) -> str:
    names = {"nt": "ntoskrnl.exe", "hal": "HAL.dll", "ntdll": "ntdll.dll"}
    return names.get(module, f"{module}.SYS")


def export_directory(image: Image, rva: int) -> bytes:
    """The export directory of an image for a place at ``rva``: names sorted, forwarders, nameless ordinals."""
    forwarders = image.source.forwarders
    named = sorted({**dict.fromkeys(forwarders, 0), **image.exports})
    hidden = list(image.source.ordinal_only)
    if not named and not hidden:
        return b""
    ordered = named + hidden
    functions = rva + 40
    names = functions + 4 * len(ordered)
    ordinals = names + 4 * len(named)
    texts = bytearray()
    text_rva = ordinals + 2 * len(named)

    def text(value: str) -> int:
        place = text_rva + len(texts)
        texts.extend(value.encode() + b"\0")
        return place

    module = text(image.name)
    name_rvas = [text(name) for name in named]
    addresses = [text(forwarders[name]) if name in forwarders else image.symbols[name] for name in ordered]
    head = struct.pack(
        "<IIHHIIIIIII", 0, image.timestamp, 0, 0, module, 1, len(ordered), len(named), functions, names, ordinals
    )
    return (
        head
        + struct.pack(f"<{len(addresses)}I", *addresses)
        + struct.pack(f"<{len(name_rvas)}I", *name_rvas)
        + struct.pack(f"<{len(named)}H", *range(len(named)))
        + bytes(texts)
    )


def resource_section(image: Image, rva: int) -> bytes:
    """A resource tree that holds one version record (type 16, name 1, language 0x409)."""
    version = _version_record(image)

    def table(identifier: int, target: int) -> bytes:
        return struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, identifier, target)

    tree = table(16, 0x80000018) + table(1, 0x80000030) + table(0x409, 0x48)
    return tree + struct.pack("<IIII", rva + 0x58, len(version), 0, 0) + version


def _version_record(image: Image) -> bytes:
    major, minor, build, revision = image.source.version or (0, 0, 0, 0)
    high, low = major << 16 | minor, build << 16 | revision
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, high, low, high, low, 0x3F, 0, 0x40004, 3, 7, 0, 0)
    number = f"{major}.{minor}.{build}.{revision}"
    strings = {
        "CompanyName": image.source.company,
        "FileDescription": image.source.description or image.name,
        "FileVersion": number,
        "InternalName": image.name,
        "OriginalFilename": image.name,
        "ProductVersion": number,
    }
    rows = b"".join(_node(key, 1, (value + "\0").encode("utf-16-le"), b"") for key, value in strings.items())
    table = _node("040904B0", 1, b"", rows)
    info = _node("StringFileInfo", 1, b"", table)
    translation = _node("Translation", 0, struct.pack("<HH", 0x409, 0x4B0), b"")
    return _node("VS_VERSION_INFO", 0, fixed, info + _node("VarFileInfo", 1, b"", translation))


def _node(key: str, kind: int, value: bytes, children: bytes) -> bytes:
    """One node: lengths, type, key, value and children, each aligned to four bytes; the value of text in characters."""
    head = (key + "\0").encode("utf-16-le")
    head += bytes(-(6 + len(head)) % 4)
    body = head + value
    body += bytes(-(6 + len(body)) % 4) if children else b""
    body += children
    length = 6 + len(body)
    count = len(value) // 2 if kind else len(value)
    return struct.pack("<HHH", length, count, kind) + body + bytes(-length % 4)
