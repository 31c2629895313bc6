"""Addresses of the kernel's variables by its symbols, for an image in which nothing else leads to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volplugins.image.debug_record import read_debug_record
from volplugins.image.headers import read_headers
from volplugins.memory.reader import ReadError
from volplugins.paging.address_space import AddressSpace
from volplugins.vol.symbols import symbol_files

if TYPE_CHECKING:
    from volplugins.target.target import Target


def lacking_addresses(target: Target) -> dict[str, int]:
    """List heads and debugger data block that the target does not give; without a symbol table at hand, none."""
    anchors = target.anchors
    found = {
        "PsLoadedModuleList": anchors.loaded_modules,
        "PsActiveProcessHead": anchors.active_processes,
        "KdDebuggerDataBlock": anchors.debugger_data,
    }
    lacking = [name for name, address in found.items() if not address]
    if not lacking or target.memory is None or target.mode is None or not target.kernel_base:
        return {}
    try:
        space = AddressSpace(target.memory, target.mode, target.directory_table_base)
        headers = read_headers(space, target.kernel_base)
        record = read_debug_record(space, headers) if headers is not None else None
    except ReadError:
        return {}
    table = symbol_files.load(record) if record is not None else None
    places = {name: table.lookup(name) for name in lacking} if table is not None else {}
    return {name: target.kernel_base + rva for name, rva in places.items() if rva is not None}
