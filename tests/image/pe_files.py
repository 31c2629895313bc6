"""The lab's images as files on disk: the bytes of memory at the places that their section tables name."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

from volplugins.image.image_files import store_key
from volplugins.lab.code.image_record import Image
from volplugins.lab.code.pe_link import link
from volplugins.lab.machine.image_sources import machine_images

BASE = 0x1_4000_0000
_SECTOR = 0x200


def pe_file(image: Image) -> bytes:
    """The file that a linker would have written, imports unresolved."""
    base = BASE if image.bits == 64 else 0x400000
    parts = link(image, base, lambda _: 0)
    data = bytearray(parts["headers"][1])
    for name, (_, content, size) in image.sections.items():
        data += parts.get(name, (0, bytes(content)))[1][:size].ljust(-(-size // _SECTOR) * _SECTOR, b"\0")
    return bytes(data)


def write_images(machine: str, folder: Path, stems: Mapping[str, str] | None = None, store: bool = False) -> list[Path]:
    """Write a machine's images, bare or as a symbol store; ``stems``: only these, by the name each file gets."""
    made = []
    for stem, image in machine_images(machine).items():
        if stems is not None and stem not in stems:
            continue
        name = image.name if stems is None else stems[stem]
        path = folder / name / store_key(image.timestamp, image.size) / name if store else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pe_file(image))
        made.append(path)
    return made


def with_field(data: bytes, offset: int, value: int, size: int = 4) -> bytes:
    """The file with a field of its PE header changed; ``offset`` is from the PE signature."""
    (pe,) = struct.unpack_from("<I", data, 0x3C)
    return data[: pe + offset] + value.to_bytes(size, "little") + data[pe + offset + size :]
