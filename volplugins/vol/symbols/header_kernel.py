"""Tells volatility3 where the kernel is, as header or search found it, before its scanner goes through memory."""

from __future__ import annotations

import logging
from typing import Any

from volatility3.framework import constants, exceptions, interfaces, layers
from volatility3.framework.automagic import pdbscan

_KERNEL_TABLE = "volatility3.framework.symbols.windows.WindowsKernelIntermedSymbols"
vollog = logging.getLogger(__name__)


class HeaderKernelFinder(pdbscan.KernelPDBScanner):
    """Fills kernel requirements over our dump layer: KdDebuggerDataBlock gives the kernel's base, its image the PDB.

    Where the header is wrong this finds nothing, and volatility3's own scanner (priority 30) goes on as ever.
    """

    priority = 29
    exclusion_list = ["linux", "mac"]

    def determine_valid_kernel(
        self,
        context: interfaces.context.ContextInterface,
        potential_layers: list[str],
        progress_callback: constants.ProgressCallback = None,
    ) -> pdbscan.ValidKernelType | None:
        """The kernel that the dump header leads to, or None."""
        for name in potential_layers:
            layer = context.layers.get(name, None)
            if isinstance(layer, layers.intel.Intel):
                found = _kernel(context, layer)
                if found is not None:
                    return found
        return None

    def recurse_symbol_fulfiller(
        self,
        context: interfaces.context.ContextInterface,
        valid_kernel: pdbscan.ValidKernelType,
        progress_callback: constants.ProgressCallback = None,
    ) -> None:
        """Hand over a table that is at hand, so that none is asked for over a network; else go volatility3's way."""
        location = _table(valid_kernel[2])
        if location is None:
            super().recurse_symbol_fulfiller(context, valid_kernel, progress_callback)
            return
        join = interfaces.configuration.path_join
        for path, requirement in self._symbol_requirements:
            context.config[join(path, "class")] = _KERNEL_TABLE
            context.config[join(path, "isf_url")] = location
            requirement.construct(context, interfaces.configuration.parent_path(path))


def _table(kernel: dict[str, Any]) -> str | None:
    """Where the kernel's table is: by volatility3's index, by its name in a symbol folder, or made of a PDB there."""
    from volplugins.image.debug_record import DebugRecord
    from volplugins.vol.symbols import pdb_store, symbol_files

    name, guid, age = kernel["pdb_name"], kernel["GUID"], kernel["age"]
    record = DebugRecord(name, name, guid.upper(), age, "header")
    try:
        return symbol_files.find_location(record) or pdb_store.table_location(record)
    except (OSError, ValueError, NotImplementedError):  # a name that no path or identifier takes
        return None


def _kernel(context: interfaces.context.ContextInterface, layer: Any) -> pdbscan.ValidKernelType | None:
    from volplugins.image.debug_record import read_debug_record
    from volplugins.image.headers import read_headers
    from volplugins.memory.reader import ReadError

    memory = LayerReader(layer)
    base = _base(context, layer, memory)
    try:
        headers = read_headers(memory, base) if base else None
        record = read_debug_record(memory, headers) if headers else None
    except ReadError:
        return None
    if record is None:
        return None
    kernel: dict[str, Any] = {
        "GUID": record.guid,
        "age": record.age,
        "pdb_name": record.pdb_name,
        "signature_offset": None,
        "mz_offset": base,
    }
    return layer.name, base & layer.address_mask, kernel


def _base(context: interfaces.context.ContextInterface, layer: Any, memory: LayerReader) -> int:
    """Where the kernel's image is: by the dump's KDBG, or as the search in an image found it; 0 where neither says."""
    from volplugins.dumpfile.errors import DumpError
    from volplugins.kernel.debugger_data import read_debugger_data
    from volplugins.vol.layers.opened_targets import open_target

    try:
        target = open_target(context, layer.name)
    except DumpError:
        return 0
    if target.dump is None:
        return target.kernel_base
    data = read_debugger_data(memory, target.anchors.debugger_data, target.bits)
    return data.addresses.get("KernBase", 0) if data else 0


class LayerReader:
    """A volatility3 layer as the core reads memory."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer

    def read(self, address: int, size: int) -> bytes:
        """Return ``size`` bytes at ``address`` or raise ReadError."""
        from volplugins.memory.reader import ReadError

        try:
            return bytes(self._layer.read(address & self._layer.address_mask, size))
        except exceptions.InvalidAddressException as error:
            raise ReadError(int(getattr(error, "invalid_address", address)), "not-mapped") from None
