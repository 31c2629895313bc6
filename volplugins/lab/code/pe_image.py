"""PE images as they lie in memory: headers, code, exports, imports, debug record, version resource, unwind data.

Format: Microsoft, "PE Format"; the RSDS record: the public description of CodeView debug information. An image is laid
out once (all offsets are then known); pe_link.py links it at a load address.
"""

from __future__ import annotations

import hashlib
import struct
import uuid

from volplugins.lab.code import code_x64, code_x86
from volplugins.lab.code.functions import MachineCode, parse_functions
from volplugins.lab.code.image_record import Image, ImageSource
from volplugins.lab.code.pe_tables import export_directory, import_directory, resource_section

_ORDER = (".text", ".rdata", ".data", ".pdata", "PAGE", "POOLCODE", "INIT", ".rsrc")


def identity(machine: str, name: str) -> tuple[uuid.UUID, int, int]:
    """GUID, time stamp and checksum of a made-up image: always the same for one machine and file name."""
    digest = hashlib.sha256(f"volplugins lab {machine} {name}".encode()).digest()
    early, span = (1_560_000_000, 20_000_000) if machine.startswith("win10") else (1_290_000_000, 20_000_000)
    if machine.startswith("win11"):
        early = 1_712_000_000
    if machine.startswith("xp"):
        early, span = 1_208_000_000, 1_000_000
    guid = uuid.UUID(bytes=digest[:16])
    stamp = early + int.from_bytes(digest[16:20], "little") % span
    return guid, stamp, int.from_bytes(digest[20:23], "little")


def lay_out(source: ImageSource, machine: str, bits: int) -> Image:
    """Compile an image's code and place everything."""
    guid, stamp, checksum = identity(machine, source.name)
    image = Image(source, bits, stamp, checksum, guid, 1)
    compiler = code_x64.compile_x64 if bits == 64 else code_x86.compile_x86
    sizer = code_x64.stack_bytes if bits == 64 else code_x86.stack_bytes
    functions = parse_functions(source.code)
    compiled = [(function, compiler(function)) for function in functions]
    texts: dict[str, bytearray] = {}
    places: dict[str, tuple[str, int]] = {}
    for function, code in compiled:
        text = texts.setdefault(function.section, bytearray())
        text += b"\xcc" * (-len(text) % 16)
        places[function.name] = (function.section, len(text))
        text += code.data
    for name in ("INIT",) if source.init else ():
        texts[name] = bytearray(b"\xcc" * 0x200)
    if source.pad_pages:
        texts[".text"] += b"\xcc" * (source.pad_pages * 0x1000)
    data = _data_section(source, image)
    codes = {function.name: code for function, code in compiled}
    _place(image, texts, data, codes, places)
    for function, code in compiled:
        exported = function.export if source.exporting is None else function.name in source.exporting
        _record(image, function.name, code, places, sizer(function), exported)
        if function.entry:
            image.entry = image.symbols[function.name]
    _fill_rdata(image, codes)
    return image


def _data_section(source: ImageSource, image: Image) -> bytearray:
    data = bytearray()
    for name, size in source.data:
        data += bytes(-len(data) % 16)
        image.symbols[name] = len(data)
        data += bytes(size)
    return data


def _place(
    image: Image,
    texts: dict[str, bytearray],
    data: bytearray,
    codes: dict[str, MachineCode],
    places: dict[str, tuple[str, int]],
) -> None:
    """Give every section its place; ``.rdata`` and ``.pdata`` are sized here and filled in later."""
    wanted = {item for code in codes.values() for _, kind, item in code.fixups if kind == "import"}
    image.imports = dict.fromkeys(sorted(wanted), 0)
    contents = {**texts, ".rdata": bytearray(_rdata_size(image, codes)), ".data": data}
    if image.bits == 64:
        contents[".pdata"] = bytearray(12 * sum(bool(code.unwind) for code in codes.values()))
    if image.source.version is not None:
        contents[".rsrc"] = bytearray(0x800)
    offset = 0x1000
    for name in _ORDER:
        content = contents.get(name)
        if content:
            image.sections[name] = (offset, content, len(content))
            offset += (len(content) + 0xFFF) & ~0xFFF
    image.size = offset
    start = image.sections.get(".data", (0,))[0]
    image.symbols = {name: start + at for name, at in image.symbols.items()}
    for name in image.source.exported_data:
        image.exports[name] = image.symbols[name]
    for name, (section, at) in places.items():
        image.symbols[name] = image.sections[section][0] + at


