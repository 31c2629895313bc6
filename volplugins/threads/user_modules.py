"""The images of a process's user space that code may run through: by its loader list, and by its VADs.

The list gives names; an image that is mapped but not listed (or the list cannot be read) is found by its VAD and named
by its own export directory or debug record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from volplugins.image.debug_record import read_debug_record
from volplugins.image.exports import read_export_name
from volplugins.image.headers import ImageHeaders, read_headers
from volplugins.kernel.vads import Vad
from volplugins.loader.kernel_modules import walk_loaded_modules
from volplugins.loader.module import Module, ModuleTable
from volplugins.memory.reader import MemoryReader, ReadError

IMAGE_VAD = 2
_MOST_IMAGES = 4096
# PEB.Ldr and PEB_LDR_DATA.InLoadOrderModuleList, every build
_LDR_AT, _LIST_AT = {64: 0x18, 32: 0xC}, {64: 0x10, 32: 0xC}


def user_modules(memory: MemoryReader, peb: int | None, vads: Iterable[Vad], bits: int) -> ModuleTable:
    """The images by address; never raises.

    Args:
        memory: the process's address space.
        peb: of the bitness ``bits``; None or 0 where the process has none.
    """
    found = {module.base: module for module in _listed(memory, peb, bits)}
    for vad in vads:
        if vad.kind == IMAGE_VAD and vad.start not in found and len(found) < _MOST_IMAGES:
            found[vad.start] = _mapped(memory, vad)
    return ModuleTable(found.values())


def _listed(memory: MemoryReader, peb: int | None, bits: int) -> tuple[Module, ...]:
    if not peb:
        return ()
    width = bits // 8
    try:
        ldr = int.from_bytes(memory.read(peb + _LDR_AT[bits], width), "little")
    except ReadError:
        return ()
    if not ldr:
        return ()
    listed = walk_loaded_modules(memory, ldr + _LIST_AT[bits], bits).modules
    return tuple(replace(module, source="ldr") for module in listed if module.size)


def _mapped(memory: MemoryReader, vad: Vad) -> Module:
    headers = read_headers(memory, vad.start)
    name = _own_name(memory, headers) if headers is not None else ""
    timestamp = headers.timestamp if headers is not None else None
    checksum = headers.checksum if headers is not None else None
    return Module(vad.start, vad.end - vad.start, name or f"image_{vad.start:x}", "", timestamp, checksum, "vad")


def _own_name(memory: MemoryReader, headers: ImageHeaders) -> str:
    """The name that an image has of itself: that of its export directory, else that of its symbols."""
    name = read_export_name(memory, headers)
    if name:
        return name
    record = read_debug_record(memory, headers)
    return record.pdb_name.rsplit("\\", 1)[-1].rsplit(".", 1)[0] if record is not None else ""