def _record(
    image: Image, name: str, code: MachineCode, places: dict[str, tuple[str, int]], stack: int, export: bool
) -> None:
    start = image.symbols[name]
    image.functions[name] = (start, start + len(code.data), stack)
    for label, at in code.sites.items():
        image.sites[f"{name}{label}" if label.startswith("@") else f"{name}>{label}"] = start + at
    for label, at in code.symbols.items():
        image.symbols[label] = start + at
    if export:
        image.exports[name] = start


def _rdata_size(image: Image, codes: dict[str, MachineCode]) -> int:
    unwind = sum((len(code.unwind) + 7) & ~7 for code in codes.values())
    exports = 0x40 * (len(codes) + len(image.source.exported_data) + len(image.source.forwarders)) + 0x100
    return unwind + exports + 0x60 * len(image.imports) + 0x400


def _fill_rdata(image: Image, codes: dict[str, MachineCode]) -> None:
    """Imports, debug record, unwind information and exports, one after the other, and ``.pdata`` that points here."""
    start, content, _ = image.sections[".rdata"]
    blob = import_directory(image.imports, start, image.bits)
    image.imports = blob.slots
    content[: len(blob.data)] = blob.data
    if blob.slots:
        image.directories[1] = (start + blob.descriptors, blob.descriptors_size)
        image.directories[12] = (start, blob.slots_size)
    at = _debug_record(image, start, content, (len(blob.data) + 15) & ~15)
    at = _unwind(image, codes, start, content, at)
    exports = export_directory(image, start + at)
    if exports:
        content[at : at + len(exports)] = exports
        image.directories[0] = (start + at, len(exports))
    if ".rsrc" in image.sections:
        place, room, _ = image.sections[".rsrc"]
        resource = resource_section(image, place)
        room[: len(resource)] = resource
        image.directories[2] = (place, len(resource))
    for name, code in codes.items():
        _fix_up(image, name, code)


def _debug_record(image: Image, start: int, content: bytearray, at: int) -> int:
    if not image.source.pdb:
        return at
    record = b"RSDS" + image.guid.bytes_le + struct.pack("<I", image.age) + image.source.pdb.encode() + b"\0"
    entry = struct.pack("<IIHHIIII", 0, image.timestamp, 0, 0, 2, len(record), start + at + 28, start + at + 28)
    content[at : at + 28] = entry
    content[at + 28 : at + 28 + len(record)] = record
    image.directories[6] = (start + at, 28)
    return (at + 28 + len(record) + 15) & ~15


def _unwind(image: Image, codes: dict[str, MachineCode], start: int, content: bytearray, at: int) -> int:
    if image.bits != 64:
        return at
    rows = []
    for name, code in codes.items():
        if code.unwind:
            begin, end, _ = image.functions[name]
            rows.append((begin, end, start + at))
            content[at : at + len(code.unwind)] = code.unwind
            at += (len(code.unwind) + 7) & ~7
    place, table, _ = image.sections[".pdata"]
    table[:] = b"".join(struct.pack("<III", *row) for row in sorted(rows))
    image.directories[3] = (place, len(table))
    return (at + 15) & ~15


def _fix_up(image: Image, name: str, code: MachineCode) -> None:
    start = image.symbols[name]
    section = image.section_of(start)
    base, content, _ = image.sections[section]
    for offset, kind, target in code.fixups:
        at = start + offset
        if kind == "near" or image.bits == 64:
            to = image.symbols[target] if kind == "near" else image.imports[target]
            content[at - base : at - base + 4] = struct.pack("<i", to - (at + 4))
        else:
            image.absolute.append((at, target))
